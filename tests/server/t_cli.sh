#!/bin/bash
# t_cli.sh - command lines of the aws client as guides to Secrets Manager show them, answers of the
# shape shown.  What is ours is the endpoint alone.
. "$(dirname "$0")/server_world.sh"

[ -x /usr/bin/aws ] || { echo "1..0 # SKIP no /usr/bin/aws"; exit 0; }
account=123456789012
"$server" --init "$world/store" --account $account > "$world/env" || { echo "Bail out! --init failed"; exit 1; }
# shellcheck disable=SC1091
. "$world/env"
printf '#!/bin/sh\n' > "$world/function"
chmod 755 "$world/function"
for name in my-rotation-function SecretsManagerRDSRotation; do
    register arn:aws:lambda:us-east-1:$account:function:$name "$world/function"
done
start_server
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

aws() {
    /usr/bin/aws --endpoint-url "$url" "$@" > "$world/answer" 2> "$world/complaint"
}

# shape NAME MEMBER=EXPRESSION...: exactly these members, each true of Python's `it`
shape() {
    local status=$? name=$1
    shift
    [ $status -eq 0 ] && /usr/bin/python3 - "$world/answer" "$@" << 'PYTHON'
import json, re, sys
answer = json.load(open(sys.argv[1]))
wanted = dict(each.split("=", 1) for each in sys.argv[2:])
assert answer.keys() == wanted.keys(), answer
for member, expression in wanted.items():
    assert eval(expression, {"it": answer[member], "re": re, "json": json}), (member, answer[member])
PYTHON
    status=$?
    ok $status "$name"
    [ $status -eq 0 ] || sed 's/^/# /' "$world/complaint" "$world/answer"
}

uuid_shape='re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", it)'
arn_of() {
    echo "re.fullmatch(\"arn:aws:secretsmanager:us-east-1:$account:secret:$1-[A-Za-z0-9]{6}\", it)"
}
made() { # made NAME WHAT
    shape "$2" "ARN=$(arn_of "$1")" "Name=it == \"$1\"" "VersionId=$uuid_shape"
}

aws secretsmanager create-secret \
--name "/web-shop/production/payment-key" \
--secret-string '{"apiKey":"key_live_1","webhookSecret":"hook_2"}' \
--region us-east-1 \
--output json
made /web-shop/production/payment-key "create-secret with JSON"

aws secretsmanager create-secret \
--name "/web-shop/production/mail-key" \
--secret-string "MK.plain1" \
--region us-east-1 \
--output json
made /web-shop/production/mail-key "create-secret with a plain text"

"$server" key create --dir "$world/store" --id 1a2b3c4d-5678-90ab-cdef-EXAMPLE22222 > /dev/null
ok $? "a key with the guide's id"

aws secretsmanager get-secret-value \
--secret-id "/web-shop/production/payment-key" \
--region us-east-1 \
--output json
shape "get-secret-value" "ARN=$(arn_of /web-shop/production/payment-key)" \
    'Name=it == "/web-shop/production/payment-key"' "VersionId=$uuid_shape" \
    'SecretString=json.loads(it) == {"apiKey": "key_live_1", "webhookSecret": "hook_2"}' \
    'VersionStages=it == ["AWSCURRENT"]' 'CreatedDate=it'

aws secretsmanager create-secret \
--name "/web-shop/production/database-password" \
--secret-string "a-database-password" \
--kms-key-id "arn:aws:kms:us-east-1:$account:key/1a2b3c4d-5678-90ab-cdef-EXAMPLE22222" \
--region us-east-1 \
--output json
made /web-shop/production/database-password "create-secret with a key of one's own"

aws secretsmanager rotate-secret \
--secret-id "/web-shop/production/database-password" \
--rotation-lambda-arn "arn:aws:lambda:us-east-1:$account:function:my-rotation-function" \
--rotation-rules '{"AutomaticallyAfterDays": 30}' \
--region us-east-1 \
--output json
made /web-shop/production/database-password "rotate-secret"

aws secretsmanager put-secret-value \
--secret-id "/web-shop/production/payment-key" \
--secret-string '{"apiKey":"key_live_3","webhookSecret":"hook_4"}' \
--region us-east-1 \
--output json
shape "put-secret-value" "ARN=$(arn_of /web-shop/production/payment-key)" \
    'Name=it == "/web-shop/production/payment-key"' "VersionId=$uuid_shape" \
    'VersionStages=it == ["AWSCURRENT"]'

aws secretsmanager delete-secret \
--secret-id "/web-shop/production/payment-key" \
--recovery-window-in-days 7 \
--region us-east-1 \
--output json
shape "delete-secret with a window" "ARN=$(arn_of /web-shop/production/payment-key)" \
    'Name=it == "/web-shop/production/payment-key"' 'DeletionDate=it'

aws secretsmanager delete-secret --secret-id "/web-shop/production/mail-key" --force-delete-without-recovery
shape "delete-secret without a window" "ARN=$(arn_of /web-shop/production/mail-key)" \
    'Name=it == "/web-shop/production/mail-key"' 'DeletionDate=it'

aws secretsmanager create-secret \
  --name stage/db/login \
  --description "Login of the staging database" \
  --secret-string '{"username":"admin","password":"n0t-S0-Secret!"}'
made stage/db/login "create-secret with a description, in the default region"

aws secretsmanager get-secret-value --secret-id stage/db/login
shape "get-secret-value in the default format" "ARN=$(arn_of stage/db/login)" \
    'Name=it == "stage/db/login"' "VersionId=$uuid_shape" \
    'SecretString=json.loads(it)["password"] == "n0t-S0-Secret!"' \
    'VersionStages=it == ["AWSCURRENT"]' 'CreatedDate=it'

aws secretsmanager rotate-secret \
  --secret-id stage/db/login \
  --rotation-lambda-arn arn:aws:lambda:us-east-1:$account:function:SecretsManagerRDSRotation \
  --rotation-rules '{"AutomaticallyAfterDays": 30}'
made stage/db/login "rotate-secret in the default region"

stop_server; ok $? "stops cleanly"
finish
