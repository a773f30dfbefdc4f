#!/bin/bash
# t_keys.sh - keys of KMS: which value is under which, disabled ones, rotation; and the master key.
. "$(dirname "$0")/server_world.sh"

init_store
admin() { "$server" "$@" --dir "$world/store" 2>> "$world/err"; }
start_server
arn=$(admin key create --alias alias/app)
[[ $arn == arn:aws:kms:us-east-1:000000000000:key/????????-????-????-????-???????????? ]]
ok $? "makes a key"
token() { printf '"ClientRequestToken":"%s"' "$(uuid)"; }
create() { answers "$1" "$2" CreateSecret "{\"Name\":\"$3\",$(token),\"SecretString\":\"$3 value\",\"KmsKeyId\":\"$4\"}"; }
for id in alias/app "$arn" "${arn##*/}" arn:aws:kms:us-east-1:000000000000:alias/app; do
    name=by-$((n = ${n:-0} + 1))
    create "takes a key by $(sed 's/[0-9a-f-]\{36\}/ID/' <<< "$id")" VersionId $name "$id"
    answers "and reads with it" "\"SecretString\":\"$name value\"" GetSecretValue "{\"SecretId\":\"$name\"}"
    answers "shows what was given" "\"KmsKeyId\":\"$id\"" DescribeSecret "{\"SecretId\":\"$name\"}"
done
answers "names the key of a version" "\"KmsKeyIds\":[\"$arn\"]" ListSecretVersionIds '{"SecretId":"by-1"}'
create "does not take a key that is not there" \
    "{\"__type\":\"ResourceNotFoundException\",\"Message\":\"Secrets Manager can't find the specified KMS key.\"}" \
    none alias/none
parameter() { # parameter NAME PATTERN OPERATION BODY
    local name=$1 pattern=$2 answer
    answer=$(curl -sS -m 60 --aws-sigv4 aws:amz:us-east-1:ssm -K - -H 'Content-Type: application/x-amz-json-1.1' \
        -H "X-Amz-Target: AmazonSSM.$3" --data-binary "$4" "$url/" <<< "user=\"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"")
    [[ $answer == *"$pattern"* ]]; ok $? "$name"
}
secure='{"Name":"/p","Value":"v","Type":"SecureString","KeyId":"alias/app","Overwrite":true}'
parameter "takes it for a parameter" '"Version":1' PutParameter "$secure"
parameter "which has a default one, too" '"Version":1' PutParameter '{"Name":"/d","Value":"w","Type":"SecureString"}'
answers "makes a secret under the default key" VersionId CreateSecret \
    "{\"Name\":\"default\",$(token),\"SecretString\":\"default value\"}"
answers "and says so" '"KmsKeyIds":["DefaultEncryptionKey"]' ListSecretVersionIds '{"SecretId":"default"}'

admin key disable alias/app
answers "a disabled key opens nothing" \
    "{\"__type\":\"DecryptionFailure\",\"Message\":\"Secrets Manager can't decrypt the protected secret text using the provided KMS key.\"}" \
    GetSecretValue '{"SecretId":"by-1"}'
answers "and seals nothing" \
    "{\"__type\":\"EncryptionFailure\",\"Message\":\"Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.\"}" \
    PutSecretValue "{\"SecretId\":\"by-1\",$(token),\"SecretString\":\"x\"}"
parameter "a parameter neither" '{"__type":"InvalidKeyId","message":"Invalid keyId alias/app"}' \
    GetParameter '{"Name":"/p","WithDecryption":true}'
parameter "nor is it written" InvalidKeyId PutParameter "$secure"
admin check > "$world/checked"; ok $? "check opens what is under it all the same"
answers "other keys do" '"SecretString":"default value"' GetSecretValue '{"SecretId":"default"}'
admin key enable alias/app
answers "enabled, it opens" '"SecretString":"by-1 value"' GetSecretValue '{"SecretId":"by-1"}'

answers "a secret changes to the default key" '"Name":"by-2"' UpdateSecret \
    "{\"SecretId\":\"by-2\",$(token),\"KmsKeyId\":\"\"}"
answers "with its versions" '"KmsKeyIds":["DefaultEncryptionKey"]' ListSecretVersionIds '{"SecretId":"by-2"}'
answers "which open" '"SecretString":"by-2 value"' GetSecretValue '{"SecretId":"by-2"}'

if command -v sqlite3 > /dev/null; then
    sealed() { sqlite3 "$world/store/store.db" "SELECT hex(sealed) FROM version ORDER BY row;
        SELECT hex(sealed) FROM parameter_version ORDER BY row"; }
    wrapped() { sqlite3 "$world/store/store.db" "SELECT hex(wrapped) FROM data_key ORDER BY secret;
        SELECT hex(wrapped) FROM parameter_version WHERE wrapped IS NOT NULL"; }
    before=$(sealed) keys=$(wrapped)
    admin key rotate alias/app | grep -q '^4 data keys wrapped anew$'; ok $? "rotates a key"
    admin key rotate alias/aws/secretsmanager | grep -q '^2 data keys'; ok $? "and the default one"
    admin key rotate alias/aws/ssm | grep -q '^1 data keys'; ok $? "and that of parameters"
    [ "$(sealed)" = "$before" ]; ok $? "leaves the values as they are"
    ! grep -qFxf <(echo "$keys") <<< "$(wrapped)"; ok $? "wraps every data key anew"
else
    skip "rotates a key" "no sqlite3"
fi
answers "reads what it wrapped" '"SecretString":"by-1 value"' GetSecretValue '{"SecretId":"by-1"}'
answers "and under the default key" '"SecretString":"default value"' GetSecretValue '{"SecretId":"default"}'
parameter "and parameters" '"Value":"v"' GetParameter '{"Name":"/p","WithDecryption":true}'
parameter "under theirs" '"Value":"w"' GetParameter '{"Name":"/d","WithDecryption":true}'
admin check > "$world/checked"; ok $? "as check does"

admin access-key create --user ada > "$world/ada"
admin policy put --user ada --name sm - << 'EOF'
{"Statement": {"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*"], "Resource": "*"}}
EOF
# shellcheck disable=SC1091
. "$world/ada"
answers "a key of one's own needs leave to be used" \
    '{"__type":"AccessDeniedException","Message":"Access to KMS is not allowed"}' GetSecretValue '{"SecretId":"by-1"}'
answers "the default one does not" '"SecretString":"default value"' GetSecretValue '{"SecretId":"default"}'
# Nothing leads around that: not a replica, not another key, not a new value.
no_kms='{"__type":"AccessDeniedException","Message":"Access to KMS is not allowed"}'
answers "to give it a replica" "$no_kms" ReplicateSecretToRegions \
    '{"SecretId":"by-1","AddReplicaRegions":[{"Region":"eu-west-1"}]}'
answers "to give it another key" "$no_kms" UpdateSecret "{\"SecretId\":\"by-1\",$(token),\"KmsKeyId\":\"\"}"
answers "to change it" "$no_kms" UpdateSecret "{\"SecretId\":\"by-1\",$(token),\"SecretString\":\"x\"}"
answers "not to describe it" '"Description":"d"' DescribeSecret "$(
    call UpdateSecret "{\"SecretId\":\"by-1\",$(token),\"Description\":\"d\"}" > /dev/null
    echo '{"SecretId":"by-1"}'
)"
far=$(admin key create --region eu-west-1 --alias alias/far)
answers "nor is a key elsewhere used for a replica" "$no_kms" ReplicateSecretToRegions \
    '{"SecretId":"default","AddReplicaRegions":[{"Region":"eu-west-1","KmsKeyId":"alias/far"}]}'
statement() { echo "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",$1,\"Resource\":\"*\"}}"; }
secret=$(call DescribeSecret '{"SecretId":"by-1"}' | sed 's/.*"ARN":"\([^"]*\)".*/\1/')
admin policy put --user ada --name kms - <<< "$(statement "\"Action\":\"kms:*\",\"Condition\":{\"StringEquals\":{
    \"kms:ViaService\":\"secretsmanager.us-east-1.amazonaws.com\",\"kms:CallerAccount\":\"000000000000\",
    \"kms:EncryptionContext:SecretARN\":\"$secret\"}}")"
answers "leave may be given for one secret" '"SecretString":"by-1 value"' GetSecretValue '{"SecretId":"by-1"}'
answers "and no other" "$no_kms" GetSecretValue '{"SecretId":"by-3"}'
admin policy delete --user ada --name kms
ada='"Principal":{"AWS":"arn:aws:iam::000000000000:user/ada"}'
! admin key policy put alias/app - <<< "$(statement '"Action":"kms:*"')" 2> /dev/null
ok $? "a key's policy names somebody"
admin key policy put alias/app - <<< "$(statement "$ada,\"Action\":\"kms:Decrypt\"")" &&
    [[ $(admin key policy show alias/app) == *user/ada* ]]
ok $? "a key has a policy"
answers "which lets whom it names read" '"SecretString":"by-1 value"' GetSecretValue '{"SecretId":"by-1"}'
answers "and no more" "$no_kms" UpdateSecret "{\"SecretId\":\"by-1\",$(token),\"SecretString\":\"x\"}"
# shellcheck disable=SC1091
. "$world/env"
answers "and nobody else, whatever his own say" "$no_kms" GetSecretValue '{"SecretId":"by-1"}'
admin key policy delete alias/app && [[ $(admin key policy show alias/app) == *'"AWS":"000000000000"'* ]]
ok $? "without one the account's policies decide"

call PutResourcePolicy "{\"SecretId\":\"by-1\",\"ResourcePolicy\":$(
    statement '"Principal":{"AWS":"111122223333"},"Action":"secretsmanager:*"' | sed 's/"/\\"/g; s/.*/"&"/')}" > /dev/null
call CreateSecret "{\"Name\":\"named\",$(token),\"SecretString\":\"x\",\"KmsKeyId\":\"alias/aws/secretsmanager\"}" > /dev/null
call PutResourcePolicy "{\"SecretId\":\"named\",\"ResourcePolicy\":$(
    statement '"Principal":{"AWS":"111122223333"},"Action":"secretsmanager:*"' | sed 's/"/\\"/g; s/.*/"&"/')}" > /dev/null
named=$(call DescribeSecret '{"SecretId":"named"}' | sed 's/.*"ARN":"\([^"]*\)".*/\1/')
admin access-key create --user bob --account 111122223333 > "$world/bob"
admin policy put --user bob --account 111122223333 --name all - <<< "$(statement '"Action":"*"')"
# shellcheck disable=SC1091
. "$world/bob"
answers "another account needs leave of the key's" "$no_kms" GetSecretValue "{\"SecretId\":\"$secret\"}"
admin key policy put alias/app - <<< "$(statement '"Principal":{"AWS":"111122223333"},"Action":"kms:Decrypt"')"
answers "and of its own" '"SecretString":"by-1 value"' GetSecretValue "{\"SecretId\":\"$secret\"}"
default_key="{\"__type\":\"InvalidRequestException\",\"Message\":\"You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.\"}"
answers "the default key is its account's alone" "$default_key" GetSecretValue "{\"SecretId\":\"$named\"}"
answers "for a new value, too" "$default_key" UpdateSecret "{\"SecretId\":\"$named\",$(token),\"SecretString\":\"x\"}"
# shellcheck disable=SC1091
. "$world/env"
admin key policy delete alias/app
# shellcheck disable=SC1091
. "$world/ada"
denied() { # denied NAME ACTION OPERATION BODY
    parameter "$1" "is not authorized to perform: $2 on resource: $arn because no identity-based policy allows the $2 action" "${@:3}"
}
denied "to read a parameter, too" kms:Decrypt GetParameter '{"Name":"/p","WithDecryption":true}'
admin policy put --user ada --name kms - <<< "$(statement "\"Action\":\"kms:Decrypt\",\"Condition\":{\"StringEquals\":{
    \"kms:ViaService\":\"ssm.us-east-1.amazonaws.com\",
    \"kms:EncryptionContext:PARAMETER_ARN\":\"arn:aws:ssm:us-east-1:000000000000:parameter/p\"}}")"
parameter "unless it is allowed for this one" '"Value":"v"' GetParameter '{"Name":"/p","WithDecryption":true}'
admin policy delete --user ada --name kms
denied "to write it" kms:Encrypt PutParameter "$secure"
denied "to write a larger one" kms:GenerateDataKey PutParameter "${secure%\}},\"Tier\":\"Advanced\"}"
parameter "not to see that it is there" '"Type":"SecureString"' GetParameter '{"Name":"/p"}'
parameter "nor for what is under the default one" '"Value":"w"' GetParameter '{"Name":"/d","WithDecryption":true}'
# shellcheck disable=SC1091
. "$world/env"
admin key list > "$world/list"
grep -qx "$arn  enabled   alias/app" "$world/list" && grep -q 'alias/aws/secretsmanager$' "$world/list"
ok $? "lists keys"
! admin key alias "$arn" alias/aws/mine; ok $? "leaves AWS's aliases alone"
! admin key create --account 11112222333x; ok $? "an account is twelve digits"
! admin key delete alias/app && grep -q 'the key wraps [0-9]* data keys' "$world/err"
ok $? "keeps a key that something needs"
admin key unalias --region eu-west-1 alias/far && ! admin key disable --region eu-west-1 alias/far &&
    admin key delete --region eu-west-1 "$far" && ! admin key list | grep -q "$far"
ok $? "deletes one that nothing does"
stop_server; ok $? "stops cleanly"

"$server" --init "$world/other" > /dev/null
cp "$world/store/store.db" "$world/kept"
cp "$world/store/master.key" "$world/master"
cp "$world/other/master.key" "$world/store/master.key"
! "$server" --dir "$world/store" --listen 127.0.0.1:0 > /dev/null 2> "$world/err" &&
    grep -q 'master.key is not the master key of this store' "$world/err"
ok $? "does not start with another master key"
! admin access-key create --user eve > "$world/out" && cmp -s "$world/store/store.db" "$world/kept"
ok $? "and writes nothing with it"
rm "$world/store/master.key"
mkdir -m 0700 "$world/credentials"
cp "$world/master" "$world/credentials/smcred-master-key"
export CREDENTIALS_DIRECTORY=$world/credentials
start_server
answers "takes the master key from systemd" '"SecretString":"by-1 value"' GetSecretValue '{"SecretId":"by-1"}'
stop_server
"$server" --init "$world/third" > /dev/null && [ ! -e "$world/third/master.key" ]
ok $? "makes none if systemd has one"
finish
