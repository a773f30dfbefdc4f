#!/bin/bash
# t_remote.sh - a replica on another server: sent, kept in line, and tried again until it is there.
. "$(dirname "$0")/server_world.sh"

far_pid=
trap 'stop_far; stop_world' EXIT
stop_far() {
    [ -z "$far_pid" ] || kill -9 "$far_pid" 2> /dev/null
    [ -z "$far_pid" ] || wait "$far_pid" 2> /dev/null
    far_pid=
}
put_remote() {
    "$server" remote put --dir "$world/store" --region eu-west-1 --url "$1" --key-id "$far_id" <<< "$far_key"
}
start_far() { # sets far_pid and far_url, and tells the near store
    : > "$world/far_out"
    "$server" --dir "$world/far" --regions eu-west-1 --listen 127.0.0.1:0 > "$world/far_out" 2>> "$world/far_log" &
    far_pid=$!
    for _ in $(seq 400); do
        far_url=$(sed -n 's/^listening on //p' "$world/far_out")
        [ -z "$far_url" ] || { put_remote "$far_url"; return; }
        sleep 0.05
    done
    echo "Bail out! the far server did not start"
    exit 1
}
far() { # far OPERATION BODY
    curl -sS -m 10 --aws-sigv4 aws:amz:eu-west-1:secretsmanager -K - \
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
stop_server; ok $? "stops cleanly"
finish
