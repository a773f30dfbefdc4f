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

holds "the password is rotated" sandbox rotate "$WORLD"
PGPASSWORD=$old fails "the old one is dead" directly -c 'select 1'
is "alice is in, at the first try" "$(query 'select 1')" 1
echo "select 'after';" >&5
holds "the open session goes on" eventually 5 grep -q after "$dir/out"
exec 5>&-
wait $session

failed=0
for _ in 1 2 3 4 5; do
    sandbox rotate "$WORLD" || failed=$((failed + 1))
    for _ in 1 2 3; do
        [ "$(query 'select 1')" = 1 ] || failed=$((failed + 1))
    done
done
is "five more rotations, and no login fails" $failed 0

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
sandbox rotate "$WORLD"
in_again() { [ "$(query 'select 1')" = 1 ]; }
holds "and is over soon after both agree again" eventually 3 in_again
done_testing
