#!/bin/bash
# t_trail.sh - the event trail: CloudTrail's records, no values, rotated, and read with filters.
. "$(dirname "$0")/server_world.sh"

init_store
start_server --trail-max-mib 1 --trail-keep 2
trail=$world/store/trail.jsonl

shown() { "$server" trail --dir "$world/store" "$@"; }

value=canary-$(uuid)
token=$(uuid)
call CreateSecret "{\"Name\":\"prod/db\",\"ClientRequestToken\":\"$token\",\"SecretString\":\"$value\",\"SecretStrinq\":\"$value\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}" \
    -A 'some client/1.0' > /dev/null
call PutSecretValue "{\"SecretId\":\"prod/db\",\"ClientRequestToken\":\"$(uuid)\",\"SecretBinary\":\"$(base64 <<< "$value")\"}" > /dev/null
call GetSecretValue '{"SecretId":"prod/db"}' > /dev/null
call GetSecretValue '{"SecretId":"nobody"}' > /dev/null
call GetSecretValue "{\"SecretId\":\"prod/db\"" > /dev/null
key=$AWS_SECRET_ACCESS_KEY
AWS_SECRET_ACCESS_KEY=wrong
call DescribeSecret '{"SecretId":"prod/db"}' > /dev/null
AWS_SECRET_ACCESS_KEY=$key
/usr/bin/python3 - "$trail" "$AWS_ACCESS_KEY_ID" "$token" << 'PYTHON'
import json, re, sys, uuid
records = [json.loads(line) for line in open(sys.argv[1])]
created, put, read, missed, broken, forged = records
arn = created["resources"][0]["ARN"]
assert re.fullmatch(r"arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-\w{6}", arn), arn
for record in records:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record.pop("eventTime"))
    assert uuid.UUID(record.pop("requestID")) and uuid.UUID(record.pop("eventID"))
    assert record.pop("eventVersion") == "1.11" and record.pop("eventType") == "AwsApiCall"
    assert record.pop("eventSource") == "secretsmanager.amazonaws.com"
    assert record.pop("sourceIPAddress") == "127.0.0.1"
    assert record.pop("awsRegion") == "us-east-1"
    assert record.pop("managementEvent") is True and record.pop("eventCategory") == "Management"
identity = created["userIdentity"]
identity.pop("principalId", None)
assert identity == {
    "type": "IAMUser",
    "arn": "arn:aws:iam::000000000000:user/admin",
    "accountId": "000000000000",
    "accessKeyId": sys.argv[2],
    "userName": "admin",
}, identity
del created["userIdentity"]
assert created == {
    "eventName": "CreateSecret",
    "userAgent": "some client/1.0",
    "requestParameters": {
        "name": "prod/db",
        "clientRequestToken": sys.argv[3],
        "secretString": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "tags": [{"key": "k", "value": "v"}],
    },
    "responseElements": {"arn": arn, "name": "prod/db", "versionId": sys.argv[3]},
    "readOnly": False,
    "resources": [{"accountId": "000000000000", "type": "AWS::SecretsManager::Secret", "ARN": arn}],
    "recipientAccountId": "000000000000",
}, created
assert put["requestParameters"]["secretBinary"] == "HIDDEN_DUE_TO_SECURITY_REASONS", put
assert read["responseElements"] is None and read["readOnly"] is True, read
assert read["additionalEventData"] == {"VersionId": put["responseElements"]["versionId"]}, read
assert "errorCode" not in read and read["resources"][0]["ARN"] == arn, read
assert missed["errorCode"] == "ResourceNotFoundException", missed
assert missed["errorMessage"] == "Secrets Manager can't find the specified secret.", missed
assert missed["requestParameters"] == {"secretId": "nobody"} and "resources" not in missed, missed
assert broken["errorCode"] == "SerializationException" and broken["requestParameters"] is None, broken
assert forged["errorCode"] == "InvalidSignatureException", forged
assert forged["userIdentity"] == {"type": "Unknown", "accessKeyId": sys.argv[2]}, forged
PYTHON
ok $? "each call has a record as CloudTrail has them"
! grep -qF -e "$value" -e "$(base64 <<< "$value")" "$trail"; ok $? "with no value, under whatever name it came"

[ "$(shown | wc -l)" -eq 6 ]; ok $? "trail shows all"
[ "$(shown --event GetSecretValue | wc -l)" -eq 3 ]; ok $? "those of one kind"
[ "$(shown --secret prod/db | wc -l)" -eq 4 ]; ok $? "those of a secret, by its name"
arn=$(call DescribeSecret '{"SecretId":"prod/db"}' | sed 's/.*"ARN":"\([^"]*\)".*/\1/')
[ "$(shown --secret "$arn" | wc -l)" -eq 4 ]; ok $? "by its ARN"
[ "$(shown --errors | wc -l)" -eq 3 ]; ok $? "those that failed"
[ "$(shown --user user/admin --errors | wc -l)" -eq 1 ]; ok $? "those of a user"
[ "$(shown --since 1h --until 2099-01-01 | wc -l)" -eq 7 ] && [ -z "$(shown --since 2099-01-01T00:00:00Z)" ] &&
    [ -z "$(shown --until 2020-01-01)" ]; ok $? "those of a time"
! shown --since yesterday 2> /dev/null; ok $? "refuses a time it does not know"
shown --json --event CreateSecret | cmp -s - <(head -n 1 "$trail"); ok $? "--json shows records as they are"

call CreateSecret "{\"Name\":\"other\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"x\"}" > /dev/null
call BatchGetSecretValue '{"SecretIdList":["other","prod/db","nobody"]}' > /dev/null
[ "$(shown --event BatchGetSecretValue --secret prod/db | wc -l)" -eq 1 ] &&
    [ "$(shown --event BatchGetSecretValue --secret other | wc -l)" -eq 1 ]
ok $? "those of a secret that was read with others"
shown --json | tail -n 4 | /usr/bin/python3 -c '
import json, sys
batch, other, db, nobody = [json.loads(line) for line in sys.stdin]
assert batch["eventName"] == "BatchGetSecretValue" and len(batch["resources"]) == 2, batch
for each, arn in (other, batch["resources"][0]["ARN"]), (db, batch["resources"][1]["ARN"]), (nobody, "nobody"):
    assert each.pop("eventID") != batch["eventID"]
    assert each.pop("eventName") == "GetSecretValue" and each.pop("requestParameters") == {"secretId": arn}, each
    assert len(each.pop("additionalEventData", {"VersionId": "x" * 36})["VersionId"]) == 36
    if arn != "nobody":
        assert [resource["ARN"] for resource in each.pop("resources")] == [arn], each
    for name, value in each.items():
        assert name.startswith("error") or value == batch[name], (name, value)
assert nobody["errorCode"] == "ResourceNotFoundException", nobody
assert nobody["errorMessage"] == "Secrets Manager can" + chr(39) + "t find the specified secret.", nobody
assert nobody.keys() - {"errorCode", "errorMessage"} == other.keys() == db.keys(), nobody'
ok $? "each of which has a record of its own, also what it was refused"

arn=$(call DeleteSecret '{"SecretId":"other"}' | sed 's/.*"ARN":"\([^"]*\)".*/\1/')
call BatchGetSecretValue '{"SecretIdList":["other"]}' > /dev/null
[ "$(shown --secret "$arn" --errors | grep -c 'GetSecretValue  *InvalidRequestException')" -eq 1 ]
ok $? "under the ARN of what was named, too"

# 1 MiB takes some 1,500 records; keeps two older files.
"$server" trail --dir "$world/store" --follow --event ListSecrets > "$world/followed" &
follower=$!
long=$(head -c 1000 /dev/zero | tr '\0' x)
printf -v filters '"%s",' "$long" "$long" "$long" "$long" "$long" "$long" "$long" "$long" "$long" "$long"
full() { [ -e "$trail.$1" ]; }
count=0
until full 2 || [ $count -ge 400 ]; do
    call ListSecrets "{\"Filters\":[{\"Key\":\"all\",\"Values\":[${filters%,}]}],\"NextToken\":\"$long\"}" > /dev/null
    count=$((count + 1))
done
full 2; ok $? "a full file makes room for a new one"
[ "$(stat -c %s "$trail.1")" -le 1048576 ] && [ "$(stat -c %a "$trail")" = 600 ]; ok $? "none is larger than it may be"
[ "$(shown --event ListSecrets --json | wc -l)" -eq $count ]; ok $? "trail reads them all, in order"
all_followed() { [ "$(wc -l < "$world/followed")" -eq $count ]; }
patiently all_followed; ok $? "--follow goes from file to file"
kill $follower
wait $follower 2> /dev/null

# A full disk, as /dev/full is one.
refused() { [[ $(call GetSecretValue '{"SecretId":"prod/db"}' -w '%{http_code}') == '{"__type":"InternalServiceError",'*500 ]]; }
answered() { call GetSecretValue '{"SecretId":"prod/db"}' | grep -q SecretBinary; }
rm "$trail"
if mknod "$trail" c 1 7 2> /dev/null && ! echo x 2> /dev/null >> "$trail"; then
    kill -HUP "$pid"
    patiently refused; ok $? "a call that cannot be written down is refused"
    call CreateSecret "{\"Name\":\"unwritten\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"x\"}" | grep -q InternalServiceError
    ok $? "also one that would change something"
    rm "$trail"
    kill -HUP "$pid"
    patiently answered; ok $? "until it can"
    call DescribeSecret '{"SecretId":"unwritten"}' | grep -q ResourceNotFound; ok $? "which then has not"
else
    for name in "a call that cannot be written down is refused" "also one that would change something" "until it can" \
        "which then has not"; do
        skip "$name" "no device can be made here"
    done
fi
stop_server; ok $? "stops cleanly"

# Killed within a write, a server leaves the beginning of a line.
printf '{"eventName":"Torn' >> "$trail"
start_server
call ListSecrets '{}' > /dev/null
shown --json | tail -n 1 | grep -q '"eventName":"ListSecrets"'; ok $? "half a line does not swallow the next one"
stop_server
finish
