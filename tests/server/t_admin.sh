#!/bin/bash
# t_admin.sh - commands beside a running server: what they change counts with the next call.
. "$(dirname "$0")/server_world.sh"

init_store
start_server
admin() { "$server" "$@" 2>> "$world/err"; }
as() { # as FILE COMMAND...: with the keys in FILE
    local keys=$1
    shift
    (
        # shellcheck disable=SC1090
        . "$keys"
        "$@"
    )
}

admin access-key create --dir "$world/store" --user ada --account 111122223333 > "$world/ada"
ok $? "makes a key while the server runs"
[ "$(wc -l < "$world/ada")" -eq 2 ]; ok $? "prints two lines"
as "$world/ada" call ListSecrets '{}' > "$world/answer"
! grep -q UnrecognizedClient "$world/answer"; ok $? "the server knows it at once"
ada=$(sed -n 's/^AWS_ACCESS_KEY_ID=//p' "$world/ada")
admin access-key list --dir "$world/store" > "$world/list"
grep -q "^$ada  enabled   arn:aws:iam::111122223333:user/ada$" "$world/list" &&
    grep -q "^$AWS_ACCESS_KEY_ID  enabled   arn:aws:iam::000000000000:user/admin$" "$world/list"
ok $? "lists both keys"
! grep -qF "$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' "$world/ada")" "$world/list"
ok $? "shows no secret half again"
as "$world/ada" call ListSecrets '{}' > "$world/answer"
grep -qF 'User: arn:aws:iam::111122223333:user/ada is not authorized to perform: secretsmanager:ListSecrets because no identity-based policy allows the secretsmanager:ListSecrets action' "$world/answer"
ok $? "may do nothing yet"
cat > "$world/policy" << 'EOF'
{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "secretsmanager:List*", "Resource": "*"}}
EOF
ada_policy() { admin policy "$@" --dir "$world/store" --user ada --account 111122223333; }
ada_policy put --name list "$world/policy" && as "$world/ada" call ListSecrets '{}' | grep -q SecretList
ok $? "may list once a policy says so"
[ "$(ada_policy list)" = list ] && [ "$(ada_policy show --name list)" = "$(cat "$world/policy")" ]
ok $? "shows the policy"
echo '{"Statement": {"Effect": "Allow", "Action": "*"}}' | ada_policy put --name bad - 2> /dev/null
[ $? -eq 1 ] && tail -1 "$world/err" | grep -q 'Statement 1: one of Resource and NotResource is needed'
ok $? "says where a policy is flawed"
ada_policy delete --name list && as "$world/ada" call ListSecrets '{}' | grep -q AccessDeniedException
ok $? "may no more once it is gone"
admin access-key disable --dir "$world/store" "$ada" &&
    as "$world/ada" call ListSecrets '{}' | grep -q UnrecognizedClientException
ok $? "a disabled key is refused at once"
admin access-key enable --dir "$world/store" "$ada" &&
    ! as "$world/ada" call ListSecrets '{}' | grep -q UnrecognizedClientException
ok $? "and accepted again"
if ! echo x 2> /dev/null > /dev/full; then
    ! admin access-key create --dir "$world/store" --user ghost > /dev/full &&
        ! "$server" access-key list --dir "$world/store" | grep -q ghost
    ok $? "makes no key that it cannot show"
else
    skip "makes no key that it cannot show" "no /dev/full"
fi
! admin access-key disable --dir "$world/store" AKIAUNKNOWN; ok $? "says that a key is unknown"
admin access-key delete --dir "$world/store" "$ada" &&
    as "$world/ada" call ListSecrets '{}' | grep -q UnrecognizedClientException &&
    ! admin access-key list --dir "$world/store" | grep -q "$ada" &&
    ! admin access-key delete --dir "$world/store" "$ada"
ok $? "forgets a key"
admin access-key create --dir "$world/store" --user 'a b'; [ $? -eq 2 ]; ok $? "refuses a strange name"
admin key create --dir "$world/store" --account 12345678901x; [ $? -eq 2 ]; ok $? "refuses a strange account"
admin access-key frobnicate; [ $? -eq 2 ]; ok $? "refuses a strange command"
"$server" issuer put --a x 2>&1 | grep -q "ambiguous"
ok $? "refuses an abbreviation of two options"
/usr/bin/python3 - "$world/store/trail.jsonl" "$ada" << 'PYTHON'
import json, re, sys, uuid
records = [json.loads(line) for line in open(sys.argv[1])]
deeds = [record for record in records if record["eventType"] == "AwsConsoleAction"]
names = [deed["eventName"] for deed in deeds]
assert names == ["CreateAccessKey", "PutUserPolicy", "DeleteUserPolicy", "UpdateAccessKey", "UpdateAccessKey",
                 "DeleteAccessKey"], names
first = deeds[0]
assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first.pop("eventTime"))
assert uuid.UUID(first.pop("requestID")) and uuid.UUID(first.pop("eventID"))
assert first["userIdentity"].pop("userName")
assert first == {
    "eventVersion": "1.11", "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
    "awsRegion": "us-east-1", "userIdentity": {"type": "LocalUser", "accountId": "000000000000"},
    "sourceIPAddress": "localhost", "userAgent": "smcred-server",
    "requestParameters": {"principal": "arn:aws:iam::111122223333:user/ada", "accessKeyId": sys.argv[2]},
    "responseElements": None, "readOnly": False, "eventType": "AwsConsoleAction", "managementEvent": True,
    "recipientAccountId": "000000000000", "eventCategory": "Management"}, first
assert deeds[3]["requestParameters"] == {"accessKeyId": sys.argv[2], "status": "Inactive"}, deeds[3]
PYTHON
ok $? "what commands change stands in the trail"
login=$(cat /proc/self/loginuid 2> /dev/null || echo 4294967295)
[ "$login" != 4294967295 ] || login=$(id -u) # nobody has logged in
admin trail --dir "$world/store" --event CreateAccessKey | grep -q "  ok  *$(id -un "$login")  localhost$"
ok $? "with who ran them"
! grep -qF "$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' "$world/ada")" "$world/store/trail.jsonl"
ok $? "and no secret half"
rm "$world/store/trail.jsonl"
mkdir "$world/store/trail.jsonl"
! admin access-key create --dir "$world/store" --user eve > "$world/eve" &&
    tail -1 "$world/err" | grep -q 'this was done, but cannot be written into the event trail'
ok $? "says that it could not be written down"
rmdir "$world/store/trail.jsonl"
admin help | grep -q 'access-key' && admin access-key create --help | grep -q -- '--user NAME'
ok $? "has help"
stop_server; ok $? "stops cleanly"
finish
