#!/bin/bash
# t_pam_change.sh - passwords of logins at a real Secrets Manager: rotated, changed, deleted.
# shellcheck source=tests/keeper/pam_world.sh
. "$(dirname "$0")/pam_world.sh"
ask=$top_builddir/tests/sources/ask
[ -x "$ask" ] && [ -x "$top_builddir/smcred-server" ] || skip_all "not everything is built"
unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SECRETS_MANAGER AWS_PROFILE AWS_CA_BUNDLE AWS_SESSION_TOKEN
export AWS_CONFIG_FILE=$dir/none AWS_SHARED_CREDENTIALS_FILE=$dir/none AWS_REGION=us-east-1
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

"$top_builddir/smcred-server" --init "$dir/store" >"$dir/keys"
shopt -s extglob
set -a
# shellcheck disable=SC1091
. "$dir/keys"
set +a
printf 'GetSecretValue users/%s delay ms=400\n' slow twice >"$dir/faults"
"$top_builddir/smcred-server" --dir "$dir/store" --listen 127.0.0.1:0 --faults "$dir/faults" >"$dir/server" 2>&1 &
server=$!
at_exit "kill $server 2>/dev/null; wait $server 2>/dev/null"
wait_for grep -q '^listening on ' "$dir/server"
url=$(sed -n 's/^listening on //p' "$dir/server")

# sm OPERATION JSON
sm() { timeout 60 "$ask" "$top_builddir/.libs" secretsmanager "aws.endpoint_url=$url" -- call "$@"; }
# value NAME [STAGE]: the SecretString
value()
{
    sm GetSecretValue "{\"SecretId\":\"$1\",\"VersionStage\":\"${2:-AWSCURRENT}\"}" |
        python3 -c 'import json, sys; print(json.loads(sys.stdin.read().split("\n", 1)[1].split("=", 1)[-1])["SecretString"])'
}
# create NAME SECRET-STRING
create() { sm CreateSecret "$(python3 -c 'import json, sys, uuid
print(json.dumps({"Name": sys.argv[1], "SecretString": sys.argv[2], "ClientRequestToken": str(uuid.uuid4())}))' "$1" "$2")" >/dev/null; }
# put NAME SECRET-STRING STAGE
put() { sm PutSecretValue "$(python3 -c 'import json, sys, uuid
print(json.dumps({"SecretId": sys.argv[1], "SecretString": sys.argv[2], "VersionStages": [sys.argv[3]], "ClientRequestToken": str(uuid.uuid4())}))' "$1" "$2" "$3")" >/dev/null; }

create users/byarn '{"username":"app","password":"Target-Word-1"}'
by_arn=$(sm DescribeSecret '{"SecretId":"users/byarn"}' | sed -n 's/.*"ARN":"\([^"]*\)".*/\1/p')
{
    printf '[keeper]\nsources = secretsmanager\nmodule_dir = %s\nadmin = %s\n[aws]\nendpoint_url = %s\nmax_attempts = 1\ntimeout = 2\n' \
        "$top_builddir/.libs" "$me" "$url"
    printf '[audit]\nfile = %s\n[target orders]\nsecret = users/orders\ntls = disable\n' "$dir/audit.jsonl"
    printf '[target byarn]\nsecret = %s\ntls = disable\n' "$by_arn"
    printf '[pam]\ncallers = %s\nsecrets = users/*\ntries = 1000\n[pam strict]\nroot_changes = no\n[pam fast]\nfresh = 1s\n[pam few]\ntries = 1\n' "$me"
} >"$dir/smcred.conf"
start_keeper

# check USER PASSWORD [GRACE]
check() { client pam_check service=sshd user="$1" name="users/$1" password="$2" ${3:+grace=$3}; }
# enter USER PASSWORD: by a service that looks every second
enter() { client pam_check service=fast user="$1" name="users/$1" password="$2"; }
# change USER OLD NEW [SERVICE]
change() { client pam_change service="${4:-passwd}" user="$1" name="users/$1" old="$2" password="$3"; }

odd='{ "n" : 12345678901234567890.10, "x":{"password":"inner"}, "password" : "First-1 \u0041", "list":["password",{"a":"}"}],"z":"\\\"" }'
create users/alice "$odd"
create users/plain 'Plain-Word-1'
create users/hash "{\"password\":\"$(openssl passwd -6 -salt saltsalt 'Hashed-Word-1')\"}"
create users/orders '{"username":"app","password":"Target-Word-1"}'
create users/db '{"engine":"postgres","username":"app","password":"Engine-Word-1"}'

like "a password is checked at Secrets Manager" "$(check alice 'First-1 A')" 'status: ok'
like "one that is inside something else is none" "$(check alice inner)" 'status: denied*'
put users/plain 'Plain-Word-2' AWSCURRENT
soon "a rotated password counts at once" 'status: ok' check plain Plain-Word-2
like "the one before does not" "$(check plain Plain-Word-1)" 'status: denied*'
soon "but within the grace of the rotation" 'status: ok' check plain Plain-Word-1 3600
soon "and only then" 'status: denied*' check plain Plain-Word-1 1
put users/plain 'Plain-Word-3' AWSPENDING
like "what rotates in is none yet" "$(check plain Plain-Word-3)" 'status: denied*'
soon "but within the grace" 'status: ok' check plain Plain-Word-3 3600
create users/twice 'Twice-Word-1'
like "a password is right before two rotations" "$(check twice Twice-Word-1)" 'status: ok'
put users/twice 'Twice-Word-2' AWSCURRENT
soon "as is the next one" 'status: ok' check twice Twice-Word-2
soon "and the first within the grace" 'status: ok' check twice Twice-Word-1 3600
like "however often" "$(check twice Twice-Word-1 3600)" 'status: ok'
put users/twice 'Twice-Word-3' AWSCURRENT
like "but not after the second rotation" "$(check twice Twice-Word-1 3600)" 'status: denied*'
soon "when the one in between is" 'status: ok' check twice Twice-Word-2 3600
like "grace makes no other password right" "$(check plain Plain-Word-4 3600)" 'status: denied*'

# Somebody's wrong password has the secret read; who comes with the new one in the same second waits for the next read.
create users/slow 'Slow-Word-0'
check slow Slow-Word-0 >/dev/null
for i in 1 2 3 4 5; do
    check slow Wrong-Word >/dev/null
    put users/slow "Slow-Word-$i" AWSCURRENT
    check slow "Slow-Word-$i"
done >"$dir/slow"
like "a guess a moment ago makes no new password wrong" "$(cat "$dir/slow")" '*status: ok*'

new='Second"\2 äöü!'
like "a password is changed" "$(change alice 'First-1 A' "$new")" 'status: ok'
like "and counts at once" "$(check alice "$new")" 'status: ok'
like "the old one does not" "$(check alice 'First-1 A')" 'status: denied*'
is "nothing else of the secret is touched" "$(value users/alice)" \
    '{ "n" : 12345678901234567890.10, "x":{"password":"inner"}, "password" : "Second\"\\2 äöü!", "list":["password",{"a":"}"}],"z":"\\\"" }'
is "the one before is AWSPREVIOUS" "$(value users/alice AWSPREVIOUS)" "$odd"
like "who does not know the old one changes nothing" "$(change alice wrong-one "Third-Password-3")" \
    'status: denied*the password is wrong*'
like "a short one is none" "$(change alice "$new" 'S-1h')" 'status: invalid*shorter than 12 characters*'
like "nor is one without all kinds of characters" "$(change alice "$new" 'onlysmallletters')" 'status: invalid*lacks*'
like "what is not UTF-8 is refused" "$(change alice "$new" $'Third-Password-\xff')" 'status: invalid*'
like "after all that the password is as it was" "$(check alice "$new")" 'status: ok'
like "a value that is text alone stays one" "$(change plain Plain-Word-2 'Plain-Word-55'; value users/plain)" 'status: ok*Plain-Word-55'
like "a hash is replaced" "$(change hash Hashed-Word-1 Hashed-Word-2)" 'status: ok'
like "by a hash of its kind" "$(value users/hash)" '{"password":"$6$*"}'
like "which fits" "$(check hash Hashed-Word-2)" 'status: ok'

like "a target's password is not changed behind the database" "$(change orders Target-Word-1 Target-Word-22)" 'status: unsupported*rotated*'
like "by whichever of its names the target knows the secret" "$(change byarn Target-Word-1 Target-Word-22)" 'status: unsupported*rotated*'
like "nor is any database's" "$(change db Engine-Word-1 Engine-Word-22)" 'status: unsupported*rotated*'
is "which has its password as before" "$(value users/db)" '{"engine":"postgres","username":"app","password":"Engine-Word-1"}'

# --- passwords that a rotation function makes: Made-Word-2, while there is no $dir/hold
# prepare USER OLD; rotate USER OLD [WAIT_MS]
prepare() { client pam_prepare service=passwd user="$1" name="users/$1" old="$2"; }
rotate() { client pam_rotate service=passwd user="$1" name="users/$1" old="$2" wait="${3:-60000}"; }
like "what is typed is what will be" "$(prepare alice "$new")" 'status: ok*text 12: chosen'
like "for who knows the old one" "$(prepare alice wrong-one)" 'status: denied*the password is wrong*'
like "of a database nothing will be" "$(prepare orders Target-Word-1)" 'status: invalid*rotated*'
like "nor of one that is a target by its ARN" "$(prepare byarn Target-Word-1)" 'status: invalid*rotated*'
like "whichever it is" "$(prepare db Engine-Word-1)" 'status: invalid*rotated*'
like "a secret without a function is not rotated" "$(rotate alice "$new")" 'status: invalid*'
arn=arn:aws:lambda:us-east-1:000000000000:function:makes
{
    printf '#!/bin/bash\nask=%q libs=%q hold=%q\n' "$ask" "$top_builddir/.libs" "$dir/hold"
    cat <<'FUNCTION'
event=$(cat)
of() { /usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$event" "$1"; }
sm() { "$ask" "$libs" secretsmanager "aws.endpoint_url=$SECRETS_MANAGER_ENDPOINT" -- call "$1" "{\"SecretId\":\"$(of SecretId)\",$2}"; }
case $(of Step) in
createSecret)
    sm PutSecretValue "\"ClientRequestToken\":\"$(of ClientRequestToken)\",\"SecretString\":\"Made-Word-2\",\"VersionStages\":[\"AWSPENDING\"]"
    ;;
testSecret) for ((i = 0; i < 600; i++)); do [ -e "$hold" ] || break; sleep 0.1; done ;;
finishSecret)
    current=$(sm GetSecretValue '"VersionStage":"AWSCURRENT"' | sed -n 's/.*"VersionId":"\([^"]*\)".*/\1/p')
    sm UpdateSecretVersionStage "\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"$(of ClientRequestToken)\",\"RemoveFromVersionId\":\"$current\""
    ;;
esac
exit 0
FUNCTION
} >"$dir/makes"
chmod 755 "$dir/makes"
"$top_builddir/smcred-server" function register --dir "$dir/store" --user "$me" "$arn" "$dir/makes" >"$dir/registered" 2>&1
# has_function NAME: it is rotated by that from now on, but not now
has_function()
{
    sm RotateSecret "{\"SecretId\":\"$1\",\"RotationLambdaARN\":\"$arn\",\"RotateImmediately\":false,\"RotationRules\":{\"AutomaticallyAfterDays\":30},\"ClientRequestToken\":\"$(cat /proc/sys/kernel/random/uuid)\"}" >"$dir/rotate"
}
create users/rotated 'Rotated-Word-1'
has_function users/rotated
like "a rotation function chooses itself" "$(change rotated Rotated-Word-1 Rotated-Word-22)" 'status: unsupported*rotation function*'
is "whatever was typed" "$(value users/rotated)" Rotated-Word-1
like "which is known before anything is typed" "$(prepare rotated Rotated-Word-1)" 'status: ok*text 12: rotated'
like "who does not know the old one has nothing rotated" "$(rotate rotated Rotated-Word-9)" 'status: denied*the password is wrong*'
: >"$dir/hold"
like "a rotation that takes longer than one waits has begun" "$(rotate rotated Rotated-Word-1 5000)" 'status: ok*text 12: begun'
like "until it ends the old password is right" "$(check rotated Rotated-Word-1)" 'status: ok'
like "a second one waits for the first" "$(rotate rotated Rotated-Word-1)" 'status: invalid*not rotated*'
rm "$dir/hold"
soon "then the one that was made" 'status: ok' check rotated Made-Word-2
like "a rotation that is waited for is done" "$(rotate rotated Made-Word-2)" 'status: ok*text 12: done'
like "who has it rotated is in the audit log" "$(grep -h '"event":"pam_rotat' "$dir/audit.jsonl" | tail -3)" \
    '*pam_rotate"*"asked_user":"rotated"*pam_rotating"*"new_version":"*pam_rotated"*"new_version":"*'
if [ "$(id -u)" = 0 ]; then
    like "root has it rotated without the old one" "$(rotate rotated '')" 'status: ok*text 12: done'
    like "unless policy says no" "$(client pam_rotate service=strict user=rotated name=users/rotated old= wait=60000)" 'status: denied*'
fi

if [ "$(id -u)" = 0 ]; then
    like "root sets one without the old one" "$(change plain '' 'Plain-Word-66')" 'status: ok'
    like "unless policy says no" "$(change plain '' 'Plain-Word-77' strict)" 'status: denied*'
    create users/guessed 'Guessed-Word-1'
    client pam_check service=few user=guessed name=users/guessed password=wrong-one >/dev/null
    like "whose password is guessed at does not change it" "$(change guessed Guessed-Word-1 Guessed-Word-2 few)" 'status: limited*'
    like "but root does, who has nothing to guess" "$(change guessed '' 'Guessed-Word-3' few)" 'status: ok'
    # By a python that is no shell script: a shell gives up such an euid.
    [ -x /usr/bin/python3 ] && like "a setuid program is not root for this" \
        "$(setpriv --ruid 65533 --euid 0 --keep-groups /usr/bin/python3 "$here/control_client.py" "$dir/run/control.sock" \
            pam_change service=passwd user=plain name=users/plain old= password=Plain-Word-88 2>&1)" 'status: denied*'
else
    like "nobody but root sets one without the old one" "$(change plain '' 'Plain-Word-66')" 'status: denied*'
fi

# --- what is cached is no door for longer than `fresh`
create users/moved 'Moved-Word-1'
like "a password is right" "$(enter moved Moved-Word-1)" 'status: ok'
put users/moved 'Moved-Word-2' AWSCURRENT
soon "until another is put, though nobody has typed that" 'status: denied*' enter moved Moved-Word-1
like "which is right, then" "$(enter moved Moved-Word-2)" 'status: ok'
like "a hash fits" "$(enter hash Hashed-Word-2)" 'status: ok'
sm DeleteSecret '{"SecretId":"users/hash","RecoveryWindowInDays":7}' >/dev/null
soon "until the secret is scheduled for deletion" 'status: not found*scheduled for deletion*' enter hash Hashed-Word-2
like "for whatever is typed" "$(enter hash no-such-word)" 'status: not found*'
like "by whichever service" "$(check hash Hashed-Word-2)" 'status: not found*'
sm DeleteSecret '{"SecretId":"users/moved","ForceDeleteWithoutRecovery":true}' >/dev/null
soon "a secret that is gone is no door" 'status: not found*' enter moved Moved-Word-2
create users/leaver '{"password":"Leaver-Word-1"}'
sm DeleteSecret '{"SecretId":"users/leaver","RecoveryWindowInDays":7}' >/dev/null
like "nor is one that was deleted before the keeper knew it" "$(check leaver Leaver-Word-1)" 'status: not found*scheduled for deletion*'
sm RestoreSecret '{"SecretId":"users/leaver"}' >/dev/null
soon "until it is restored" 'status: ok' check leaver Leaver-Word-1

like "each change is in the audit log" "$(grep '"event":"pam_changed"' "$dir/audit.jsonl" | head -1)" '*"asked_user":"alice"*"secret":"users/alice"*"outcome":"allowed"*'
is "no password is, nor in the log" "$(grep -lE 'Word-|First-1|Second' "$dir/audit.jsonl" "$dir/log")" ""
kill "$server"
wait "$server" 2>/dev/null
like "without Secrets Manager what is known goes on" "$(check alice "$new")" 'status: ok'
like "however often it is looked" "$(enter alice "$new")" 'status: ok'
like "and nothing is changed" "$(change alice "$new" Fourth-Password-4)" 'status: @(unavailable|timed out)*'
like "which leaves the old one right" "$(check alice "$new")" 'status: ok'
done_testing
