#!/bin/bash
# t_rotate.sh - rotation by a function of AWS's kind and by ones that misbehave, through crashes too.
. "$(dirname "$0")/server_world.sh"

/usr/bin/python3 -c 'import boto3' 2> /dev/null || { echo "1..0 # SKIP no boto3"; exit 0; }
init_store
arn=arn:aws:lambda:us-east-1:000000000000:function
there=$(cd "$(dirname "$0")" && pwd)

# The functions run with an environment of the server's making: what they need to know is in them.
function_of() { # function_of NAME TIMEOUT < BODY: an executable, registered
    { printf '#!/bin/bash\nworld=%q\n' "$world"; cat; } > "$world/$1"
    chmod 755 "$world/$1"
    register --timeout "$2" "$arn:$1" "$world/$1"
}

described() { call DescribeSecret "{\"SecretId\":\"$1\"}"; }
is_rotated() { [[ $(described "$1") == *'"LastRotatedDate"'* ]]; }
said() { grep -qF "$1" "$world/log"; }
create() { # create NAME VALUE [MEMBERS]
    call CreateSecret \
        "{\"Name\":\"$1\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":$2${3:+,$3}}" > /dev/null
}
rotate() { # rotate NAME FUNCTION [MEMBERS]: sets token
    token=$(uuid)
    call RotateSecret \
        "{\"SecretId\":\"$1\",\"ClientRequestToken\":\"$token\",\"RotationLambdaARN\":\"$arn:$2\"${3:+,$3}}"
}

# --- a function as on Lambda
cp "$there/rotation_function.py" "$world/single_user"
chmod 755 "$world/single_user"
register "$arn:single_user" "$world/single_user"
ok $? "registers a function"
"$server" function list --dir "$world/store" | grep -q "single_user.*60 s"; ok $? "lists it"
chmod 775 "$world/single_user"
! register "$arn:x" "$world/single_user" 2> /dev/null
ok $? "refuses one that others may change"
chmod 755 "$world/single_user"
mkdir -m 777 "$world/anybodys" && cp "$world/single_user" "$world/anybodys/"
! register "$arn:x" "$world/anybodys/single_user" 2> "$world/err" &&
    grep -q "anybodys can be changed by others" "$world/err"
ok $? "and one in a directory where others may replace it"
ln -s "$world/single_user" "$world/anybodys/link"
register "$arn:x" "$world/anybodys/link" &&
    "$server" function list --dir "$world/store" | grep -q "$arn:x  $(realpath "$world/single_user")  " &&
    "$server" function remove --dir "$world/store" "$arn:x"
ok $? "a link is followed once, when it is registered"
start_server
/usr/bin/python3 - "$world/db" << 'PYTHON'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT)")
    database.execute("INSERT INTO users VALUES ('app', 'first')")
PYTHON
password() {
    /usr/bin/python3 -c "import sqlite3
print(sqlite3.connect('$world/db').execute('SELECT password FROM users').fetchone()[0])"
}
"$server" key create --dir "$world/store" --alias alias/own > /dev/null
create db "\"{\\\"host\\\":\\\"$world/db\\\",\\\"username\\\":\\\"app\\\",\\\"password\\\":\\\"first\\\"}\"" \
    '"KmsKeyId":"alias/own"'
answer=$(rotate db single_user '"RotationRules":{"AutomaticallyAfterDays":30}')
[[ $answer == *'"VersionId"'* ]]; ok $? "RotateSecret answers at once"
patiently is_rotated db; ok $? "the four steps are taken, under a key of one's own"
is_consistent() {
    call GetSecretValue '{"SecretId":"db"}' | /usr/bin/python3 -c '
import json, sys
secret = json.load(sys.stdin)
value = json.loads(secret["SecretString"])
assert value["password"] == sys.argv[1] != "first" and value["username"] == "app", value
assert secret["VersionStages"] == ["AWSCURRENT"], secret' "$(password)"
}
is_consistent; ok $? "the database and AWSCURRENT have the same new password"
call GetSecretValue '{"SecretId":"db","VersionStage":"AWSPREVIOUS"}' | grep -q 'first'
ok $? "AWSPREVIOUS has the old one"
now=$(date -u +%s)
described db | /usr/bin/python3 -c '
import json, sys
d, now = json.load(sys.stdin), int(sys.argv[1])
assert d["RotationEnabled"] is True and d["RotationRules"] == {"AutomaticallyAfterDays": 30}, d
assert sorted(d["VersionIdsToStages"].values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]], d
assert d["NextRotationDate"] % 86400 == 86399 and 29.9 < (d["NextRotationDate"] - now) / 86400 < 31.1, d
' "$now"
ok $? "DescribeSecret says so, and when the next is due"
old=$(password)
rotate db single_user '"RotateImmediately":false' > /dev/null
is_settled() { [[ $(described "$1") != *AWSPENDING* ]]; }
patiently is_settled db
[ "$old" = "$(password)" ] && is_consistent; ok $? "RotateImmediately=false changes nothing"

events() { "$server" trail --dir "$world/store" --secret db | awk '{print $2}' | grep Rotation | tr '\n' ' '; }
[ "$(events)" = "RotationStarted RotationSucceeded TestRotationStarted TestRotationSucceeded " ]
ok $? "the trail has its own events of it"

"$server" key create --dir "$world/store" --alias alias/app > /dev/null
call UpdateSecret "{\"SecretId\":\"db\",\"ClientRequestToken\":\"$(uuid)\",\"KmsKeyId\":\"alias/app\"}" > /dev/null
rotate db single_user > /dev/null
is_new() { [ "$old" != "$(password)" ] && is_settled db && is_consistent 2> /dev/null; }
patiently is_new; ok $? "a secret under a key of one's own rotates as well"

# --- what a function has
function_of looks 30 << 'BODY'
event=$(cat)
{
    echo "$event"
    ls -l /proc/self/fd | awk '{print $9}' | tr '\n' ' '
    grep NoNewPrivs /proc/self/status
    env | cut -d= -f1 | sort | tr '\n' ' '
} >> "$world/looked"
exit 3
BODY
create looked '"x"'
rotate looked looks > /dev/null
patiently said 'it exited with 3'; ok $? "the log says how a step failed"
grep -qF "{\"Step\":\"createSecret\",\"SecretId\":\"arn:aws:secretsmanager:us-east-1:000000000000:secret:looked-" \
    "$world/looked" && grep -qF "\"ClientRequestToken\":\"$token\"" "$world/looked"
ok $? "it reads Lambda's event"
grep -qE '"RotationToken":"[0-9a-f-]{36}"' "$world/looked" && ! grep -qF "\"RotationToken\":\"$token\"" "$world/looked"
ok $? "with a RotationToken that PutSecretValue takes, whatever the other one is"
grep -q '^ *0 1 2 3 *NoNew' "$world/looked"; ok $? "it has no descriptor but three (and that of ls)"
grep -q 'NoNewPrivs:.1' "$world/looked"; ok $? "it gains no privileges"
! grep -q 'AWS_PROFILE\|MALLOC\|top_builddir' "$world/looked"; ok $? "it has no environment of ours"
described looked | grep -qF "\"$token\":[\"AWSPENDING\"]"; ok $? "AWSPENDING stays"
answers "a second rotation waits for the first" "A previous rotation isn't complete. That rotation will be reattempted." \
    RotateSecret "{\"SecretId\":\"looked\",\"ClientRequestToken\":\"$(uuid)\"}"
is_tried_again() { [ "$(grep -c '"Step":"createSecret"' "$world/looked")" -ge 2 ]; }
patiently is_tried_again; ok $? "and that is tried again, as the answer says"
answers "but the same token asks for the same" "\"VersionId\":\"$token\"" \
    RotateSecret "{\"SecretId\":\"looked\",\"ClientRequestToken\":\"$token\"}"

function_of reaches 30 << 'BODY'
sed 's/.*"SecretId":"\([^"]*\)".*/\1/' > "$world/own"
/usr/bin/python3 - "$(cat "$world/own")" > "$world/reached" 2>&1 << 'PYTHON'
import boto3, os, sys
client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
print("own", client.get_secret_value(SecretId=sys.argv[1])["SecretString"])
print("password", len(client.get_random_password()["RandomPassword"]))
for name, call in {
    "other": lambda: client.get_secret_value(SecretId="looked"),
    "list": lambda: client.list_secrets(),
    "delete": lambda: client.delete_secret(SecretId=sys.argv[1]),
}.items():
    try:
        print(name, call())
    except client.exceptions.ClientError as error:
        print(name, error.response["Error"]["Code"])
PYTHON
exit 1 # or the next step would write the file again
BODY
create reach '"x"'
rotate reach reaches > /dev/null
has_reached() { grep -qs '^delete' "$world/reached"; }
patiently has_reached
[ "$(tr '\n' ' ' < "$world/reached")" = "own x password 32 other AccessDeniedException list AccessDeniedException delete AccessDeniedException " ] ||
    ! sed 's/^/# /' "$world/reached"
ok $? "it may rotate its own secret and nothing else"

register --reads 'arn:aws:secretsmanager:*:secret:looked-*' \
    "$arn:reaches" "$world/reaches"
rm "$world/reached"
create reach2 '"x"'
rotate reach2 reaches > /dev/null
patiently has_reached
grep -q "^other {" "$world/reached" && grep -q '^list AccessDenied' "$world/reached"
ok $? "--reads: another secret as well"

# --- one that others can change by now
function_of loosened 30 <<< 'exit 0'
chmod 757 "$world/loosened"
create loose '"x"'
rotate loose loosened > /dev/null
patiently said "loosened can be changed by others"; ok $? "does not run what others could have changed since"

# --- as another user
function_of nobody 30 <<< 'echo "I am $(id -u) $(id -G)"; ls "$world/store"; exit 1'
chmod 755 "$world"
if setpriv --reuid nobody --clear-groups test -x "$world/nobody" 2> /dev/null; then
    "$server" function register --dir "$world/store" --user nobody "$arn:nobody" "$world/nobody"
    create other '"x"'
    rotate other nobody > /dev/null
    patiently said "says \"I am $(id -u nobody) $(id -g nobody)\"" && said 'Permission denied'
    ok $? "--user: it is that user, and cannot look into the store"
else
    skip "--user: it is that user, and cannot look into the store" "not root, or \$TMPDIR is closed to others"
fi
chmod 700 "$world"

if [ "$(id -u)" = 0 ] && command -v sqlite3 > /dev/null; then
    ! "$server" function register --dir "$world/store" "$arn:x" "$world/single_user" 2> "$world/err" &&
        grep -qF -e '--user says as whom the function runs' "$world/err"
    ok $? "root is not who a function runs as unless it is said"
    function_of roots 30 <<< 'touch "$world/ran"'
    sqlite3 -cmd '.timeout 10000' "$world/store/store.db" "UPDATE function SET user = '' WHERE arn = '$arn:roots'"
    create roots '"x"'
    rotate roots roots > /dev/null
    patiently said 'rotation of "roots": createSecret failed: root runs no function without --user' && [ ! -e "$world/ran" ]
    ok $? "nor in a store where it was not asked for"
else
    skip "root is not who a function runs as unless it is said" "not root, or no sqlite3"
fi

# --- one that says what it should not
function_of talks 30 << 'BODY'
echo "connecting to db.example as app"
echo "with word-in-json"
printf 'and no end of line: plain-word'
BODY
create json '"{\"host\":\"db.example\",\"username\":\"app\",\"password\":\"word-in-json\"}"'
rotate json talks > /dev/null
create plain '"plain-word"'
rotate plain talks > /dev/null
patiently said 'says "with ************"' && said '"connecting to db.example as app"'
ok $? "a value that a function writes is not in the log"
patiently said 'of line: **********"'; ok $? "nor a plain one"

# --- one that does not end
function_of sleeps 1 << 'BODY'
echo "a line" >&2
sleep 1000 & echo $! > "$world/slept"
wait
BODY
create slow '"x"'
rotate slow sleeps > /dev/null
patiently said 'it took too long'; ok $? "a function that takes too long is ended"
is_gone() { ! kill -0 "$(cat "$world/slept")" 2> /dev/null; }
patiently is_gone; ok $? "and what it started with it"
said 'says "a line"'; ok $? "what it said is in the log"

function_of strays 600 << 'BODY'
event=$(cat)
setsid sleep 1000 & echo $! >> "$world/strayed"
[[ $event == *createSecret* ]] || exec sleep 1000
BODY
create stray '"x"'
: > "$world/strayed"
rotate stray strays > /dev/null
is_gone() { [ "$(wc -l < "$world/strayed")" = 2 ] && ! kill -0 "$(sed -n "$1p" "$world/strayed")" 2> /dev/null; }
patiently is_gone 1; ok $? "what a function leaves in another session ends before the next step"
kill -9 "$pid"
wait "$pid" 2> /dev/null
patiently is_gone 2; ok $? "and when the server is killed"
start_server
call CancelRotateSecret '{"SecretId":"stray"}' > /dev/null

function_of hangs 600 << 'BODY'
echo $$ > "$world/hung.new"; mv "$world/hung.new" "$world/hung"
sleep 1000
BODY
create hung '"x"'
rotate hung hangs > /dev/null
patiently test -s "$world/hung"
answers "CancelRotateSecret names the version" "\"VersionId\":\"$token\"" CancelRotateSecret '{"SecretId":"hung"}'
is_gone() { ! kill -0 "$(cat "$world/hung")" 2> /dev/null; }
patiently is_gone; ok $? "and ends the function"
described hung | grep -q '"RotationEnabled":false.*"AWSPENDING"'; ok $? "AWSPENDING is left to the caller"

# --- crashes
function_of steps 600 << 'BODY'
event=$(cat)
step=$(sed 's/.*"Step":"\([a-zA-Z]*\)".*/\1/' <<< "$event")
exec 9> "$world/lock"
flock -n 9 || echo "two at once at $step" >> "$world/taken"
echo "$step" >> "$world/taken"
[ "$(grep -c "^$step$" "$world/taken")" -ge 2 ] || exec sleep 1000 # to be killed with the server
[ "$step" != finishSecret ] || /usr/bin/python3 - "$event" << 'PYTHON'
import boto3, json, os, sys
event = json.loads(sys.argv[1])
client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
arn, token = event["SecretId"], event["ClientRequestToken"]
client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"])
stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
old = [version for version, labels in stages.items() if "AWSCURRENT" in labels][0]
client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old)
PYTHON
BODY
create crash '"old"'
: > "$world/taken"
rotate crash steps > /dev/null
for step in createSecret setSecret testSecret finishSecret; do
    patiently grep -q "^$step$" "$world/taken"
    kill -9 "$pid"
    wait "$pid" 2> /dev/null
    start_server
done
patiently is_rotated crash
[ "$(tr '\n' ' ' < "$world/taken")" = "createSecret createSecret setSecret setSecret testSecret testSecret finishSecret finishSecret " ] &&
    is_rotated crash; ok $? "a server killed at every step goes on where it was"
! grep 'two at once' "$world/taken"; ok $? "and never runs two functions for a secret"
answers "the new value is current" '"SecretString":"new"' GetSecretValue '{"SecretId":"crash"}'
stop_server; ok $? "stops cleanly"

# --- a store that cannot be written
if command -v sqlite3 > /dev/null; then
    database() { sqlite3 -cmd '.timeout 10000' "$world/store/store.db" "$1"; }
    start_server
    function_of counts 30 <<< 'echo x >> "$world/counted"'
    create counted '"x"'
    database "CREATE TRIGGER full BEFORE INSERT ON rotation WHEN NEW.step = 1
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    rotate counted counts > /dev/null
    patiently said 'the disk is full'; ok $? "a step whose end cannot be stored is reported"
    sleep 2
    [ "$(wc -l < "$world/counted")" -le 2 ]; ok $? "and not taken again and again"
    database 'DROP TRIGGER full'
    patiently said 'rotation of "counted": finishSecret failed: AWSCURRENT was not moved'
    ok $? "until it can be"
    stop_server
else
    skip "a step whose end cannot be stored is reported" "no sqlite3"
fi

# --- the schedule
old=$(password)
echo 0 > "$world/clock"
start_server --clock "$world/clock"
create full '"x"'
rotate full single_user '"RotateImmediately":false,"RotationRules":{"AutomaticallyAfterDays":1}' > /dev/null
patiently is_settled full
version=$(described full | grep -o '"[0-9a-f-]\{36\}":\["AWSCURRENT"' | cut -d'"' -f2)
for i in $(seq 19); do
    call UpdateSecretVersionStage "{\"SecretId\":\"full\",\"VersionStage\":\"l$i\",\"MoveToVersionId\":\"$version\"}"
done > /dev/null
echo $((31 * 86400)) > "$world/clock"
has_changed() { [ "$(password)" != "$old" ] && is_settled db && is_consistent 2> /dev/null; }
patiently has_changed; ok $? "when 30 days are over a secret is rotated unasked"
full="rotation of \"full\": cannot begin: You can't attach more than 20 staging labels"
patiently said "$full"; ok $? "one that cannot be says why"
sleep 2
[ "$(grep -cF "$full" "$world/log")" = 1 ]; ok $? "and waits for its next window"
stop_server; ok $? "stops cleanly with functions at work"

start_server --endpoint http://secrets.example:4584
function_of finds 30 <<< 'echo "$SECRETS_MANAGER_ENDPOINT" > "$world/found"; exit 1'
create found '"x"'
rotate found finds > /dev/null
found() { grep -qsx http://secrets.example:4584 "$world/found"; }
patiently found; ok $? "--endpoint says where functions find the server"
stop_server
finish
