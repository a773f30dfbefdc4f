#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_drift.sh - somebody changes the password in his own session: the next login names who it may have been.
. "$(dirname "$0")/world.sh"
needs_world
sed -i 's/^\[keeper\]/&\nrotation_wait = 1s/' "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"
alarms() { grep -c '"event":"alarm"' "$WORLD_AUDIT"; }

query 'select 1' >/dev/null # ended long before: no suspect
mkfifo "$dir/in"
client <"$dir/in" >"$dir/out" 2>&1 &
session=$!
exec 5>"$dir/in"
echo "select 'here';" >&5
holds "a session is open" eventually 20 grep -q here "$dir/out"
query 'select 1' >/dev/null
holds "the database still takes the password" eventually 20 grep -q '"event":"end"' "$WORLD_AUDIT"
may_be_mended
change_behind 'behind our back'

like "the next login fails with the database's own words" "$(query 'select 1')" "*$words_refused*"
is "one alarm is in the audit log" "$(alarms)" 1
line=$(grep '"event":"alarm"' "$WORLD_AUDIT")
like "it names the account" "$line" "*\"user\":\"$WORLD_ROLE\"*"
like "and those who were there, and who may have done it" "$line" '*"suspect_count":2,"suspects":"* of smcred-alice, * of smcred-alice"*'
like "the log has it too" "$(cat "$WORLD_LOG/keeper.log")" "*alarm: the password of *sessions since it was last right: 2: *"
query 'select 1' >/dev/null
is "it is not repeated at every login" "$(alarms)" 1
exec 5>&-
wait "$session"
sandbox rotate "$WORLD" "$engine"
is "when both agree again, logins go on" "$(query 'select 1')" 1
done_testing
