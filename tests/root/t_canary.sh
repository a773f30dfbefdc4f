#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_canary.sh - the password is nowhere where it need not be.  secret_search proves first that it sees.
. "$(dirname "$0")/world.sh"
needs_world
cd "$dir" || exit 99

# A live session, a relay that has logged in several times, a refusal, a rotation behind us.
is "alice is in" "$(query 'select 1')" 1
sandbox rotate "$WORLD"
mkfifo "$dir/in"
as_alice psql -XAtqh "$WORLD_HOST" <"$dir/in" >"$dir/out" 2>&1 &
exec 5>"$dir/in"
echo "select 'live';" >&5
holds "a session is open" eventually 5 grep -q live "$dir/out"
as_mallory psql -Xqh "$WORLD_HOST" -c 'select 1' >/dev/null 2>&1

mkdir "$dir/proof"
holds "what is planted is found" search --prove "$dir/proof" --uid smcred-alice
holds "nothing in the operator's processes, environment and arguments" search --uid smcred-alice --uid smcred-mallory
holds "nothing in any map of the relays" search --uid smcred-relay
holds "nothing in the operator's files" search --tree "$WORLD/home" --tree /dev/shm
holds "nothing in the runtime directory and the configuration" search --tree "$WORLD/run" --tree "$WORLD/etc"
holds "nothing in logs and audit" search --tree "$WORLD_LOG"
holds "nothing in Secrets Manager's store" search --tree "$WORLD/server"

psql=$(for p in $(ps -o pid= -u smcred-alice); do
    [ "$(cat "/proc/$p/comm" 2>/dev/null)" = psql ] && grep -qzxF "SMCRED_WORLD_MARK=$WORLD" "/proc/$p/environ" && echo "$p"
done | head -n 1)
if command -v gcore >/dev/null; then
    mkdir "$dir/core"
    gcore -o "$dir/core/psql" "$psql" >"$dir/gcore.log" 2>&1
    holds "a core of psql was made" test -s "$dir/core/psql.$psql"
    holds "and nothing is in it" search --tree "$dir/core"
else
    skip "a core of psql" "no gdb"
fi
for pid in $(ps -o pid= -u smcred); do
    grep -qzxF "SMCRED_WORLD_MARK=$WORLD" "/proc/$pid/environ" || continue
    is "the keeper cannot be dumped" "$(stat -c %u "/proc/$pid/mem")" 0
    empty "nothing in its environment and arguments" "$(search --pid "$pid" | grep -E ', (environ|cmdline),')"
    # Its memory must hold it, but where not even root reads: memfd_secret(2), if the kernel has it.
    if grep -q secretmem "/proc/$pid/maps"; then
        holds "nor in what root can read of its memory" search --pid "$pid"
    else
        skip "nor in what root can read of its memory" "this kernel has no memfd_secret"
    fi
done
exec 5>&-
wait
done_testing
