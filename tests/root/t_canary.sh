#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_canary.sh - the password is nowhere where it need not be.  secret_search proves first that it sees.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
. "$top_srcdir/tests/root/rotation.sh"
cd "$dir" || exit 99

# A live session, a relay that has logged in several times, a refusal, a rotation behind us.
is "alice is in" "$(query 'select 1')" 1
sandbox rotate "$WORLD" "$engine"
holds "nothing in what root can read of Secrets Manager's memory, right after it was told" \
    search --pid "$(cut -d' ' -f1 "$WORLD/pids/server")"
mkfifo "$dir/in"
client <"$dir/in" >"$dir/out" 2>&1 &
exec 5>"$dir/in"
echo "select 'live';" >&5
holds "a session is open" eventually 5 grep -q live "$dir/out"
mkdir "$dir/errors"
query_as as_mallory 'select 1' >"$dir/errors/refused"
# shellcheck disable=SC2046 # words
query 'select 1' $(as_user nobody) >"$dir/errors/user"
# shellcheck disable=SC2046 # words
query 'select 1' $(to_database nonesuch) >"$dir/errors/database"
query 'select password' >"$dir/errors/query"
for command in targets status "explain --host $WORLD_HOST" "refresh $WORLD_TARGET"; do
    # shellcheck disable=SC2086 # words
    as_alice smcred $command >>"$dir/errors/smcred" 2>&1
done

know_the_keys

mkdir "$dir/proof"
like "what is planted is found, in each of its forms" "$(look --prove "$dir/proof" --uid smcred-alice)" "planted in $planted places*not found"
holds "nothing in the operator's processes, environment and arguments" look --uid smcred-alice --uid smcred-mallory
holds "nothing in any map of the relays" look --uid smcred-relay
holds "nothing in the operator's files" look --tree "$WORLD/home" --tree /dev/shm
holds "nothing in the runtime directory and the configuration" look --tree "$WORLD/run" --tree "$WORLD/etc"
holds "nothing in logs and audit" look --tree "$WORLD_LOG"
holds "nothing in error texts and answers" look --tree "$dir/errors"
is "of which there are some" "$(find "$dir/errors" -type f -size +0c | wc -l)" 5
holds "nothing in Secrets Manager's store" look --tree "$WORLD/server"

client_pid=$(for p in $(ps -o pid= -u smcred-alice); do
    [ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$client_name" ] && grep -qzxF "SMCRED_WORLD_MARK=$WORLD" "/proc/$p/environ" && echo "$p"
done | head -n 1)
if command -v gcore >/dev/null; then
    mkdir "$dir/core"
    gcore -o "$dir/core/client" "$client_pid" >"$dir/gcore.log" 2>&1
    holds "a core of the client was made" test -s "$dir/core/client.$client_pid"
    holds "and nothing is in it" look --tree "$dir/core"
else
    skip "a core of the client" "no gdb"
fi
for pid in $(ps -o pid= -u smcred); do
    grep -qzxF "SMCRED_WORLD_MARK=$WORLD" "/proc/$pid/environ" || continue
    is "the keeper cannot be dumped" "$(stat -c %u "/proc/$pid/mem")" 0
    empty "nothing in its environment and arguments" "$(look --pid "$pid" | grep -E ', (environ|cmdline),')"
    # Its memory must hold it, but where not even root reads: memfd_secret(2), if the kernel has it.
    if grep -q secretmem "/proc/$pid/maps"; then
        holds "nor in what root can read of its memory" look --pid "$pid"
    else
        skip "nor in what root can read of its memory" "this kernel has no memfd_secret"
    fi
done

# While smcred-rotate has both of them, old and new: it is held in the database.
function_of "rotate-$WORLD_TARGET" "$engine_rotated" --single-user
locked
rotation_of "$WORLD_SECRET"
holds "smcred-rotate is in the middle of setSecret" eventually 20 in_set_secret
manager GetSecretValue "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSPENDING\"}" |
    jq -j '.SecretString | fromjson.password' >"$dir/private"
function=$(cat "$steps/rotate-$WORLD_TARGET.pid")
shown() { # SECRET_FILE: in what everybody sees of it, or an operator of anything
    "$top_builddir/tests/root/secret_search" --pid "$function" <"$1" | grep -E ', (environ|cmdline),'
    "$top_builddir/tests/root/secret_search" --uid smcred-alice --uid smcred-relay --tree "$WORLD_LOG" <"$1"
}
for secret in "$WORLD_PASSWORD_FILE" "$dir/private"; do
    empty "nothing is in its environment and arguments, in a log, an operator's process or a relay" "$(shown "$secret" | grep -v 'not found')"
done
unlocked
holds "the rotation ends" eventually 60 rotated "$WORLD_SECRET"
exec 5>&-
wait
empty "and no log has the new password" "$("$top_builddir/tests/root/secret_search" --tree "$WORLD_LOG" <"$dir/private" | grep -v 'not found')"
done_testing
