#!/bin/bash
# t_sts.sh - sessions through AWS's own clients: roles, web identities, expired and forged tokens.
. "$(dirname "$0")/server_world.sh"

if ! /usr/bin/python3 -c 'import boto3' 2> /dev/null; then
    skip "sessions" "no boto3"
    finish
    exit 0
fi
init_store
admin() { "$server" "$@" --dir "$world/store" 2>> "$world/err"; }
account=111122223333
cat > "$world/trust" << EOF
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::$account:user/ada"}, "Action": "sts:AssumeRole",
   "Condition": {"StringEqualsIfExists": {"sts:ExternalId": "right"}}},
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::$account:user/ada"}, "Action": "sts:TagSession",
   "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "Stage"]},
                 "StringLike": {"aws:RequestTag/team": "*"}}},
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::$account:role/app"}, "Action": "sts:AssumeRole"},
  {"Effect": "Allow", "Principal": {"AWS": "000000000000"},
   "Action": ["sts:AssumeRole", "sts:TagSession"]},
  {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::$account:oidc-provider/issuer.example/ci"},
   "Action": "sts:AssumeRoleWithWebIdentity",
   "Condition": {"StringLike": {"issuer.example/ci:sub": "repo:mine/*", "sts:RoleSessionName": "web*"},
                 "IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}]}
EOF
cat > "$world/policy" << 'EOF'
{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}}
EOF
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$world/rsa.pem" 2> /dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$world/ec.pem" 2> /dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$world/other.pem" 2> /dev/null
{
    openssl pkey -in "$world/rsa.pem" -pubout
    openssl pkey -in "$world/ec.pem" -pubout
} > "$world/keys"

admin access-key create --user ada --account $account > "$world/ada" &&
    admin access-key create --user bob --account $account > "$world/bob" &&
    admin role put --role app --account $account --trust "$world/trust" > "$world/role" &&
    admin policy put --role app --account $account --name all "$world/policy" &&
    admin issuer put --url https://issuer.example/ci --audience sts.amazonaws.com,other \
        --account $account --keys "$world/keys"
ok $? "users, a role and an issuer are made"
[ "$(cat "$world/role")" = "arn:aws:iam::$account:role/app" ]; ok $? "the role's ARN is printed"
! admin issuer put --url https://x.example --audience a --keys "$world/trust"
ok $? "an issuer needs a key"
start_server
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
server=$server url=$url world=$world /usr/bin/python3 "$(dirname "$0")/sts.py" 2> "$world/python" > "$world/results"
status=$?
while read -r result name; do ok "$result" "$name"; done < "$world/results"
[ $status -eq 0 ]; ok $? "every case was tried"
grep -v '^canary' "$world/python" | sed 's/^/# /'
if [ -x /usr/bin/aws ]; then
    # shellcheck disable=SC1091
    arn=$(
        . "$world/ada"
        export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
        /usr/bin/aws --region us-east-1 --endpoint-url "$url" --output text \
            sts get-caller-identity --query Arn
    )
    [ "$arn" = "arn:aws:iam::$account:user/ada" ]; ok $? "the aws command knows who it is"
else
    skip "the aws command knows who it is" "no /usr/bin/aws"
fi
! grep -rqF "$(sed -n 's/^canary //p' "$world/python")" "$world/store" "$world/log"
ok $? "no token is left in a file"
stop_server; ok $? "stops cleanly"
finish
