#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_restart.sh - the keeper is killed, Secrets Manager goes away: who is in stays in, who comes gets in.
. "$(dirname "$0")/world.sh"
needs_world

mkfifo "$dir/in"
as_alice psql -XAtqh "$WORLD_HOST" <"$dir/in" >"$dir/out" 2>&1 &
session=$!
exec 5>"$dir/in"
echo "select 'first';" >&5
holds "a session is open" eventually 5 grep -q first "$dir/out"

# keeper_pid: the keeper itself, a child of the parent that the sandbox started
keeper_pid() {
    local pid
    for pid in $(ps -o pid= --ppid "$(cut -d' ' -f1 "$WORLD/pids/keeper")"); do
        if [ "$(ps -o user= -p "$pid" | tr -d ' ')" = smcred ]; then
            echo "$pid"
        fi
    done
}
is "asked once so far" "$(calls GetSecretValue)" 1
before=$(keeper_pid)
kill -KILL "$before"
another() { [ -n "$(keeper_pid)" ] && [ "$(keeper_pid)" != "$before" ] && [ "$(query 'select 1')" = 1 ]; }
holds "the keeper is killed; another takes over, and logins work" eventually 10 another
holds "who finds the session alive" audited '"event":"resumed"' '"uid":'
echo "select 'second';" >&5
holds "the open session went on" eventually 5 grep -q second "$dir/out"
for _ in 1 2 3 4 5; do query 'select 1' >/dev/null; done
is "the new keeper asked once, and no more" "$(calls GetSecretValue)" 2

holds "Secrets Manager stops" sandbox stop "$WORLD" server
failed=0
for _ in 1 2 3 4 5; do
    [ "$(query 'select 1')" = 1 ] || failed=$((failed + 1))
done
is "logins go on from the cache" $failed 0
smcred refresh orders >/dev/null 2>&1
is "also after a refresh that fails" "$(query 'select 1')" 1
like "and status says so" "$(smcred status 2>&1)" "*stale*"
holds "Secrets Manager comes back" sandbox start "$WORLD" server
holds "a refresh works" smcred refresh orders
is "and alice is in" "$(query 'select 1')" 1

# The parent is told to stop: the sessions that are open end when their people leave, not before.
holds "smcred stops" sandbox stop "$WORLD" keeper
echo "select 'third';" >&5
holds "the open session still goes on" eventually 5 grep -q third "$dir/out"
like "a login without smcred is an error of its own form" "$(query 'select 1')" "*"
id=$(sed -n 's/.*"event":"detached","id":"\([0-9a-f]*\)".*/\1/p' "$WORLD_AUDIT")
like "whose going on is in the audit log" "$id" "????????????????"
exec 5>&-
wait $session
holds "and whose end is in the relay's" eventually 20 grep -q "session=$id has ended" "$WORLD_LOG/keeper.log"
holds "smcred starts again" sandbox start "$WORLD" keeper
is "and alice is in" "$(query 'select 1')" 1
done_testing
