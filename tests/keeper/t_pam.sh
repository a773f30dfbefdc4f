#!/bin/bash
# t_pam.sh - what pam_smcred asks, asked of a real smcredd by a client that says what it likes.
# shellcheck source=tests/keeper/pam_world.sh
. "$(dirname "$0")/pam_world.sh"

# pam VERB USER [TAG=TEXT]...: by sshd
pam() { client "pam_$1" service=sshd user="$2" "${@:3}"; }
# check USER PASSWORD [TAG=TEXT]...
check() { pam check "$1" name="users/$1" password="$2" "${@:3}"; }

hash=$(openssl passwd -6 -salt saltsalt 'hashed one')
printf '{"users/alice": {"password": "correct horse"}, "users/hash": {"password": "%s"}, "users/plain": "bare",
 "users/nothing": {"username": "nothing"}, "users/weak": {"password": "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0"},
 "users/robot": {"password": "robot"}, "users/mallory": {"password": "m"}, "users/eve": {"password": "e"},
 "prod/orders/db": {"username": "app", "password": "canary-of-orders", "host": "127.0.0.1", "port": 6543}}' \
    "$hash" >"$dir/secrets.json"
{
    printf '[keeper]\nsources = file\nmodule_dir = %s\nadmin = %s\n[file]\npath = %s\n[audit]\nfile = %s\n' \
        "$top_builddir/.libs" "$me" "$dir/secrets.json" "$dir/audit.jsonl"
    printf '[target orders]\nsecret = prod/orders/db\nmatch = orders-db.internal\nallow = %s\ntls = disable\n' "$me"
    printf '[pam]\ncallers = %s\ntries = 3\ntries_window = 30d\n' "$me"
    printf '[pam sshd]\nsecrets = users/*\nsupply = orders\nallow = %s\nrhost = 192.0.2.0/24 local\n' "$me"
    printf '[pam su]\nsecrets = users/*\ntries = 1000\n'
    printf '[pam never]\nallow = %s\nhours = 00:00-00:01\nrhost = nowhere.example\n' "$me"
} >"$dir/smcred.conf"
start_keeper

like "the right password is right" "$(check alice 'correct horse')" 'status: ok'
like "no other is" "$(check alice 'correct hors')" '*status: denied*text 1: the password is wrong*'
unlike "which no rule has decided" "$(check alice 'x')" '*text 2:*'
like "nothing is none" "$(check alice '')" 'status: denied*'
like "a secret that is text alone is a password" "$(check plain bare)" 'status: ok'
like "a hash fits what it was made of" "$(check hash 'hashed one')" 'status: ok'
like "and not itself" "$(check hash "$hash")" 'status: denied*'
like "a secret without a password is no door" "$(check nothing '')" 'status: invalid*'
like "nor is one with a hash of the old kind" "$(check weak pencil)" 'status: invalid*'
like "a target's secret is no user's" "$(pam check alice name=orders password=canary-of-orders)" \
    'status: denied*text 2: pam sshd: secrets = users/\**'
like "no name climbs out of its pattern" "$(pam check alice name=users/../prod/orders/db password=x)" 'status: denied*text 2:*'
like "who is not there is not found" "$(check nobody-here x)" 'status: not found*'
like "a service without names checks nothing" \
    "$(client pam_check service=other user=alice name=users/alice password='correct horse')" 'status: denied*pam other: no secrets*'
every=$(python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(1, 256)))' | tr -d '\n' | base64 -w0)
like "a name of every byte is a name" \
    "$(python3 - "$here" "$dir/run/control.sock" "$every" <<'PY'
import base64, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import control_client as c
user = base64.b64decode(sys.argv[3])
s = c.connect(sys.argv[2])
s.send(c.request(16, b"".join(c.field(t, v) for t, v in
    ((4, b"users/alice"), (32, b"sshd"), (8, user), (33, b"correct horse"), (36, user), (37, b"\x1b[2J\n")))))
c.show(c.answer(s))
PY
)" 'status: ok*'

# The first one was wrong twice above.
check mallory no rhost=192.0.2.66 >/dev/null
check mallory no rhost=192.0.2.66 >/dev/null
check mallory no rhost=192.0.2.66 >/dev/null
like "three wrong ones from one host are enough" "$(check mallory m rhost=192.0.2.66)" \
    'status: limited*too many wrong passwords: none is looked at until ??:??:??*'
like "another host is not that host" "$(check mallory m rhost=192.0.2.67)" 'status: ok'
like "another user is not that user" "$(check eve e rhost=192.0.2.66)" 'status: ok'
for name in a b c d e f g h i j k l; do check "spray-$name" x rhost=192.0.2.68 >/dev/null; done
like "names tried on spec cost as much" "$(check eve e rhost=192.0.2.68)" 'status: limited*'
for i in 1 2 3; do check alice x$i rhost=192.0.2.69; check eve x$i rhost=192.0.2.69; check plain x$i rhost=192.0.2.69
    check hash x$i rhost=192.0.2.69; done >/dev/null
like "one host has four times as many for everybody" "$(check robot robot rhost=192.0.2.69)" 'status: limited*'
robots=()
for i in $(seq 12); do check robot robot rhost=192.0.2.70 >"$dir/robot.$i" & robots+=($!); done
wait "${robots[@]}"
is "many may log in at once" "$(cat "$dir"/robot.* | sort | uniq -c | tr -s ' ')" ' 12 status: ok'

like "a target that policy names is supplied" "$(pam supply "$me" name=orders)" '*descriptor*'
like "no other name is" "$(pam supply "$me" name=users/alice)" 'status: denied*pam sshd: supply = orders*'
like "nor anything by a service without names" "$(client pam_supply service=other user=alice name=orders)" 'status: denied*no supply*'

like "who is allowed may come in" "$(pam account "$me" rhost=192.0.2.1)" '*status: ok*'
like "also from here" "$(pam account "$me")" '*status: ok*'
like "not from elsewhere" "$(pam account "$me" rhost=198.51.100.7)" 'status: denied*from*198.51.100.7*by rule*text 2: pam sshd: rhost*'
like "nor who is not listed" "$(pam account daemon)" 'status: denied*"daemon" may not come in by sshd*text 2: pam sshd: allow*'
like "nor who is nobody here" "$(pam account no-such-user)" 'status: not found*'
like "a service with [pam] alone allows nobody" "$(client pam_account service=other user="$me")" 'status: denied*pam other: no allow*'

# in_login SERVICE USER COMMAND...: inside a login
in_login() { python3 "$here/pam_login.py" "$dir/run/control.sock" "$1" "$2" -- "${@:3}" 2>&1; }
ask_inside() { python3 "$here/control_client.py" "$dir/run/control.sock" "$@"; }
export -f in_login ask_inside
export here dir
audited() { grep "$1" "$dir/audit.jsonl" | tail -1; }

said=$(in_login sshd "$me" bash -c 'ask_inside refresh name=orders')
like "a login is opened, and told what there is to type" "$said" "open: ok*psql -h orders-db.internal*orders*close: ok*"
like "what is done in it is the person's" "$(audited '"event":"refresh"')" \
    "*\"human\":\"$me\",\"login_service\":\"sshd\",\"login_tty\":\"pts/9\",\"login_rhost\":\"192.0.2.9\",\"login_session\":*"
in_login sshd daemon bash -c 'in_login sudo root bash -c "ask_inside refresh name=orders"' >/dev/null
like "also in the login that sudo opens inside it" "$(audited '"event":"refresh"')" '*"human":"daemon","login_service":"sshd"*'
like "whose own line says so, too" "$(audited '"event":"pam_close","id":"[0-9a-f]*","asked_user":"root"')" '*"human":"daemon"*"outcome":"closed","reason":"logout"*'
ask_inside refresh name=orders >/dev/null
unlike "outside nobody is known" "$(audited '"event":"refresh"')" '*"human"*'
like "who is nobody here opens nothing" "$(in_login sshd no-such-user true)" 'open: not found*'
# As another uid, which may enter the runtime directory but not the test's.
cat >"$dir/close.py" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import control_client as c
os.chdir(sys.argv[2])
s = c.connect("control.sock")
s.send(c.request(19, c.field(32, b"sshd") + c.field(8, b"root")))
login = c.answer(s)[1][38].encode()
for uid in 1, 0:
    os.seteuid(uid)
    s = c.connect("control.sock")
    s.send(c.request(20, c.field(38, login)))
    c.show(c.answer(s))
PY
if [ "$(id -u)" = 0 ]; then
    like "nobody ends a login that another uid has opened" \
        "$(python3 "$dir/close.py" "$here" "$dir/run" 2>&1)" 'status: denied*root, or by who has opened it*status: ok'
    like "and who tried to is written down" "$(audited '"event":"pam_close".*"outcome":"refused"')" \
        '*"operator":"daemon"*"asked_user":"root","asked_service":"sshd","login":*"rule":"pam: who opened it"*'
else
    skip "nobody ends a login that another uid has opened" "needs root"
fi
like "an unknown login is not closed" "$(client pam_close session=00000000000000aa)" 'status: not found*'
python3 "$here/pam_login.py" "$dir/run/control.sock" sshd "$me" --leave >/dev/null
wait_for grep -q '"outcome":"lost","reason":"its process ended' "$dir/audit.jsonl"
like "a process that died has ended its login" "$(audited '"event":"pam_close"')" "*\"human\":\"$me\"*\"outcome\":\"lost\"*"

# A login goes on while the keeper is started again.
killed() { [ "$(grep -c "info: ready" "$dir/log")" -ge 2 ]; }
export -f killed wait_for
export parent
like "administrators see who is logged in" "$(in_login sshd daemon bash -c 'ask_inside status')" \
    '*"logins": [[]{*"human": "daemon"*"rhost": "192.0.2.9"*"service": "sshd"*"tty": "pts/9"*'
like "and have a password read again" "$(client refresh name=users/alice)" '*"status": "ok"*'
said=$(in_login sshd "$me" bash -c 'kill -9 "$(pgrep -P "$parent" -f smcredd)"; wait_for killed; ask_inside refresh name=orders')
like "a restart of the keeper forgets nobody" "$(audited '"event":"refresh"')" "*\"human\":\"$me\",\"login_service\":\"sshd\"*"
like "whose login is closed as any other" "$said" '*close: ok*'
like "nor does it forget a wrong password" "$(check mallory m rhost=192.0.2.66)" 'status: limited*'

client pam_open service=sudo user=root ruser=daemon >/dev/null
like "where no login is around, the person is who called sudo" \
    "$(audited '"event":"pam_open"')" '*"human":"daemon","login_service":"sudo"*"asked_user":"root"*'

# The right one is answered at once, a wrong one when Secrets Manager has been asked: long enough to know.
check eve e rhost=192.0.2.91 >/dev/null # in the cache, or nobody would know anything yet
for i in 1 2 3 4; do
    python3 - "$here" "$dir/run/control.sock" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import control_client as c
c.connect(sys.argv[2]).send(c.request(16, b"".join(c.field(t, v) for t, v in
    ((4, b"users/eve"), (32, b"sshd"), (8, b"eve"), (33, b"guess"), (36, b"192.0.2.90")))))
PY
done
guesses() { grep '"event":"pam_check"' "$dir/audit.jsonl" | grep -c '192.0.2.90.*the password is wrong\|192.0.2.90.*too many'; }
soon "who hangs up before the verdict is written down" 4 guesses
like "and has guessed all the same" "$(check eve e rhost=192.0.2.90)" 'status: limited*'

like "the audit log says who wanted what from where" "$(grep '"event":"pam_check"' "$dir/audit.jsonl" | grep '192.0.2.66')" \
    '*"asked_user":"mallory","asked_service":"sshd","asked_rhost":"192.0.2.66","secret":"users/mallory"*"outcome":"refused"*'
is "every line of it is JSON" "$(python3 -c 'import json, sys
print(sum("event" in json.loads(line) for line in open(sys.argv[1])) > 40)' "$dir/audit.jsonl")" True
is "no password is in it, nor in the log" "$(grep -lE 'correct hors|hashed one|canary-of-orders' "$dir/audit.jsonl" "$dir/log")" ""

sed -i 's/"users\/alice": {"password": "correct horse"}/"users\/alice": {"password": "battery staple"}/' "$dir/secrets.json"
su_check() { client pam_check service=su user=alice name=users/alice password="$1" rhost=192.0.2.71; }
# What was typed, wrong, at a plain password and at a hash: a worker, crypt(3) and the loop have had it.
typed='typed-and-wrong-8c1fe2'
client pam_check service=su user=alice name=users/alice password="$typed" >/dev/null
client pam_check service=su user=hash name=users/hash password="$typed" >/dev/null
client pam_change service=su user=alice name=users/alice old="$typed" password="$typed-Y2" >/dev/null
keeper=$(pgrep -P "$parent" -f smcredd)
search=$top_builddir/tests/root/secret_search
# AddressSanitizer's shadow is of terabytes.
if [ "$(id -u)" = 0 ] && [ -x "$search" ] && grep -q secretmem "/proc/$keeper/maps" && ! grep -q libasan "/proc/$keeper/maps"; then
    python3 -c "import time; time.sleep(60)" "$typed" & # one that has it, to see that it is seen
    holder=$!
    eventually 4 grep -q "$typed" "/proc/$holder/cmdline"
    printf %s "$typed" | "$search" --pid "$holder" >"$dir/search"
    is "a search finds what was typed where it is" "$?" 1
    kill "$holder"
    printf %s "$typed" | "$search" --pid "$keeper" >"$dir/search"
    is "nothing typed is left in what root can read of the keeper's memory" "$? $(grep -v 'not found' "$dir/search")" "0 "
else
    skip "nothing typed is left in what root can read of the keeper's memory" "needs root, memfd_secret(2) and no AddressSanitizer"
fi

soon "a new password counts at once" 'status: ok' su_check 'battery staple'
soon "and the old one no longer" 'status: denied*' su_check 'correct horse'
client revoke kind=secret name=users/alice >/dev/null
like "what an administrator revokes is no door" "$(check alice 'battery staple' rhost=192.0.2.72)" 'status: revoked*'

sed -i "s/^callers = .*/callers = daemon/" "$dir/smcred.conf"
if [ "$(id -u)" = 0 ]; then
    skip "a process that policy does not name may not ask" "root always may"
else
    kill -HUP "$parent"
    wait_for grep -q "info: reloaded" "$dir/log"
    like "a process that policy does not name may not ask" "$(check eve e)" 'status: denied*callers = daemon*'
fi
done_testing
