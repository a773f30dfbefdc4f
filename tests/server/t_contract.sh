#!/bin/bash
# t_contract.sh - every operation and every error that a client can provoke, answers compared whole.
. "$(dirname "$0")/server_world.sh"

/usr/bin/python3 -c 'import boto3' 2> /dev/null || { echo "1..0 # SKIP no boto3"; exit 0; }
init_store
printf '#!/bin/sh\n' > "$world/idle"
chmod 755 "$world/idle"
register arn:aws:lambda:us-east-1:000000000000:function:idle "$world/idle" || { echo "Bail out! cannot register a function"; exit 1; }
start_server
export url AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
/usr/bin/python3 -B "$(dirname "$0")/contract"
