#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotation.sh - the password changes; nobody notices.
. "$(dirname "$0")/world.sh"
needs_world

old=$(cat "$WORLD_PASSWORD_FILE")
is "alice is in" "$(query 'select 1')" 1
PGPASSWORD=$old holds "the password is the password" directly -c 'select 1'
mkfifo "$dir/in"
as_alice psql -XAtqh "$WORLD_HOST" <"$dir/in" >"$dir/out" 2>&1 &
session=$!
exec 5>"$dir/in"
echo "select 'before';" >&5
eventually 5 grep -q before "$dir/out"

refusals() { grep -c 'password authentication failed' "$WORLD_LOG/postgres.log"; }
verdicts() { grep -c '"event":"login"' "$WORLD_AUDIT"; }
verdicts_are() { [ "$(verdicts)" = "$1" ]; }

holds "both logins are in the audit log" eventually 5 verdicts_are 2
holds "the password is rotated" sandbox rotate "$WORLD"
is "alice is in" "$(query 'select 1')" 1
holds "with one attempt" eventually 5 verdicts_are 3
is "the first" "$(grep -c '"attempt":2' "$WORLD_AUDIT")" 0
is "and without a wrong password" "$(refusals)" 0
is "for the server's salt told that there is another" "$(grep -c '"outcome":"renewed"' "$WORLD_AUDIT")" 1
PGPASSWORD=$old fails "the old one is dead" directly -c 'select 1'
echo "select 'after';" >&5
holds "the open session goes on" eventually 5 grep -q after "$dir/out"
exec 5>&-
wait $session

refusals_before=$(refusals)
failed=0
for _ in 1 2 3 4 5; do
    sandbox rotate "$WORLD" || failed=$((failed + 1))
    for _ in 1 2 3; do
        [ "$(query 'select 1')" = 1 ] || failed=$((failed + 1))
    done
done
is "five more rotations, and no login fails" $failed 0
is "nor was any of them refused once" "$(refusals)" "$refusals_before"

# As Secrets Manager does it: RotateSecret, and smcred-rotate for its four steps.
old=$(cat "$WORLD_PASSWORD_FILE")
holds "Secrets Manager rotates it" sandbox rotate-secret "$WORLD"
is "alice is in" "$(query 'select 1')" 1
PGPASSWORD=$(cat "$WORLD_PASSWORD_FILE") holds "the new password is the password" directly -c 'select 1'
PGPASSWORD=$old fails "the old one is dead" directly -c 'select 1'

# Only the database has the new password: as in the middle of a rotation that never ends.
in_the_database "alter role $WORLD_ROLE password 'nobody has told Secrets Manager'" >/dev/null
before=$(calls GetSecretValue)
like "a password that nobody knows is the database's own error" "$(query 'select 1')" \
    "*password authentication failed for user \"$WORLD_ROLE\"*"
after=$(calls GetSecretValue)
if [ $((after - before)) -le 2 ]; then
    ok "and costs Secrets Manager one more question"
else
    not_ok "and costs Secrets Manager one more question" "$((after - before)) calls"
fi
for _ in 1 2 3; do query 'select 1' >/dev/null; done # more wrong ones than the account's budget
sandbox rotate "$WORLD"
is "and is over as soon as both agree again" "$(query 'select 1')" 1

# Rotations that alternate between two users: who asked for the one is logged in as the other.
in_the_database "create role orders_clone login password 'alternate' in role $WORLD_ROLE" >/dev/null
rm "$dir/in"
mkfifo "$dir/in"
as_alice smcred connect orders -XAtq <"$dir/in" >"$dir/out" 2>&1 &
session=$!
exec 5>"$dir/in"
echo "select 'before ' || session_user;" >&5
holds "alice is connected" eventually 5 grep -q "before $WORLD_ROLE" "$dir/out"
printf '{"engine":"postgres","host":"%s","port":%s,"username":"orders_clone","password":"alternate","dbname":"orders"}' \
    "$WORLD_HOST" "$WORLD_PORT" | smcred secret put "$WORLD_SECRET" >/dev/null
in_the_database "alter role $WORLD_ROLE password 'of the next but one'" >/dev/null
is "who asks for the user that was is logged in as the one that is" \
    "$(as_alice psql -XAtqh "$WORLD_HOST" -U "$WORLD_ROLE" -c 'select session_user' 2>&1)" orders_clone
printf '%s\n' '\c archive' "select 'after ' || session_user || current_database();" >&5
holds "and \\c of the session from before works" eventually 5 grep -q 'after orders_clonearchive' "$dir/out"
exec 5>&-
wait $session
done_testing
