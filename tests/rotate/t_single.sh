#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_single.sh - a user changes its own password, by hand, step by step, and after every interruption.
. "$top_srcdir/tests/rotate/world.sh" || exit 1
needs_world

odd='"note": [1.10, {"password": "not this one"}], "big": 12345678901234567890, "é": "\u00e9"'
create db "$(secret_of app first "$odd")" >/dev/null
first=$(holder db AWSCURRENT)
rotate postgres --single-user --secret-id db --all-steps "${here[@]}"
is "a whole rotation succeeds" "$code$err" 0
like "and says each step" "$(tr '\n' ' ' <"$dir/out")" \
    "rotating db to version * createSecret *\"app\"* setSecret *AWSCURRENT* testSecret *query* finishSecret *$first*"
agrees db "the database and AWSCURRENT have the same password"
like "the old one is refused" "$(query app first 'select 1')" '*password authentication failed*'
is "a new version is current" "$(holder db AWSPREVIOUS)" "$first"
is "nothing is pending" "$(holder db AWSPENDING)" ""
password=$(member db password)
is "the password has 32 characters" "${#password}" 32
unlike "none of which breaks a connection string" "$password" "*[:/@\"'\\\\]*"
is "what else stood in the secret stands in it byte by byte" \
    "$(value db | sed "s|$(sed 's/[][\\.*^$|&]/\\&/g' <<<"$password")|first|")" "$(secret_of app first "$odd")"
unlike "no password is in the database's log" "$(cat "$dir/pg/log")" "*$password*"
like "which has seen a verifier" "$(cat "$dir/pg/log")" '*ALTER ROLE "app" PASSWORD *SCRAM-SHA-256$*'
unlike "nor is it in what was said" "$out$err" "*$password*"

failed=0
for _ in 1 2 3; do
    rotate --secret-id db --all-steps "${here[@]}" # the secret says engine and strategy
    [ "$code" = 0 ] && [ "$(query app "$(member db password)" 'select 1')" = 1 ] || failed=$((failed + 1))
done
is "three more in a row do too" "$failed" 0
rotate --secret-id db --all-steps --json "${here[@]}"
is "--json is one document" \
    "$(jq -c '[.secret, (.version | length), [.steps[].step], ([.steps[].was_done] | any), (.steps[0].ms >= 0)]' "$dir/out")" \
    '["db",36,["createSecret","setSecret","testSecret","finishSecret"],false,true]'

# ---- each step alone, and twice ----
before=$(member db password)
step() { rotate --secret-id db --step "$1" "${here[@]}"; }
step createSecret
token=$(holder db AWSPENDING)
pending=$(member db password AWSPENDING)
step createSecret
is "createSecret again makes no other version" "$code $(holder db AWSPENDING)" "0 $token"
is "nor another password" "$(member db password AWSPENDING)" "$pending"
like "and says so" "$out" '*already*'
is "the database has the old password until setSecret" "$(query app "$before" 'select 1')" 1
step setSecret
is "after it the new one" "$code $(query app "$pending" 'select 1')" "0 1"
is "and AWSCURRENT is not moved yet" "$(member db password)" "$before"
changes() { grep -c 'ALTER ROLE' "$dir/pg/log"; }
changed=$(changes)
step setSecret
is "setSecret again finds its work done" "$code $(changes)" "0 $changed"
like "and says so" "$out" '*already*'
step testSecret && step testSecret
is "testSecret can be repeated" "$code" 0
step finishSecret
is "finishSecret moves the label" "$code $(holder db AWSCURRENT)" "0 $token"
is "and takes the other one away" "$(holder db AWSPENDING)" ""
for step in createSecret setSecret testSecret finishSecret; do
    rotate --secret-id db --step $step --token "$token" "${here[@]}"
    like "$step of a version that is current has nothing to do" "$code$out" "0*is AWSCURRENT already*"
done
is "and moves nothing" "$(holder db AWSCURRENT)" "$token"

# ---- broken off after each step, and gone on with by the same command ----
for last in createSecret setSecret testSecret; do
    for step in createSecret setSecret testSecret; do
        step $step
        [ $step != $last ] || break
    done
    token=$(holder db AWSPENDING)
    rotate --secret-id db --all-steps "${here[@]}"
    is "broken off after $last, a rotation goes on with the same version" "$code $(holder db AWSCURRENT)" "0 $token"
    agrees db "and ends well"
done
# The database has it, and nobody knows: killed before setSecret could say so.
step createSecret
sql "alter role app password '$(member db password AWSPENDING)'"
rotate --secret-id db --all-steps "${here[@]}"
is "so does one that was killed inside setSecret" "$code" 0
agrees db "which ends well"
# AWSCURRENT moved, and whoever moved it could not take AWSPENDING away.
step createSecret && step setSecret
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"$(holder db AWSPENDING)\",\"RemoveFromVersionId\":\"$(holder db AWSCURRENT)\"}" >/dev/null
step finishSecret
is "one that was killed inside finishSecret loses the label" "$code $(holder db AWSPENDING)" "0 "
agrees db "and is whole"

# ---- the secret was changed, its database not ----
in_database=$(member db password)
put db "$(secret_of app "somebody's idea")"
rotate --secret-id db --all-steps "${here[@]}"
like "where AWSCURRENT is refused, AWSPREVIOUS lets in" "$code $out" "0 *AWSPREVIOUS*"
agrees db "and both agree again"
like "the one before is refused" "$(query app "$in_database" 'select 1')" '*password authentication failed*'

# ---- somebody changed the password in the database ----
sql "create role master login createrole password 'masters'" >/dev/null
master=$(create master "$(secret_of master masters)")
sql "alter role app password 'behind our back'" >/dev/null
rotate --secret-id db --single-user --all-steps "${here[@]}"
like "a password that nobody knows is said to be one" "$code $err" '1 *somebody changed the password there*--mend*'
rotate --secret-id db --single-user --all-steps --mend "${here[@]}"
like "--mend needs a superuser" "$code $err" '1 *masterarn key is missing*--masterarn*'
rotate --secret-id db --single-user --all-steps --mend --masterarn "$master" "${here[@]}"
like "who gives the one of AWSCURRENT back" "$code $out$err" '0 *AWSCURRENT, which the superuser had given back to it*'
agrees db "the database and AWSCURRENT have the same password"
like "that of whoever changed it is refused" "$(query app 'behind our back' 'select 1')" '*password authentication failed*'
rotate --secret-id db --single-user --all-steps --mend --masterarn "$master" "${here[@]}"
like "where nothing was changed, no superuser is needed" "$code $out" '0 *logged in with AWSCURRENT to change it*'
sql "create role boss login createrole password 'hers'; create role deputy login password 'lost'; grant boss to deputy" >/dev/null
for user in boss deputy master; do
    create "$user-stolen" "$(secret_of $user guessed "\"masterarn\":\"$master\"")" >/dev/null
    rotate --secret-id $user-stolen --single-user --all-steps --mend "${here[@]}"
    like "nobody becomes $user by writing a secret" "$code $err" "1 *\"$user\" has special rights*"
done
is "whose password is still theirs" "$(query boss hers 'select 1')" 1

# ---- other passwords ----
rotate --secret-id db --all-steps --password-length 20 --exclude-characters 'abcdefghijklmnopqrstuvwxy' "${here[@]}"
is "--password-length and --exclude-characters say what passwords are like" \
    "$code $(member db password | grep -cE '^[^a-y]{20}$')" "0 1"
rotate --secret-id db --all-steps --exclude-characters x "${here[@]}"
agrees db "one with quotes and backslashes works too"

# ---- settings of the user that are for applications ----
sql "alter role app set default_transaction_read_only = on; alter role app set search_path = evil;
    alter role app set synchronous_commit = off; alter role app connection limit 1" >/dev/null
rotate --secret-id db --all-steps "${here[@]}"
is "settings of the user are in nobody's way, and one connection is enough" "$code$err" 0
PGUSER=nobody PGHOST=nowhere PGSSLMODE=disable PGOPTIONS='-c nonsense=1' rotate --secret-id db --all-steps "${here[@]}"
is "nor is libpq's environment" "$code$err" 0
sql "create role md5er login password 'first'; alter role md5er set password_encryption = 'md5'" >/dev/null
create old "$(secret_of md5er first)" >/dev/null
rotate --secret-id old --all-steps "${here[@]}"
is "where password_encryption is md5, a password is kept so" \
    "$code$err $(sql "select left(rolpassword, 3) from pg_authid where rolname = 'md5er'")" "0 md5"
agrees old "and lets in"
done_testing
