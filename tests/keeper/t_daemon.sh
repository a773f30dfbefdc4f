#!/bin/bash
# t_daemon.sh - smcredd as a whole, without root: bad clients, reload, restart, documents.
set -u
here=$(dirname "$0")
command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
dir=$(mktemp -d)
count=0
me=$(id -un)
keeper_user=()
[ "$(id -u)" != 0 ] || keeper_user=(--user root --relay-user root)

ok()
{
    count=$((count + 1))
    if "${@:2}" >"$dir/why" 2>&1; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        sed 's/^/# /' "$dir/why" "$dir/log"
    fi
}

# wait_for COMMAND...: until it is true, a minute at most.
wait_for()
{
    local i
    for ((i = 0; i < 1200; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

says()
{
    local pattern=$1
    shift
    "$@" >"$dir/said" 2>&1
    cat "$dir/said"
    grep -qE -- "$pattern" "$dir/said"
}

# lacks PATTERN COMMAND...: it says something, and not that.
lacks()
{
    local pattern=$1
    says . "${@:2}" && ! grep -qE -- "$pattern" "$dir/said"
}

client()
{
    python3 "$here/control_client.py" "$dir/run/control.sock" "$@"
}

write_config()
{
    printf '[keeper]\nsources = file\nmodule_dir = %s\nadmin = %s\n[file]\npath = %s\n[audit]\nfile = %s\n' \
        "$top_builddir/.libs" "$me" "$dir/secrets.json" "$dir/audit.jsonl"
    printf '[target orders]\nsecret = prod/orders/db\nmatch = orders-db.internal\nallow = %s\ntls = disable\n' "$me"
    printf '[target billing]\nsecret = prod/billing\nmatch = billing-db.internal\nallow_value = %s\ntls = disable\n' "$me"
}

keeper_pid()
{
    ps -o pid=,comm= --ppid "$parent" | awk '$2 == "smcredd-keeper" { print $1 }'
}

finish()
{
    [ -z "${listener:-}" ] || kill "$listener" 2>/dev/null
    [ -z "${parent:-}" ] || { kill "$parent" 2>/dev/null; wait "$parent" 2>/dev/null; }
    rm -rf "$dir"
}
trap finish EXIT

umask 077
printf '{"prod/orders/db": {"username": "app", "password": "pw-orders", "host": "127.0.0.1", "port": 6543},
 "prod/billing": {"username": "bill", "password": "pw-billing", "host": "127.0.0.1"}}' >"$dir/secrets.json"
write_config >"$dir/smcred.conf"
export ASAN_OPTIONS=detect_leaks=0 # the keeper may not be traced, not even by itself
smcredd=("$top_builddir/smcredd" --config "$dir/smcred.conf" --runtime-dir "$dir/run"
    --relay-program "$top_builddir/smcred-relay" "${keeper_user[@]}")

# What systemd would hear: one word a line.
python3 -c 'import os, socket, sys
os.umask(0)
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
open(sys.argv[1] + ".bound", "w").close()
while True:
    word = heard.recv(100).decode()
    print(word, end="", flush=True)
    if "STOPPING" in word:
        break' "$dir/notify" >"$dir/heard" 2>&1 &
listener=$!
ok "somebody listens for readiness" wait_for test -e "$dir/notify.bound"
NOTIFY_SOCKET=$dir/notify "${smcredd[@]}" 2>"$dir/log" </dev/null &
parent=$!
ok "starts, and says so" wait_for grep -q "info: ready" "$dir/log"
ok "also to systemd" wait_for grep -qx READY=1 "$dir/heard"
ok "a second one on the same directory is refused" says 'run: another smcredd runs there' timeout 20 "${smcredd[@]}"

client --hostile idle >"$dir/idle" 2>&1 & # that takes the keeper's patience, so it runs beside
idle=$!

check() { "$top_builddir/smcredd" --config "$1" --check-config "${keeper_user[@]}"; }
ok "a good configuration is ok" says ': ok, 2 targets' check "$dir/smcred.conf"
ok "opens a socket per target" test -S "$dir/run/billing/.s.PGSQL.5432"
ok "writes the index" test -s "$dir/run/index"

ok "lists the targets that one may reach" says '"name": "orders"' client targets
ok "and no others" lacks '"name": "billing"' client targets
ok "explains by host" says '"decision": "allow".*"target": "orders"' client explain host=Orders-DB.internal.
ok "explains a refusal by its rule" says '"decision": "deny".*target billing: no allow' client explain host=billing-db.internal
ok "explains a strange host" says '"decision": "none".*unless the name.s addresses' client explain host=example.org
ok "a target's name is a target, and no host" says "as a host it is not smcred's" client explain host=orders
ok "explains by socket directory" says '"target": "orders"' client explain "host=$dir/run/orders"
ok "connects to nothing unknown" says 'not found' client connect target=nothing
ok "refuses a connection by rule" says 'target billing: no allow' client connect target=billing
ok "gives a descriptor to who is allowed" says 'descriptor' client connect target=orders
ok "gives a page to allow_value" says 'descriptor' client resolve name=billing
ok "denies the value to others, by rule" says 'target orders: no allow_value' client resolve name=orders
ok "knows a secret by its own name" says 'descriptor' client resolve name=prod/billing
ok "reads a secret again for an administrator" says '"status": "ok"' client refresh name=billing
ok "reads all again" says '"prod/billing", "stale": false, "status": "ok"' client refresh all=
ok "of the configuration, cached or not" grep -q '"prod/orders/db", "stale": false, "status": "ok"' "$dir/said"
ok "explains an address that only the secret says, as the shim means it" wait_for says '"target": "orders"' client explain host=127.0.0.1 port=6543
ok "shows the cache to an administrator" says '"secret": "prod/billing"' client status
ok "is ok" says '"state": "ok"' client status

ok "closes or answers a truncated request" says 'protocol|closed' client --hostile truncated
ok "a cut field" says 'protocol' client --hostile cut-field
ok "another version" says 'unsupported' client --hostile version
ok "an unknown verb" says 'unsupported' client --hostile verb
ok "garbage" says 'protocol' client --hostile garbage
ok "an oversized request" says 'too large' client --hostile oversized
ok "more than the verb takes" says 'too large' client --hostile too-large-for-verb
ok "a missing field" says 'invalid' client --hostile missing-field
ok "a NUL inside a name" says 'invalid' client --hostile nul
ok "an empty name" says 'invalid' client --hostile empty
ok "an uninvited descriptor" says 'too large' client --hostile descriptor
ok "a client that never reads" says 'status: ok' client --hostile deaf
ok "1000 idle connections" says 'crowd: 1000' client --hostile crowd
ok "others are served meanwhile" grep -q 'status: ok' "$dir/said"
wait "$idle"
ok "an idle client is let go" says 'closed' cat "$dir/idle"

ok "the audit log names the refusal" grep -q '"event":"value".*"rule":"target orders: no allow_value".*"outcome":"refused"' "$dir/audit.jsonl"
ok "every audit line is JSON" python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "$dir/audit.jsonl"
ok "no secret in log and audit" bash -c "! grep -q 'pw-orders\|pw-billing' '$dir/log' '$dir/audit.jsonl'"

mv "$dir/audit.jsonl" "$dir/audit.1" # as logrotate does
echo 'nonsense = 1' >>"$dir/smcred.conf"
kill -HUP "$parent"
ok "a broken reload keeps the old configuration" wait_for grep -q "the old configuration stays" "$dir/log"
ok "and says file, line and key" grep -q "smcred.conf:19: \[target billing\] nonsense: unknown key" "$dir/log"
ok "and goes on serving" says '"name": "orders"' client targets
ok "the audit log is opened again all the same" wait_for test -e "$dir/audit.jsonl"
mv "$dir/audit.1" "$dir/audit.jsonl" # which the next reload takes up again
write_config | sed 's/target billing/target ledger/' >"$dir/smcred.conf"
kill -HUP "$parent"
ok "a good reload is taken" wait_for grep -q "reloaded: 2 targets" "$dir/log"
ok "with the new target's socket" test -S "$dir/run/ledger/.s.PGSQL.5432"
ok "and without the old one's" test ! -e "$dir/run/billing"

write_config | sed "s/target billing/target ledger/; s/^allow = /allow = deleted-since @deleted-group /" >"$dir/smcred.conf"
kill -HUP "$parent"
reloads() { [ "$(grep -c 'reloaded: 2 targets' "$dir/log")" = "$1" ]; }
ok "who does not exist any more is no reason to refuse a reload" wait_for reloads 2
ok "the log names him, with file and line" grep -q 'warning: .*smcred.conf:12: \[target orders\] allow: no user "deleted-since"' "$dir/log"
ok "and that group" grep -q 'warning: .*smcred.conf:12: \[target orders\] allow: no group "deleted-group"' "$dir/log"
ok "the others of the line keep their grants" says 'descriptor' client connect target=orders

# A full disk, as far as a test without root can have one: no file of the keeper's may grow beyond 1 MB.
yes '{"event":"filler"}' | head -n 60000 >>"$dir/audit.jsonl"
prlimit --pid "$(keeper_pid)" --fsize=1000000:
ok "what cannot be audited is not granted" says 'the audit log cannot be written' client resolve name=ledger
ok "status is answered all the same, and says so" says '"state": "degraded".*the audit log cannot be written' client status
kill -HUP "$parent"
ok "a reload is taken all the same" wait_for reloads 3
prlimit --pid "$(keeper_pid)" --fsize=unlimited:
ok "with room again, values are given again" says 'descriptor' client resolve name=ledger
ok "and all is ok" says '"state": "ok"' client status

write_config | sed '/^\[target orders\]/,/^tls/d' >"$dir/smcred.conf"
kill -HUP "$parent"
ok "a reload without a target is taken" wait_for grep -q "reloaded: 1 targets" "$dir/log"
ok "and its secret forgotten" lacks '"secret": "prod/orders/db"' client status
write_config | sed 's/target billing/target ledger/' >"$dir/smcred.conf"
kill -HUP "$parent"
ok "with the target again" wait_for reloads 4

write_config | sed "s/target billing/target ledger/; s/^\(admin\|allow\) = /&deleted-since /" >"$dir/smcred.conf"
victim=$(keeper_pid)
kill -9 "$victim"
ok "a killed keeper is started again" wait_for grep -q "ready again" "$dir/log"
ok "and knows the port that only the secret says, without asking for it" says '"target": "orders"' client explain host=orders-db.internal port=6543
ok "and serves" says '"name": "orders"' client targets

kill -9 "$parent"
wait "$parent"
NOTIFY_SOCKET=$dir/notify "${smcredd[@]}" 2>"$dir/log2" </dev/null &
parent=$!
ok "a parent that was killed can be started again" wait_for grep -q "info: ready" "$dir/log2"
ok "and serves" says '"name": "orders"' client targets

kill -TERM "$parent"
wait "$parent"
code=$?
parent=
lives() { grep -oE '"event":"(start|stop)"' "$dir/audit.jsonl" | tr -d '\n'; }
start='"event":"start"' stop='"event":"stop"'
ok "the audit log tells of the keeper that was killed, and of two that stopped" \
    test "$(lives)" = "$start$start$stop$start$stop"
ok "and tells systemd so" wait_for grep -qx STOPPING=1 "$dir/heard"
ok "ends when told to" test "$code" = 0
ok "and takes its sockets along" test ! -e "$dir/run/control.sock"
echo "1..$count"
