#!/bin/bash
# t_remote.sh - a replica on another server: sent, kept in line, and tried again until it is there.
. "$(dirname "$0")/server_world.sh"

far_pid=
ca=
trap 'stop_far; stop_world' EXIT
stop_far() {
    [ -z "$far_pid" ] || kill -9 "$far_pid" 2> /dev/null
    [ -z "$far_pid" ] || wait "$far_pid" 2> /dev/null
    far_pid=
}
put_remote() { # put_remote URL [OPTIONS]
    "$server" remote put --dir "$world/store" --region eu-west-1 --key-id "$far_id" --url "$@" <<< "$far_key"
}
start_far() { # start_far [OPTIONS]: sets far_pid and far_url, and tells the near store
    : > "$world/far_out"
    "$server" --dir "$world/far" --regions eu-west-1 --listen 127.0.0.1:0 "$@" > "$world/far_out" 2>> "$world/far_log" &
    far_pid=$!
    for _ in $(seq 400); do
        far_url=$(sed -n 's/^listening on //p' "$world/far_out")
        [ -z "$far_url" ] || { put_remote "$far_url" ${ca:+--ca-file "$ca"}; return; }
        sleep 0.05
    done
    echo "Bail out! the far server did not start"
    exit 1
}
far() { # far OPERATION BODY
    curl -sS -m 10 ${ca:+--cacert "$ca"} --aws-sigv4 aws:amz:eu-west-1:secretsmanager -K - \
        -H 'Content-Type: application/x-amz-json-1.1' -H "X-Amz-Target: secretsmanager.$1" \
        --data-binary "$2" "$far_url/" <<< "user=\"$far_id:$far_key\""
}
eventually() { # eventually NAME PATTERN COMMAND...
    local name=$1 pattern=$2 answer=
    shift 2
    for _ in $(seq 600); do
        answer=$("$@")
        if [[ $answer == *"$pattern"* ]]; then
            ok 0 "$name"
            return
        fi
        sleep 0.1
    done
    ok 1 "$name"
    echo "# $answer"
}

init_store
"$server" --init "$world/far" > "$world/far_env"
far_id=$(sed -n 's/^AWS_ACCESS_KEY_ID=//p' "$world/far_env")
far_key=$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' "$world/far_env")
start_far; ok $? "a remote is put"
! put_remote http://10.0.0.1:1 2> /dev/null; ok $? "not over a network in the clear"
start_server
token() { printf '"ClientRequestToken":"%s"' "$(uuid)"; }
answers "a secret is made with a replica there" '"Status":"InProgress"' CreateSecret \
    "{\"Name\":\"db\",$(token),\"SecretString\":\"one\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}],\"AddReplicaRegions\":[{\"Region\":\"eu-west-1\"}]}"
eventually "it is there" '"SecretString":"one"' far GetSecretValue '{"SecretId":"db"}'
eventually "and said to be" '"Status":"InSync"' call DescribeSecret '{"SecretId":"db"}'
[[ $(far DescribeSecret '{"SecretId":"db"}') == *'"PrimaryRegion":"us-east-1"'*'"Tags":[{"Key":"a","Value":"b"}]'* ]]
ok $? "with its tags and its primary's region"
[[ $(far PutSecretValue "{\"SecretId\":\"db\",$(token),\"SecretString\":\"x\"}") == *'Operation not permitted on a replica secret.'* ]]
ok $? "and read-only"
call PutSecretValue "{\"SecretId\":\"db\",$(token),\"SecretString\":\"two\"}" > /dev/null
eventually "a new version follows" '"SecretString":"two"' far GetSecretValue '{"SecretId":"db"}'
[[ $(far GetSecretValue '{"SecretId":"db","VersionStage":"AWSPREVIOUS"}') == *'"SecretString":"one"'* ]]
ok $? "and the old one stays"

stop_far
call PutSecretValue "{\"SecretId\":\"db\",$(token),\"SecretString\":\"three\"}" > /dev/null
eventually "a server that is down is told" '"Status":"Failed"' call DescribeSecret '{"SecretId":"db"}'
kill -9 "$pid"
wait "$pid" 2> /dev/null
start_server
start_far
eventually "what was not sent is sent after both were restarted" '"SecretString":"three"' \
    far GetSecretValue '{"SecretId":"db"}'
eventually "and said to be" '"Status":"InSync"' call DescribeSecret '{"SecretId":"db"}'

far CreateSecret "{\"Name\":\"taken\",$(token),\"SecretString\":\"foreign\"}" > /dev/null
call CreateSecret "{\"Name\":\"taken\",$(token),\"SecretString\":\"ours\"}" > /dev/null
call ReplicateSecretToRegions '{"SecretId":"taken","AddReplicaRegions":[{"Region":"eu-west-1"}]}' > /dev/null
eventually "a name that is taken there is told" \
    '"Status":"Failed","StatusMessage":"Replication failed: Secret name taken already exists in region eu-west-1."' \
    call DescribeSecret '{"SecretId":"taken"}'
call ReplicateSecretToRegions '{"SecretId":"taken","ForceOverwriteReplicaSecret":true,"AddReplicaRegions":[{"Region":"eu-west-1"}]}' > /dev/null
eventually "unless overwritten" '"SecretString":"ours"' far GetSecretValue '{"SecretId":"taken"}'
call RemoveRegionsFromReplication '{"SecretId":"db","RemoveReplicaRegions":["eu-west-1"]}' > /dev/null
eventually "a region that is removed loses its replica" ResourceNotFoundException far GetSecretValue '{"SecretId":"db"}'
! grep -qF "$far_key" -r "$world/store" "$world/log"; ok $? "the remote's key is in no file"

# --- over TLS
make_ca() { # make_ca NAME: NAME.ca and, signed with it, NAME.cert for 127.0.0.1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$world/$1.cakey" \
        -out "$world/$1.ca" -subj "/CN=$1" -days 2 2> /dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$world/$1.key" \
        -out "$world/$1.request" -subj /CN=far 2> /dev/null
    openssl x509 -req -in "$world/$1.request" -CA "$world/$1.ca" -CAkey "$world/$1.cakey" -CAcreateserial \
        -days 2 -extfile <(echo 'subjectAltName=IP:127.0.0.1') -out "$world/$1.cert" 2> /dev/null
    chmod 600 "$world/$1.key"
}
make_ca right && make_ca wrong
ca=$world/right.ca
stop_far
start_far --tls-cert "$world/right.cert" --tls-key "$world/right.key"
[[ $far_url == https://* ]]; ok $? "the remote speaks TLS"
ls_remote() { "$server" remote list --dir "$world/store"; }
[ "$(ls_remote)" = "eu-west-1  $far_url  $far_id  $ca" ]; ok $? "remotes are listed"
put_remote "$far_url" --ca-file "$world/wrong.ca"
call CreateSecret "{\"Name\":\"tls\",$(token),\"SecretString\":\"one\",\"AddReplicaRegions\":[{\"Region\":\"eu-west-1\"}]}" > /dev/null
eventually "a certificate of another CA is told" '"Status":"Failed","StatusMessage":"Replication failed: SSL' \
    call DescribeSecret '{"SecretId":"tls"}'
[[ $(far GetSecretValue '{"SecretId":"tls"}') == *ResourceNotFoundException* ]]; ok $? "and nothing is sent there"
put_remote "$far_url"
call PutSecretValue "{\"SecretId\":\"tls\",$(token),\"SecretString\":\"two\"}" > /dev/null
eventually "so is one of none that the system knows" '"Status":"Failed","StatusMessage":"Replication failed: SSL' \
    call DescribeSecret '{"SecretId":"tls"}'
put_remote "${far_url/127.0.0.1/localhost}" --ca-file "$ca"
call PutSecretValue "{\"SecretId\":\"tls\",$(token),\"SecretString\":\"three\"}" > /dev/null
eventually "and one for another name" '"Status":"Failed","StatusMessage":"Replication failed: SSL' \
    call DescribeSecret '{"SecretId":"tls"}'
put_remote "$far_url" --ca-file "$ca"
eventually "with the right one it is tried again, and there" '"SecretString":"three"' \
    far GetSecretValue '{"SecretId":"tls"}'
eventually "and said to be" '"Status":"InSync"' call DescribeSecret '{"SecretId":"tls"}'
! put_remote "$far_url" --ca-file right.ca 2> /dev/null; ok $? "a CA is a file by its whole path"
! put_remote http://127.0.0.1:1@10.0.0.1:2 2> /dev/null; ok $? "a URL has no user in it"

# --- looked at again every hour
stop_server
echo 0 > "$world/clock"
start_server --clock "$world/clock"
described() { call DescribeSecret "{\"SecretId\":\"$1\"}"; }
for name in freed lost; do
    call CreateSecret "{\"Name\":\"$name\",$(token),\"SecretString\":\"$name\",\"AddReplicaRegions\":[{\"Region\":\"eu-west-1\"}]}" > /dev/null
    eventually "$name is there" '"Status":"InSync"' described $name
done
far StopReplicationToReplica '{"SecretId":"freed"}' > /dev/null
lost=$(described lost | sed 's/.*"ARN":"\([^"]*\)".*/\1/')
far SmcredReplicaDrop "{\"Name\":\"lost\",\"PrimaryArn\":\"$lost\"}" > /dev/null
[[ $(far GetSecretValue '{"SecretId":"lost"}') == *ResourceNotFoundException* ]]; ok $? "lost is not"
echo 3700 > "$world/clock"
eventually "a replica that was let go there is told" \
    '"Status":"Failed","StatusMessage":"Replication failed: Secret name freed already exists in region eu-west-1."' described freed
eventually "one that was lost is made again" '"SecretString":"lost"' far GetSecretValue '{"SecretId":"lost"}'
eventually "and said to be" '"Status":"InSync"' described lost
if command -v sqlite3 > /dev/null; then
    checked() { sqlite3 "$world/store/store.db" "SELECT checked_ms FROM replica JOIN secret ON secret.row = secret WHERE name = 'lost'"; }
    before=$(checked)
    looked() { [ "$(checked)" -gt "$before" ]; }
    stop_far
    echo 7400 > "$world/clock"
    patiently looked && [[ $(described lost) == *'"Status":"InSync"'* ]]
    ok $? "of one that cannot be seen nothing else is said"
else
    skip "of one that cannot be seen nothing else is said" "no sqlite3"
fi

# --- slow, and taken away
stop_far
printf 'SmcredReplicaVersion * delay ms=4000\n' > "$world/slow"
start_far --tls-cert "$world/right.cert" --tls-key "$world/right.key" --faults "$world/slow"
on_its_way() {
    call PutSecretValue "{\"SecretId\":\"tls\",$(token),\"SecretString\":\"four\"}" > /dev/null
    [[ $(call DescribeSecret '{"SecretId":"tls"}') == *'"Status":"InProgress","StatusMessage":"Replication in progress"'* ]]
}
patiently on_its_way; ok $? "what is on its way is in progress"
eventually "until it is there" '"Status":"InSync"' call DescribeSecret '{"SecretId":"tls"}'
[[ $(far GetSecretValue '{"SecretId":"tls"}') == *'"SecretString":"four"'* ]]; ok $? "as is said"
! "$server" remote delete --dir "$world/store" --region eu-west-1 2> "$world/err" &&
    grep -q 'secrets have a replica in eu-west-1' "$world/err"
ok $? "a remote that has replicas stays"
"$server" remote delete --dir "$world/store" --region eu-west-1 --force && [ -z "$(ls_remote)" ] &&
    [[ $(call DescribeSecret '{"SecretId":"tls"}') != *ReplicationStatus* ]]
ok $? "unless it is taken away by force"
[[ $(far GetSecretValue '{"SecretId":"tls"}') == *'"SecretString":"four"'* ]]; ok $? "what is there stays there"
stop_server; ok $? "stops cleanly"
finish
