#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_hang.sh - a keeper that hangs: whoever waits for it is told so, in the database's own form, and
# the next keeper serves.
. "$(dirname "$0")/world.sh"
needs_world

keeper_pid() { ps -o pid=,comm= --ppid "$(cut -d' ' -f1 "$WORLD/pids/keeper")" | awk '$2 == "smcredd-keeper" { print $1 }'; }
by_socket() { as_alice psql -XAtq -h "$WORLD/run/orders" -c 'select 1' 2>&1; }

mkfifo "$dir/in"
as_alice psql -XAtqh "$WORLD_HOST" <"$dir/in" >"$dir/out" 2>&1 &
session=$!
exec 5>"$dir/in"
echo "select 'first';" >&5
holds "a session is open" eventually 5 grep -q first "$dir/out"

hung=$(keeper_pid)
holds "the keeper is stopped" kill -STOP "$hung"
{ query 'select 1' >"$dir/by_name"; } &
by_name=$!
{ by_socket >"$dir/by_socket"; } &
waiting=$!
like "smcred gives up by itself" "$(as_alice smcred targets 2>&1)" "*did not answer in time*"
echo "select 'second';" >&5
holds "the open session goes on" eventually 5 grep -q second "$dir/out"
wait $by_name $waiting
like "who waits through the shim is told" "$(cat "$dir/by_name")" "*FATAL:  smcred: the keeper does not answer; try again in a moment*"
like "and who waits at the target's socket" "$(cat "$dir/by_socket")" "*FATAL:  smcred: the keeper does not answer; try again in a moment*"
another() { [ -n "$(keeper_pid)" ] && [ "$(keeper_pid)" != "$hung" ] && [ "$(query 'select 1')" = 1 ]; }
holds "another keeper takes over" eventually 5 another
holds "the log says why" grep -q 'the keeper has said nothing for 30 s' "$WORLD_LOG/keeper.log"
holds "the session of before is known to it" audited '"event":"resumed"' '"uid":'
exec 5>&-
wait $session
done_testing
