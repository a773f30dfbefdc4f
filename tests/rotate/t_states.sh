#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_states.sh - what smcred-rotate refuses, in which words, and what it leaves behind: nothing.
. "$top_srcdir/tests/rotate/world.sh" || exit 1
needs_world
secret=$(create db "$(secret_of app first)")
first=$(holder db AWSCURRENT)
count() { grep -c "$1" "$dir/pg/log"; }

# event STEP TOKEN [SECRET]: as smcred-server would run it
event() {
    printf '{"Step":"%s","SecretId":"%s","ClientRequestToken":"%s","RotationToken":"%s"}' "$1" "${3:-$secret}" "$2" "$(uuid)" |
        "$top_builddir/smcred-rotate" postgres "${here[@]}" >"$dir/out" 2>"$dir/err"
    code=$?
    out=$(cat "$dir/out")
    err=$(cat "$dir/err")
}
# says SENTENCE CODE PATTERN: of the last run
says() { like "$1" "$code $out$err" "$2 $3"; }

# ---- states of the secret, in the words of AWS's functions ----
token=$(uuid)
event setSecret "$token"
says "a version that is not there" 1 "*Secret version \"$token\" has no stage for rotation of secret $secret"
event createSecret "$token"
says "which only the service makes" 1 "*Secret version \"$token\" has no stage for rotation of secret $secret"
for step in createSecret setSecret testSecret finishSecret; do
    event $step "$first"
    says "$step of a version that is current has nothing to do" 0 "*version $first is AWSCURRENT already*"
done
put db "$(secret_of app second)" AWSCURRENT
put db "$(secret_of app first)" AWSCURRENT
event setSecret "$(holder db AWSPREVIOUS)"
says "a version without AWSPENDING" 1 "*not set as AWSPENDING for rotation of secret $secret"
event renewSecret "$token"
says "a step that is none" 1 "*Invalid step parameter \"renewSecret\" for secret $secret"
put db "$(secret_of app third)" AWSPENDING "$token"
cat >"$dir/function" <<<'#!/bin/sh
exit 1'
chmod 755 "$dir/function"
as=()
[ "$(id -u)" != 0 ] || as=(--user root)
"$top_builddir/smcred-server" function register --dir "$dir/store" "${as[@]}" arn:aws:lambda:us-east-1:000000000000:function:f "$dir/function"
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$token\"}" >/dev/null
call RotateSecret "{\"SecretId\":\"db\",\"ClientRequestToken\":\"$(uuid)\",\"RotationLambdaARN\":\"arn:aws:lambda:us-east-1:000000000000:function:f\"}" >/dev/null
pending=$(holder db AWSPENDING)
event testSecret "$pending"
says "a version without a value" 1 "*can't find the specified secret value*"
call CancelRotateSecret '{"SecretId":"db"}' >/dev/null
event createSecret "$pending"
says "a rotation that was switched off" 1 "*Secret $secret is not enabled for rotation"
rotate --secret-id db --all-steps "${here[@]}"
says "by hand it can be ended nevertheless" 0 "*finishSecret*"
agrees db "and ends well"
rotate --secret-id db --step testSecret "${here[@]}"
says "nothing is pending now" 1 "*no pending version; begin with createSecret"
rotate --secret-id nobody --all-steps "${here[@]}"
says "a secret that is not there" 1 "*ResourceNotFoundException*"

for bad in '' 'null' '{}' '{"Step":"setSecret"}' '{"Step":"setSecret","SecretId":"x"}' '{"SecretId":"x","ClientRequestToken":"y"}' \
    '{"Step":1,"SecretId":"x","ClientRequestToken":"y"}' '{"Step":"setSecret","SecretId":"x","ClientRequestToken":"y"} 1'; do
    "$top_builddir/smcred-rotate" <<<"$bad" >"$dir/out" 2>"$dir/err"
    like "an event that is none: $bad" "$? $(cat "$dir/err")" '1 *the event *'
done
head -c 20000 /dev/zero | tr '\0' ' ' | "$top_builddir/smcred-rotate" >"$dir/out" 2>"$dir/err"
like "an event without end" "$? $(cat "$dir/err")" '1 *longer than*'

# ---- secrets that cannot be used ----
bad_secret() { # bad_secret SENTENCE VALUE PATTERN
    call DeleteSecret '{"SecretId":"bad","ForceDeleteWithoutRecovery":true}' >/dev/null
    create bad "$2" >/dev/null
    rotate --secret-id bad --all-steps "${here[@]}"
    says "$1" 1 "$3"
    is "and nothing is pending" "$(holder bad AWSPENDING)" ""
}
good=$(secret_of app first)
bad_secret "one that is no JSON" "first" "*is not a JSON object"
bad_secret "one without a username" "${good/username/user}" "*username key is missing from secret JSON"
bad_secret "one without a password" "${good/\"password\":\"first\"/\"password\":\"\"}" "*password key is missing from secret JSON"
bad_secret "one without a host" "${good/host/hast}" "*host key is missing from secret JSON"
bad_secret "one of a database that nobody knows" "${good/postgres/oracle}" "*the secret's engine, \"oracle\", cannot be rotated here*"
create bad-engine "${good/postgres/mysql}" >/dev/null
rotate postgres --secret-id bad-engine --all-steps "${here[@]}"
says "one of another database than the function's" 1 "*Database engine must be set to 'postgres'*"
bad_secret "one with two passwords" "${good/\"dbname\"/\"password\":\"x\",\"dbname\"}" "*password key is missing from secret JSON"
bad_secret "one with a port that is none" "${good/$port/70000}" "*is no port"
here=(--ca-file "$dir/tls/ca.pem")
bad_secret "one that wants no TLS over a network" "$(secret_of app first '"ssl":false')" "*\"ssl\": false*--allow-plain*"
is "none of them was tried" "$(count 'password authentication failed for user "bad"')" 0
here+=(--hostaddr 127.0.0.1)

# ---- TLS ----
put db "$(secret_of app "$(member db password)" '"ssl":false')"
plain=$(count 'application_name=smcred-rotate$')
rotate --secret-id db --all-steps "${here[@]}"
is "on this machine a secret may do without TLS" "$code$err" 0
if [ "$(count 'application_name=smcred-rotate$')" -gt "$plain" ]; then ok "and it does"; else not_ok "and it does"; fi
put db "$(secret_of app "$(member db password)" '"ssl":"true","hostaddr":"127.0.0.1"')"
rotate --secret-id db --all-steps --ca-file "$dir/tls/ca.pem"
is "a secret may have a hostaddr" "$code$err" 0
refusals=$(count 'password authentication failed')
rotate --secret-id db --all-steps --ca-file "$dir/tls/other.pem"
says "a certificate of another CA" 3 "*certificate verify failed*"
rotate --secret-id db --all-steps
says "or of one that this system does not trust" 3 "*certificate verify failed*"
value=$(value db)
put db "${value/$host/other.internal}"
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(holder db AWSPENDING)\"}" >/dev/null
rotate --secret-id db --all-steps "${here[@]}"
says "a certificate of another name" 3 '*certificate for "orders-db.internal" does not match host name "other.internal"*'
rotate --secret-id db --all-steps --host "$host" "${here[@]}"
says "a host that is not that of --host" 1 '*"other.internal", not that of --host'
is "nobody was asked for a password" "$(count 'password authentication failed')" "$refusals"
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(holder db AWSPENDING)\"}" >/dev/null
put db "$value"

# ---- databases ----
sql 'create role trusting login' >/dev/null
create trusted "$(secret_of trusting first)" >/dev/null
rotate --secret-id trusted --all-steps "${here[@]}"
says "a database that asks for no password proves none" 1 '*lets "trusting" in without asking for a password*'
value=$(value db)
put db "${value/orders\"/nowhere\"}"
rotate --secret-id db --all-steps "${here[@]}"
says "a database of that name that is not there" 1 '*database "nowhere" does not exist*'
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(holder db AWSPENDING)\"}" >/dev/null
put db "$value"

rotate --secret-id db --step createSecret "${here[@]}"
token=$(holder db AWSPENDING)
pg_ctl -m immediate stop
rotate --secret-id db --all-steps "${here[@]}"
says "a database that is down" 3 '*setSecret*Connection refused*'
rotate --secret-id db --all-steps --json "${here[@]}"
is "--json says it too" "$(jq -r '[.error.step, .error.status, (.steps | length)] | @csv' "$dir/out")" \
    '"setSecret","unavailable",1'
pg_ctl start
rotate --secret-id db --all-steps "${here[@]}"
is "when it is up, the same rotation goes on" "$code $(holder db AWSCURRENT)" "0 $token"
agrees db "and ends well"

# Somebody changes this very role: the function waits, is killed, and the database goes on without it.
rotate --secret-id db --step createSecret "${here[@]}"
mkfifo "$dir/in"
as_database "$pg_bin/psql" -XAtq -h "$dir/pg" -p "$port" -U postgres -d postgres <"$dir/in" >/dev/null 2>&1 &
exec 5>"$dir/in"
echo "begin; alter role app connection limit 100;" >&5
held() { [ "$(sql "select count(*) from pg_locks where mode = 'RowExclusiveLock' and relation = 'pg_authid'::regclass")" -gt 0 ]; }
eventually 6 held
"$top_builddir/smcred-rotate" --secret-id db --step setSecret "${here[@]}" >"$dir/out" 2>"$dir/err" &
function=$!
waits() { [ "$(sql "select count(*) from pg_stat_activity where application_name = 'smcred-rotate' and wait_event_type = 'Lock'")" = 1 ]; }
if eventually 6 waits; then ok "setSecret waits for who changes the role"; else not_ok "setSecret waits" "$(cat "$dir/err")"; fi
secrets=$(member db password; member db password AWSPENDING)
is "no password is in its arguments or environment" \
    "$(tr '\0' '\n' <"/proc/$function/cmdline" | grep -cF -- "$secrets"; tr '\0' '\n' <"/proc/$function/environ" | grep -cF -- "$secrets")" "0
0"
kill -9 $function
wait $function 2>/dev/null
echo "rollback;" >&5
exec 5>&-
wait $!
is_set() { [ "$(query app "$(member db password AWSPENDING)" 'select 1')" = 1 ]; }
if eventually 6 is_set; then ok "killed there, it has changed the password"; else not_ok "killed there, it has changed the password"; fi
rotate --secret-id db --all-steps "${here[@]}"
says "and the rotation goes on behind it" 0 "*setSecret*already*finishSecret*"
agrees db "and ends well"

rotate --secret-id db --step createSecret "${here[@]}"
sql "alter role app password 'nobody knows this one'" >/dev/null
refusals=$(count 'password authentication failed')
rotate --secret-id db --all-steps "${here[@]}"
says "a password that nobody knows" 1 "*Unable to log into database with previous, current, or pending secret of secret arn db*"
is "costs one attempt for each version" "$(($(count 'password authentication failed') - refusals))" 3
is "and no version is moved" "$(holder db AWSPENDING | wc -l)" 1
unlike "and no value is said" "$out$err" "*$(member db password)*"
sql "alter role app password '$(member db password)'" >/dev/null
rotate --secret-id db --all-steps "${here[@]}"
is "set to that of AWSCURRENT, as it says, it goes on" "$code$err" 0

# ---- Secrets Manager ----
AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:1 rotate --secret-id db --all-steps "${here[@]}"
says "a Secrets Manager that is down" 3 "*"
AWS_SECRET_ACCESS_KEY=wrong rotate --secret-id db --all-steps "${here[@]}"
says "one that does not know us" 3 "*"
rotate --secret-id db --all-steps --password-length 3 "${here[@]}"
says "one that refuses the password's length" 1 "*createSecret*"
"$top_builddir/smcred-rotate" --secret-id db --all-steps "${here[@]}" >/dev/full 2>"$dir/err"
like "an output that is full is no success" "$? $(cat "$dir/err")" '1 *cannot write*'
agrees db "and the rotation is whole"
done_testing
