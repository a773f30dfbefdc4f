#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_sandbox.sh - a world comes up in time, several stand side by side, and nothing is left of any.
. "$(dirname "$0")/world.sh"
needs_root

# What a world could leave behind.  Other worlds may live on this machine at the same time: only what
# names our directories is looked at, and the rest only when nobody else's world is there.
traces() {
    ps -eo pid,stat,args | grep -F "$dir/w" | grep -v -e grep -e ' Z'
    grep -F "$dir/w" /proc/mounts /proc/net/unix
    ls -d "$dir"/w* 2>/dev/null
    grep -rlF "$dir/w" /run/smcred-sandbox 2>/dev/null
    grep -lzxF -e "SMCRED_WORLD_MARK=$dir/w1" -e "SMCRED_WORLD_MARK=$dir/w2" /proc/[0-9]*/environ 2>/dev/null
}

started=$(date +%s%N)
holds "a world comes up" sandbox up "$dir/w1"
in_time "in less than 20 s" $((($(date +%s%N) - started) / 1000000)) 20000
at_exit "sandbox down '$dir/w1'; sandbox down '$dir/w2'"
(umask 000 && sandbox up "$dir/w2") >"$dir/log" 2>&1
is "a second one comes up beside it, whatever the umask" "$?" 0
empty "and nobody but its owner writes in it" "$(find "$dir/w2" -perm -o=w ! -type l ! -type s ! -perm -o=t)"
fails "a directory holds one world" sandbox up "$dir/w1"
mkdir "$dir/full"
touch "$dir/full/file"
fails "a directory that is not empty is not touched" sandbox up "$dir/full"
like "a path that env could not hold is refused" "$(sandbox up "$dir/w 3" 2>&1)" "*letters, digits*"
holds "and not made" test ! -e "$dir/w 3"
for world in w1 w2; do
    is "alice is in, in $world" "$(. "$dir/$world/env" && query 'select 1')" 1
done
like "smcred secret works with what env says" "$(. "$dir/w1/env" && smcred secret list 2>&1)" "*prod/orders/db*"
is "env is for root alone" "$(stat -c %a "$dir/w1/env")" 600
holds "one world goes" sandbox down "$dir/w1"
is "and the other stays" "$(. "$dir/w2/env" && query 'select 1')" 1
holds "the users stay with it" id smcred-alice

# Killed half-way: the clean-up of `up` never runs, `down` finds what there is.
kill -KILL "$(cut -d' ' -f1 "$dir/w2/pids/postgres")" "$(cut -d' ' -f1 "$dir/w2/pids/keeper")"
holds "a world whose parts were killed goes" sandbox down "$dir/w2"
holds "a world comes up after it" sandbox up "$dir/w2"
parent=$(cut -d' ' -f1 "$dir/w2/pids/keeper")
ps -o pid= --ppid "$parent" | xargs kill -STOP "$parent"
holds "a world whose keeper is stopped goes" sandbox down "$dir/w2"
holds "a world comes up once more" sandbox up "$dir/w2"
rm -rf "$dir/w2"
holds "a world whose directory was removed goes" sandbox down "$dir/w2"
SMCRED_BUILD=$top_builddir setsid "$top_srcdir/scripts/sandbox" up "$dir/w1" >"$dir/log" 2>&1 &
up=$!
eventually 20 test -s "$dir/w1/pids/postgres"
kill -KILL "$up"
wait "$up" 2>/dev/null
holds "a world that was killed while coming up goes" sandbox down "$dir/w1"
SMCRED_BUILD=$dir/full fails "a world without programs does not come up" "$top_srcdir/scripts/sandbox" up "$dir/w1"
holds "there is nothing to end twice" sandbox down "$dir/w1"
empty "nothing is left behind" "$(traces)"

# Somebody else's world may begin or end while we look.
users_gone() {
    ! getent passwd smcred smcred-relay smcred-server smcred-alice smcred-mallory | grep -q 'made by scripts/sandbox'
}
users_gone_or_needed() { users_gone || [ -e /run/smcred-sandbox ]; }
holds "the users are gone" eventually 10 users_gone_or_needed
users_gone || echo "# another world lives on this machine, and they are its own now"
done_testing
