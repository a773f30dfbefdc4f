#!/bin/bash
# t_http.sh - the server as a program: start, signed calls, limits, hostile HTTP, files, stop.
. "$(dirname "$0")/server_world.sh"

init_store
[ "$(wc -l < "$world/env")" -eq 2 ]; ok $? "prints two lines, once"
[ "$(stat -c %a "$world/store" "$world/store/master.key" "$world/store/store.db" |
    tr '\n' ' ')" = "700 600 600 " ]; ok $? "keeps its files to its owner"
! "$server" --init "$world/store" > "$world/again" 2>&1; ok $? "does not make a store twice"
mkdir -m 700 "$world/lone" "$world/given"
cp "$world/store/store.db" "$world/lone"
before=$(md5sum < "$world/lone/store.db")
! "$server" --init "$world/lone" --region eu-west-1 > "$world/again" 2> "$world/err" &&
    grep -q 'there is a store already' "$world/err" && [ "$(ls "$world/lone")" = store.db ] &&
    [ "$(md5sum < "$world/lone/store.db")" = "$before" ]; ok $? "nor over one whose master key is elsewhere"
cp "$world/store/master.key" "$world/given/smcred-master-key"
! CREDENTIALS_DIRECTORY=$world/given "$server" --init "$world/store" > "$world/again" 2>&1 &&
    [ "$("$server" access-key list --dir "$world/store" | wc -l)" = 1 ]; ok $? "nor where systemd has the master key"
mkdir "$world/open" && chmod 755 "$world/open"
! "$server" --init "$world/open" > "$world/again" 2> "$world/err" && grep -q 'chmod 0700' "$world/err" &&
    [ -z "$(ls "$world/open")" ]; ok $? "nor where others can look in"

! "$server" --dir "$world/store" --listen 0.0.0.0:0 > /dev/null 2> "$world/err"
ok $? "refuses to listen to the world without TLS"
(ulimit -n 256; ! "$server" --dir "$world/store" --listen 127.0.0.1:0 --max-connections 1000 > /dev/null 2> "$world/err") &&
    grep -q 'needs 1128 open files; the limit is 256' "$world/err"; ok $? "refuses more connections than it may have"
chmod 0640 "$world/store/master.key"
! "$server" --dir "$world/store" --listen 127.0.0.1:0 > /dev/null 2> "$world/err" &&
    grep -q 'may be read' "$world/err"; ok $? "refuses a master key others may read"
chmod 0600 "$world/store/master.key"

start_server
! "$server" --dir "$world/store" --listen 127.0.0.1:0 > /dev/null 2> "$world/err" &&
    grep -q 'in use' "$world/err"; ok $? "refuses a store in use"

canary=canary-$(uuid)
token=$(uuid)
answers "creates" "\"VersionId\":\"$token\"" CreateSecret \
    "{\"Name\":\"prod/db\",\"ClientRequestToken\":\"$token\",\"SecretString\":\"$canary\"}"
answers "answers the value" "\"SecretString\":\"$canary\"" GetSecretValue '{"SecretId":"prod/db"}'
answers "says errors with code 400" "ResourceNotFoundException\",\"Message\":\"Secrets Manager can't find the specified secret.\"}400" \
    GetSecretValue '{"SecretId":"nobody"}' -w '%{http_code}'
answers "sends a request id" "x-amzn-RequestId: " ListSecrets '{}' -i
answers "checks the signature" InvalidSignatureException ListSecrets '{}' \
    -H 'X-Amz-Content-Sha256: UNSIGNED-PAYLOAD'
key=$AWS_SECRET_ACCESS_KEY
AWS_SECRET_ACCESS_KEY=wrong
answers "checks the key" InvalidSignatureException ListSecrets '{}'
AWS_SECRET_ACCESS_KEY=$key
answers "refuses a session token with a long-term key" UnrecognizedClientException ListSecrets '{}' \
    -H 'X-Amz-Security-Token: x'

[ "$(curl -s -m 60 -D "$world/headers" -o "$world/body" -w '%{http_code}' "$url/")" = 403 ] &&
    grep -q '<AccessDeniedException>' "$world/body" && grep -qE '^x-amzn-RequestId: [0-9a-f-]{36}' "$world/headers"; ok $? "answers GET as AWS does"
curl -s -m 60 -H 'Content-Type: application/x-amz-json-1.1' \
    -H 'X-Amz-Target: secretsmanager.ListSecrets' -d '{}' "$url/" |
    grep -q MissingAuthenticationTokenException; ok $? "wants a signature"
head -c 1100000 /dev/zero | curl -s -m 60 -o /dev/null -w '%{http_code}' -H 'Expect:' \
    -H 'Content-Type: application/x-amz-json-1.1' --data-binary @- "$url/" | grep -q 413
ok $? "refuses a body over 1 MiB"
head -c 1100000 /dev/zero | curl -s -m 60 -o /dev/null -w '%{http_code}' -H 'Expect:' \
    -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/x-amz-json-1.1' \
    --data-binary @- "$url/" | grep -q 413
ok $? "refuses it in chunks too"
big=$(head -c 40000 /dev/zero | tr '\0' x)
code=$(curl -s -m 60 -o /dev/null -w '%{http_code}' -d '{}' -K - "$url/" <<< "header = \"X-Big: $big\"")
[ "$code" = 431 ] || [ "$code" = 413 ]; ok $? "refuses headers over 32 KiB ($code)"

# One byte every half second never trips a timeout that begins anew with each byte.
stop_server
start_server --timeout 2
port=${url##*:}
exec 3<> "/dev/tcp/127.0.0.1/$port"
ended=1
for _ in $(seq 60); do
    printf 'P' >&3 2> /dev/null || ended=0
    if read -r -t 0.5 -u 3; then ended=0; elif [ $? -le 128 ]; then ended=0; fi
    [ $ended = 1 ] || break
done
exec 3>&-
ok $ended "ends a client that sends byte after byte"
stop_server
start_server
answers "goes on" '"SecretList"' ListSecrets '{}'

stop_server; ok $? "stops cleanly on SIGTERM"
! grep -rqF "$canary" "$world/store"; ok $? "leaves no value in its files"
grep -qF 'prod/db' "$world/store/trail.jsonl" &&
    grep -q '"eventName":"GetSecretValue".*"requestParameters":{"secretId":"prod/db"}' "$world/store/trail.jsonl"
ok $? "leaves a trail"
printf '%s' "$canary" > "$world/store/planted"
grep -rqF "$canary" "$world/store"; ok $? "would have found a value"

start_server
answers "knows the value after a start" "\"SecretString\":\"$canary\"" GetSecretValue \
    '{"SecretId":"prod/db"}'
stop_server

"$server" --dir "$world/store" --listen "unix:$world/socket" > "$world/out" 2>> "$world/log" &
# shellcheck disable=SC2034 # for the one that stops it at the end
pid=$!
for _ in $(seq 1200); do [ -S "$world/socket" ] && grep -q listening "$world/out" && break; sleep 0.05; done
url=http://localhost
answers "answers on a Unix socket" "\"SecretString\":\"$canary\"" GetSecretValue \
    '{"SecretId":"prod/db"}' --unix-socket "$world/socket"
stop_server
[ ! -e "$world/socket" ]; ok $? "removes its socket"

if openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout "$world/key.pem" \
    -out "$world/cert.pem" 2> /dev/null; then
    chmod 0600 "$world/key.pem"
    start_server --tls-cert "$world/cert.pem" --tls-key "$world/key.pem"
    answers "answers over TLS" "\"SecretString\":\"$canary\"" GetSecretValue \
        '{"SecretId":"prod/db"}' --cacert "$world/cert.pem"
    ! call ListSecrets '{}' --cacert "$world/cert.pem" --tls-max 1.1 > /dev/null 2>&1
    ok $? "speaks no old TLS"
    stop_server
else
    skip "answers over TLS" "no openssl program"
fi
finish
