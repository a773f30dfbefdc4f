#!/bin/bash
# t_replication.sh - replicas in other regions, through boto3.
. "$(dirname "$0")/server_world.sh"

if ! /usr/bin/python3 -c 'import boto3' 2> /dev/null; then
    skip "replicas" "no boto3"
    finish
    exit 0
fi
init_store
start_server --regions us-east-1,eu-west-1,ap-south-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
"$server" key create --dir "$world/store" --region eu-west-1 --alias alias/there > /dev/null
ok $? "makes a key in another region"
run() {
    url=$url world=$world /usr/bin/python3 "$(dirname "$0")/replication.py" "$1" \
        2> "$world/python" > "$world/results"
    local status=$?
    while read -r result name; do ok "$result" "$name"; done < "$world/results"
    [ $status -eq 0 ]; ok $? "every case was tried ($1)"
    sed 's/^/# /' "$world/python"
}
run first
"$server" key disable --dir "$world/store" --region eu-west-1 alias/there
run disabled
"$server" key enable --dir "$world/store" --region eu-west-1 alias/there
kill -9 "$pid"
wait "$pid" 2> /dev/null
start_server
run restarted
"$server" check --dir "$world/store" > "$world/checked"; ok $? "every value opens, every label holds"
stop_server; ok $? "stops cleanly"
finish
