#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotation_by_hand.sh - role and secret are changed in every order; each login gets in, and the
# database sees no more wrong passwords than doc/rotation.md says.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world

. "$top_srcdir/tests/root/rotation.sh"
version() { printf '00000000-0000-4000-8000-%012d' "$1"; }
waits_at_most 60
is "alice is in" "$(query 'select 1')" 1
first=$(holder AWSCURRENT)

# AWS's four steps.
count_wrong
put "$(version 2)" "$WORLD_ROLE" second AWSPENDING
is "createSecret: alice is in" "$(query 'select 1')" 1
alter "$WORLD_ROLE" second
is "setSecret: alice is in" "$(query 'select 1')" 1
holds "with what is pending" audited '"event":"login"' '"outcome":"accepted"' '"stage":"AWSPENDING"'
values=$(calls GetSecretValue "$WORLD_SECRET")
is "testSecret: alice is in" "$(query 'select 1')" 1
is "without asking for a value again" "$(calls GetSecretValue "$WORLD_SECRET")" "$values"
manager UpdateSecretVersionStage "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"$(version 2)\",\"RemoveFromVersionId\":\"$first\"}" >/dev/null
is "finishSecret: alice is in" "$(query 'select 1')" 1
few_wrong 1
manager UpdateSecretVersionStage "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(version 2)\"}" >/dev/null

# The role first, the secret when the login waits already.
count_wrong
alter "$WORLD_ROLE" third
query 'select 1' >"$dir/late" &
late=$!
waits() { [ "$(wrong)" -ge 1 ]; }
holds "the role is altered first: what was proven is refused" eventually 20 waits
holds "the log says that it waits" eventually 20 grep -q 'waits: no version of its secret is right now' "$WORLD_LOG/keeper.log"
put "$(version 3)" "$WORLD_ROLE" third AWSCURRENT
wait $late
is "the secret comes later, and the login is in" "$(cat "$dir/late")" 1
few_wrong 0 2

# The secret first: what is current is wrong, and a salt says so before it is sent.
count_wrong
put "$(version 4)" "$WORLD_ROLE" fourth AWSCURRENT
holds "the keeper reads the new secret" smcred refresh "$WORLD_TARGET"
is "the secret is put first, and alice is in" "$(query 'select 1')" 1
holds "with the one before" audited '"event":"login"' '"outcome":"accepted"' '"stage":"AWSPREVIOUS"'
alter "$WORLD_ROLE" fourth
is "the role follows, and alice is in" "$(query 'select 1')" 1
few_wrong 1

# The password is right, and the role may not log in: what is pending has another password, and is not the way.
locked_out() {
    waits_at_most 1
    count_wrong
    put "$(version 8)" "$WORLD_ROLE" pending AWSPENDING
    in_the_database "$(sql_to_lock "$WORLD_ROLE")" >/dev/null
    before_it=$(proofs)
    like "a role that may not log in is the database's own error" "$(query 'select 1')" "*$words_locked*"
    is "and each version is tried once" $(($(proofs) - before_it)) 1
    is "no password was wrong" "$(wrong)" 0
    in_the_database "$(sql_to_unlock "$WORLD_ROLE")" >/dev/null
    manager UpdateSecretVersionStage "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(version 8)\"}" >/dev/null
    is "when it may, alice is in" "$(query "$whoami")" "$WORLD_ROLE"
    waits_at_most 60
}
[ -z "$words_locked" ] || locked_out

# User and password change in one version: never a mixed pair.
count_wrong
other=${WORLD_ROLE%app}other
make_user "$other" fifth
alter "$WORLD_ROLE" 'of nobody'
put "$(version 5)" "$other" fifth AWSCURRENT
is "another user, another password: alice is in as that one" "$(query "$whoami")" "$other"
few_wrong 1

# Nobody knows the password: the database's own error, then a refusal that says until when.
waits_at_most 5
count_wrong
alter "$other" 'of nobody either'
impatient() { timeout 2 as_alice "$@"; }
query_as impatient 'select 1' >"$dir/impatient"
is "whoever waits may leave" "$? $(cat "$dir/impatient")" "124 "
nobody_is_left() { smcred status --json | tr -d "[:space:]" | grep -qF "\"sessions\":[]"; }
holds "and nothing of that login is left" eventually 20 nobody_is_left
like "a password that nobody knows is the database's own error" "$(query 'select 1')" \
    "*$(words_to "${other%other}")*"
limited() { [[ $(query 'select 1') == *"too many wrong passwords for $other"*"not tried again before 20"* ]]; }
holds "then it is refused here, with the time when it is over" eventually 40 limited
for _ in 1 2 3 4 5; do query 'select 1' >/dev/null; done
at_most "after three wrong passwords" "$(refusals "$other")" 3
like "status knows the account" "$(smcred status)" "*$other*$WORLD_HOST:$WORLD_PORT*3*"
like "in JSON, too" "$(smcred status --json)" "*\"account\":*\"$other\"*\"refused_until\":*\"20*"
alter "$other" sixth
put "$(version 6)" "$other" sixth AWSCURRENT
is "whoever mends it is let in at once" "$(query 'select 1')" 1
like "and the account is whole again" "$(smcred status --json)" '*"accounts":*[]*'
done_testing
