#!/bin/bash
# t_faults.sh - failures on demand and a clock that is moved, for those who test clients.
. "$(dirname "$0")/server_world.sh"

init_store
start_server
call CreateSecret "{\"Name\":\"db\",\"SecretString\":\"one\",\"ClientRequestToken\":\"$(uuid)\"}" > /dev/null
call CreateSecret "{\"Name\":\"other\",\"SecretString\":\"two\",\"ClientRequestToken\":\"$(uuid)\"}" > /dev/null
stop_server

get() { call GetSecretValue "{\"SecretId\":\"$1\"}" 2>> "$world/curl"; }
type_of() { sed -n 's/.*"__type":"\([^"]*\)".*/\1/p'; }
with() { # with RULE...: a server with these faults
    printf '%s\n' "$@" > "$world/faults"
    start_server --faults "$world/faults"
}

with 'GetSecretValue d* throttle count=2 after=1'
get db | grep -q one; ok $? "after=1 lets one call pass"
[ "$(get db)" = '{"__type":"ThrottlingException","message":"Rate exceeded"}' ] &&
    [ "$(get db | type_of)" = ThrottlingException ]
ok $? "then two are throttled"
get db | grep -q one; ok $? "and no more"
stop_server
with '# all but reading' 'PutSecretValue * error' 'GetSecretValue db throttle'
get other | grep -q two; ok $? "another secret is not meant"
[ "$(call PutSecretValue "{\"SecretId\":\"other\",\"SecretString\":\"x\",\"ClientRequestToken\":\"$(uuid)\"}" -w ' %{http_code}')" = \
    '{"__type":"InternalServiceError","Message":"An error occurred on the server side."} 500' ]
ok $? "an error on demand is a 500"
get other | grep -q two; ok $? "and changes nothing"
AWS_SECRET_ACCESS_KEY=wrong get db | grep -q InvalidSignatureException; ok $? "who may not call is told so first"
stop_server
with 'GetSecretValue db drop count=1' 'PutSecretValue db lose count=1'
is_unanswered() { [ "$1" -eq 52 ] || [ "$1" -eq 56 ]; } # curl: closed, or reset
get db > "$world/answer"; is_unanswered $?; ok $? "a dropped call has no answer"
token=$(uuid)
put() { call PutSecretValue "{\"SecretId\":\"db\",\"SecretString\":\"new\",\"ClientRequestToken\":\"$token\"}" 2>> "$world/curl"; }
put > "$world/answer"; is_unanswered $?; ok $? "nor has a lost one"
get db | grep -q new; ok $? "which was done"
put | grep -q "$token"; ok $? "and can be repeated"
stop_server

with 'GetSecretValue db delay ms=700 count=1'
began=$(date +%s%N)
get db > "$world/slow" &
slow=$!
for _ in 1 2 3 4 5; do get other > "$world/answer"; done
wait $slow
[ $((($(date +%s%N) - began) / 1000000)) -ge 700 ] && grep -q new "$world/slow"; ok $? "a delay holds the answer back"
stop_server
with 'GetSecretValue db delay ms=60000'
get db > "$world/slow" &
slow=$!
sleep 0.3 # so that the call is there; if it is not, nothing is proven and nothing fails
stop_server; ok $? "a server with delayed answers stops"
wait $slow

with 'GetSecretValue db throttle'
arn=$(call DescribeSecret '{"SecretId":"db"}' | sed 's/.*"ARN":"\([^"]*\)".*/\1/')
[ "$(get "$arn" | type_of)" = ThrottlingException ] && get other | grep -q two; ok $? "a secret is meant by its ARN, too"
grep -q 'warning: .*faults on demand' "$world/log"; ok $? "and the log says that calls fail on demand"
stop_server
printf '%s\n' 'GetSecretValue db delay ms=3500' > "$world/faults"
start_server --faults "$world/faults" --timeout 1
get db | grep -q new; ok $? "a delay is no slow client"
stop_server

chances() { for _ in $(seq 30); do get db | type_of; echo .; done | tr -d '\n'; }
with 'seed 7' 'GetSecretValue db throttle probability=0.5'
first=$(chances)
stop_server
with 'seed 7' 'GetSecretValue db throttle probability=0.5'
[ "$(chances)" = "$first" ] && [[ $first == *Throttling*..* ]]; ok $? "the same seed, the same failures"
stop_server

echo 'GetSecretValue db explode' > "$world/faults"
"$server" --dir "$world/store" --listen 127.0.0.1:0 --faults "$world/faults" 2> "$world/err"
[ $? -eq 1 ] && grep -q 'faults:1: not a rule' "$world/err"; ok $? "a rule that is none is named"
"$server" --dir "$world/store" --listen 0.0.0.0:0 --faults "$world/faults" 2> "$world/err"
[ $? -eq 2 ] && grep -q 'only on loopback' "$world/err"; ok $? "not for anybody but this machine"

# --- the clock ------------------------------------------------------------------------------------

day=86400
echo 0 > "$world/clock"
start_server --clock "$world/clock"
call DeleteSecret '{"SecretId":"db","RecoveryWindowInDays":7}' > /dev/null
echo $((6 * day)) > "$world/clock"
call DescribeSecret '{"SecretId":"db"}' | grep -q DeletedDate; ok $? "six days later the secret waits for its deletion"
echo $((8 * day)) > "$world/clock"
call DescribeSecret '{"SecretId":"db"}' | grep -q ResourceNotFound; ok $? "eight days later it is gone"
get other | grep -q two; ok $? "and signatures are those of today"
stop_server
finish
