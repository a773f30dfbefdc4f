#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_relay_postgres.sh - the relay between psql and a real PostgreSQL, with a scripted keeper.
. "$top_srcdir/tests/relay/world.sh"

[ -x "$pg_bin/initdb" ] || skip_all "no PostgreSQL server in $pg_bin"
command -v openssl >/dev/null || skip_all "no openssl program"
command -v python3 >/dev/null || skip_all "no python3"
[ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1 || skip_all "root, and no user postgres"
start_postgres || skip_all "PostgreSQL does not start here"

ca=$world/tls/ca.pem
tls() {
    start_keeper --host orders-db.internal --port "$pg_port" --tls full --ca "$ca" "$@"
}
plain() {
    start_keeper --host localhost --port "$pg_port" "$@"
}
answers() { # WANTED SQL
    [ "$(sql -c "$2")" = "$1" ]
}
fails_with() { # PATTERN
    local words
    words=$(sql -c 'select 1')
    echo "$words" | grep -qE "$1" || { echo "# $words"; return 1; }
}

# ---- logging in ----
tls --password right
ok "logs in as the secret's user, whoever the client says it is" answers app 'select current_user'
ok "over TLS" answers t 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
ok "with the channel bound" said 'SCRAM .*mechanism=SCRAM-SHA-256-PLUS'
ok "into the database the keeper says" \
    [ "$(timeout 60 "$pg_bin/psql" -qXAt -h "$world/k" -U alice elsewhere -c 'select current_database()' 2>&1)" = app ]
ok "with the human's stamp" answers 'psql alice@bastion' 'show application_name'
ok "passes the client's settings on" [ "$(PGOPTIONS='-c work_mem=77kB' sql -c 'show work_mem')" = 77kB ]
ok "tells the keeper what the client wished" said 'OPEN .*user=alice dbname=app application=psql'
ok "tells the keeper who logged in, and how" said 'LOGGED_IN .*tls=TLSv1.3 pid=[0-9]+'
ok "tells the keeper how it ended" said 'ENDED .*in=[1-9][0-9]* out=[1-9][0-9]* outcome=closed'

plain --password right
ok "logs in without TLS where the keeper says so" answers app 'select current_user'
ok "and then without channel binding" said 'SCRAM .*mechanism=SCRAM-SHA-256 '
start_keeper --host "$world/pg/.s.PGSQL.$pg_port" --unix "$world/pg/.s.PGSQL.$pg_port" --password right
ok "logs in over a Unix socket" answers app 'select current_user'
plain --user md --password right
ok "logs in with md5" answers md 'select current_user'
tls --user clear --password right
ok "logs in with a cleartext password to a verified server" answers clear 'select current_user'
ok "and says that it was verified" said 'CLEARTEXT .*verified'
start_keeper --host 127.0.0.1 --port "$pg_port" --tls ca --ca "$ca" --user clear --password right
ok "does not call a server verified whose name was not" fails_with 'no cleartext password without verified TLS'
plain --user clear --password right
ok "nor one without TLS" fails_with 'no cleartext password without verified TLS'
start_keeper --host 127.0.0.1 --port "$pg_port" --tls full --ca "$ca" --password right
ok "verifies an address as a name" answers app 'select current_user'
hold_closed_port
start_keeper --host orders-db.internal --port "$closed" --port "$pg_port" --tls full --ca "$ca" --password right
ok "tries the next address when one refuses" answers app 'select current_user'

# ---- refusals ----
tls --password wrong --password right
ok "tries again with what the keeper says, unseen by the client" answers app 'select current_user'
ok "after telling why" said 'REFUSED .*sqlstate=28P01'
tls --password wrong
ok "passes the server's own words on in the end" \
    fails_with 'FATAL:  password authentication failed for user "app"'
ok "and tells the keeper" said 'ENDED .*outcome=refused .*sqlstate=28P01'
tls --password right --dbname nowhere
ok "passes other errors on at once" fails_with 'FATAL:  database "nowhere" does not exist'
tls --password right --refuse
ok "says why the keeper refuses" fails_with 'FATAL:  smcred: rule orders/allow says no'
ok "with its hint" fails_with 'HINT:  ask for target orders'
start_keeper --host orders-db.internal --port "$pg_port" --tls full --ca "$world/tls/other.pem" --password right
ok "refuses a certificate of another CA" fails_with 'cannot trust the certificate of "orders-db.internal"'
start_keeper --host another.internal --port "$pg_port" --tls full --ca "$ca" --password right
ok "refuses a certificate of another name" fails_with 'cannot trust the certificate of "another.internal": hostname mismatch'
ok "before any password is asked for" [ "$(grep -c SCRAM "$world/k/out")" = 0 ]
start_keeper --host 127.0.0.2 --port "$pg_port" --tls full --ca "$ca" --password right
ok "refuses a certificate of another address" fails_with 'IP address mismatch'
start_keeper --host orders-db.internal --port "$closed" --tls full --ca "$ca" --password right
ok "says when nobody answers" fails_with 'cannot connect to "orders-db.internal": Connection refused'

# ---- sessions ----
tls --password right
interrupt() {
    local client
    timeout 60 "$pg_bin/psql" -qX -h "$world/k" app -c 'select pg_sleep(50)' >"$world/cancelled" 2>&1 &
    client=$!
    said 'LOGGED_IN' || return 1
    until_true sleeps || return 1
    pkill -INT -P "$client" psql
    wait "$client"
    grep -q 'canceling statement due to user request' "$world/cancelled"
}
sleeps() {
    [ "$(PGPASSWORD=right "$pg_bin/psql" -qXAt -h 127.0.0.1 -p "$pg_port" -U postgres -c \
        "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = 1 ]
}
ok "forwards Ctrl-C" interrupt
ok "and tells the keeper" said 'CANCELLED .*pid='
guess_keys() {
    python3 - "$world/k/.s.PGSQL.5432" <<'PY'
import socket, struct, sys
for pid in (0, 1, 4711):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(sys.argv[1])
    client.sendall(struct.pack(">IIII", 16, 80877102, pid, 0))
    assert client.recv(100) == b""
PY
}
ok "answers a cancel request with a wrong key by silence" guess_keys
ok "and tells the keeper that too" said 'ENDED .*outcome=refused .*unknown key'

sql -c "create table numbers as select g, md5(g::text) from generate_series(1, 300000) g" >/dev/null
copies() {
    sql -c 'copy numbers to stdout' >"$world/out" &&
        sql -c 'create table again (g int, m text)' && sql -c '\copy again from '"$world/out" &&
        answers 300000 'select count(*) from again join numbers using (g) where m = md5'
}
ok "copies out and in, unchanged" copies
rss_kib() {
    awk '/^VmHWM/ { print $2 }' "/proc/$relay_pid/status"
}
does_not_read() {
    python3 - "$world/k/.s.PGSQL.5432" <<'PY'
import socket, struct, sys, hashlib
client = socket.socket(socket.AF_UNIX)
client.settimeout(60)
client.connect(sys.argv[1])
options = b"user\0alice\0\0"
client.sendall(struct.pack(">II", len(options) + 8, 0x30000) + options)
buffered = b""
while not buffered.endswith(b"Z\0\0\0\5I"):
    buffered += client.recv(4096)
query = b"select repeat('x', 8000) from generate_series(1, 8000)\0"
client.sendall(b"Q" + struct.pack(">I", len(query) + 4) + query)
other = socket.socket(socket.AF_UNIX)   # somebody else is served meanwhile
other.settimeout(60)
other.connect(sys.argv[1])
other.sendall(struct.pack(">II", len(options) + 8, 0x30000) + options)
seen = b""
while not seen.endswith(b"Z\0\0\0\5I"):
    seen += other.recv(4096)
total = 0
while total < 64000000:
    got = client.recv(1 << 16)
    assert got
    total += len(got)
PY
}
before=$(rss_kib)
ok "waits for a client that does not read, and serves others" does_not_read
ok "without piling up what it does not take" [ $(($(rss_kib) - before)) -lt 4096 ]

many() {
    local i pids=() failed=0
    for i in $(seq 200); do
        timeout 300 "$pg_bin/psql" -qXAt -h "$world/k" app -c 'select pg_sleep(0.2)' >/dev/null 2>>"$world/many" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || failed=1
    done
    [ $failed = 0 ]
}
ok "serves 200 clients at once" many

# ---- the keeper comes and goes ----
tls --password right
coproc CLIENT { exec timeout 60 "$pg_bin/psql" -qXAt -h "$world/k" app 2>&1; }
client_pid=$CLIENT_PID
asks() { # SQL WANTED
    local line
    echo "$1" >&"${CLIENT[1]}"
    read -r -t 60 line <&"${CLIENT[0]}"
    [ "$line" = "$2" ] || { echo "# $line"; return 1; }
}
ok "keeps a session" asks 'select 1 + 1;' 2
kill -USR1 "$keeper_pid"
ok "tells a new keeper which sessions live" said 'ALIVE .*target=orders user=app dbname=app pid=[0-9]+ version=version-1'
ok "goes on with them" asks 'select 2 + 2;' 4
ok "and logs in with the new one" answers app 'select current_user'
kill -USR2 "$keeper_pid"
said 'ENDED .*outcome=ended' || true
ok "ends a session when the keeper says so, with its reason" \
    asks 'select 3 + 3;' 'FATAL:  smcred: revoked by an administrator'
wait "$client_pid" 2>/dev/null

tls --password right --die-on-open
ok "says so when the keeper dies during a login" fails_with 'FATAL:  smcred: the keeper does not answer'
tls --password right --silent-open --deadline-ms 1500
ok "does not wait for a keeper for ever" fails_with 'FATAL:  smcred: the keeper does not answer'
tls --password right --silent-proof --deadline-ms 1500
ok "nor for its proof" fails_with 'FATAL:  smcred: the keeper does not answer'

# ---- the end of the process ----
tls --password right
coproc LAST { exec timeout 60 "$pg_bin/psql" -qXAt -h "$world/k" app 2>&1; }
said LOGGED_IN
kill -HUP "$keeper_pid"
drained() {
    fails_with 'FATAL:  smcred: this relay is being replaced' &&
        echo 'select 5;' >&"${LAST[1]}" && read -r -t 60 line <&"${LAST[0]}" && [ "$line" = 5 ]
}
ok "takes nothing new when told to drain, and serves who is there" drained
wakes_up() {
    ! sleeps
}
interrupted() {
    echo 'select pg_sleep(50);' >&"${LAST[1]}"
    until_true sleeps || return 1
    pkill -INT -P "$LAST_PID" psql # which ends a script
    said 'CANCELLED .*pid=' && until_true wakes_up
}
ok "and still cancels for them" interrupted
ok "and ends with its last session" said 'RELAY exited status=0'
tls --password right
in_sandbox() {
    grep -q '^NoNewPrivs:.1' "/proc/$relay_pid/status" && grep -q '^CapPrm:.0*$' "/proc/$relay_pid/status" &&
        grep -q '^Seccomp:.2' "/proc/$relay_pid/status" && grep -qE '^Max core file size +0 +0' "/proc/$relay_pid/limits"
}
if grep -q "__asan_init" "$relay" "$top_builddir/.libs/smcred-relay" 2>/dev/null; then
    echo "# a sanitizer's build has no seccomp filter"
else
    ok "runs without privileges, behind a filter" until_true in_sandbox
fi
kill "$keeper_pid"
ok "ends when its parent is gone" said 'RELAY exited status=0'
plan
