#!/bin/bash
# t_clients.sh - AWS's own clients, unmodified, against the server.
. "$(dirname "$0")/server_world.sh"

init_store
start_server
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_SESSION_TOKEN AWS_PROFILE

if /usr/bin/python3 -c 'import boto3' 2> /dev/null; then
    url=$url /usr/bin/python3 - > "$world/boto3" 2>&1 << 'PYTHON'
import os, boto3
c = boto3.client("secretsmanager", endpoint_url=os.environ["url"])
arn = c.create_secret(Name="b/oto", SecretString="one", Tags=[{"Key": "k", "Value": "v"}])["ARN"]
assert c.get_secret_value(SecretId=arn)["SecretString"] == "one"
v = c.put_secret_value(SecretId=arn, SecretBinary=b"\0\1\xff")["VersionId"]
assert c.get_secret_value(SecretId=arn, VersionId=v)["SecretBinary"] == b"\0\1\xff"
d = c.describe_secret(SecretId="b/oto")
assert sorted(d["VersionIdsToStages"].values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]], d
assert d["CreatedDate"].year >= 2024 and d["Tags"] == [{"Key": "k", "Value": "v"}]
old = [k for k, s in d["VersionIdsToStages"].items() if s == ["AWSPREVIOUS"]][0]
c.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=old,
                              RemoveFromVersionId=v)
assert c.get_secret_value(SecretId=arn)["SecretString"] == "one"
assert [s["Name"] for s in c.list_secrets()["SecretList"]] == ["b/oto"]
assert len(c.list_secret_version_ids(SecretId=arn)["Versions"]) == 2
assert len(c.get_random_password(PasswordLength=20)["RandomPassword"]) == 20
c.tag_resource(SecretId=arn, Tags=[{"Key": "x", "Value": "y"}])
c.untag_resource(SecretId=arn, TagKeys=["x"])
c.update_secret(SecretId=arn, Description="d")
c.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
try:
    c.get_secret_value(SecretId=arn)
    raise SystemExit("no error")
except c.exceptions.InvalidRequestException as e:
    assert "marked for deletion" in e.response["Error"]["Message"], e.response
c.restore_secret(SecretId=arn)
c.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
try:
    c.get_secret_value(SecretId=arn)
    raise SystemExit("no error")
except c.exceptions.ResourceNotFoundException:
    print("done")
PYTHON
    grep -q '^done$' "$world/boto3"
    status=$?
    ok $status "boto3 goes through every operation"
    [ $status -eq 0 ] || sed 's/^/# /' "$world/boto3"
else
    skip "boto3 goes through every operation" "no boto3"
fi

if [ -x /usr/bin/aws ]; then
    sm() { /usr/bin/aws --endpoint-url "$url" --output text secretsmanager "$@"; }
    sm create-secret --name cli --secret-string file://<(printf 'from the cli') > /dev/null
    [ "$(sm get-secret-value --secret-id cli --query SecretString)" = "from the cli" ]
    ok $? "the aws command stores and reads"
    ssm() { /usr/bin/aws --endpoint-url "$url" --output text ssm "$@"; }
    ssm put-parameter --name /cli/p --type SecureString --value "a parameter" > /dev/null
    [ "$(ssm get-parameter --name /cli/p --with-decryption --query Parameter.Value)" = "a parameter" ]
    ok $? "the aws command stores and reads parameters"
else
    skip "the aws command stores and reads" "no /usr/bin/aws"
    skip "the aws command stores and reads parameters" "no /usr/bin/aws"
fi
stop_server; ok $? "stops cleanly"
finish
