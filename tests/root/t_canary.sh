#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_canary.sh - the password is nowhere where it need not be.  secret_search proves first that it sees.
. "$(dirname "$0")/world.sh"
needs_world
cd "$dir" || exit 99

# A live session, a relay that has logged in several times, a refusal, a rotation behind us.
is "alice is in" "$(query 'select 1')" 1
sandbox rotate "$WORLD"
holds "nothing in what root can read of Secrets Manager's memory, right after it was told" \
    search --pid "$(cut -d' ' -f1 "$WORLD/pids/server")"
mkfifo "$dir/in"
as_alice psql -XAtqh "$WORLD_HOST" <"$dir/in" >"$dir/out" 2>&1 &
exec 5>"$dir/in"
echo "select 'live';" >&5
holds "a session is open" eventually 5 grep -q live "$dir/out"
mkdir "$dir/errors"
as_mallory psql -Xqh "$WORLD_HOST" -c 'select 1' >"$dir/errors/refused" 2>&1
as_alice psql -Xqh "$WORLD_HOST" -U nobody -c 'select 1' >"$dir/errors/user" 2>&1
as_alice psql -Xqh "$WORLD_HOST" -d nonesuch -c 'select 1' >"$dir/errors/database" 2>&1
as_alice psql -Xqh "$WORLD_HOST" -c 'select password' >"$dir/errors/query" 2>&1
for command in targets status "explain --host $WORLD_HOST" "refresh orders"; do
    # shellcheck disable=SC2086 # words
    as_alice smcred $command >>"$dir/errors/smcred" 2>&1
done

# What logs in as well as the password is looked for, too: SaltedPassword and ClientKey, which the keeper has.
in_the_database "select rolpassword from pg_authid where rolname = '$WORLD_ROLE'" >"$dir/verifier"
chmod 600 "$dir/verifier"
look() { search --scram "$dir/verifier" "$@"; }

mkdir "$dir/proof"
like "what is planted is found, in each of its forms" "$(look --prove "$dir/proof" --uid smcred-alice)" "planted in 18 places*not found"
holds "nothing in the operator's processes, environment and arguments" look --uid smcred-alice --uid smcred-mallory
holds "nothing in any map of the relays" look --uid smcred-relay
holds "nothing in the operator's files" look --tree "$WORLD/home" --tree /dev/shm
holds "nothing in the runtime directory and the configuration" look --tree "$WORLD/run" --tree "$WORLD/etc"
holds "nothing in logs and audit" look --tree "$WORLD_LOG"
holds "nothing in error texts and answers" look --tree "$dir/errors"
is "of which there are some" "$(find "$dir/errors" -type f -size +0c | wc -l)" 5
holds "nothing in Secrets Manager's store" look --tree "$WORLD/server"

psql=$(for p in $(ps -o pid= -u smcred-alice); do
    [ "$(cat "/proc/$p/comm" 2>/dev/null)" = psql ] && grep -qzxF "SMCRED_WORLD_MARK=$WORLD" "/proc/$p/environ" && echo "$p"
done | head -n 1)
if command -v gcore >/dev/null; then
    mkdir "$dir/core"
    gcore -o "$dir/core/psql" "$psql" >"$dir/gcore.log" 2>&1
    holds "a core of psql was made" test -s "$dir/core/psql.$psql"
    holds "and nothing is in it" look --tree "$dir/core"
else
    skip "a core of psql" "no gdb"
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
exec 5>&-
wait
done_testing
