# tests/relay/world.sh - sourced by t_*.sh: TAP, one relay under the scripted keeper, one PostgreSQL
# or MariaDB.
# Everything lives in $world and ends with the shell.

world=$(mktemp -d)
chmod 755 "$world"
keeper=$top_builddir/tests/relay/scripted_keeper
relay=$top_builddir/smcred-relay
pg_bin=${PG_BIN:-/usr/lib/postgresql/15/bin}
# A sanitizer keeps what was freed; the test of back-pressure wants to see what is in use.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
socket_name=.s.PGSQL.5432 # as psql expects it
count=0
keeper_pid=
server_pid=
holder_pid=
mariadb_pid=

as_nobody_special() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

clean_up() {
    [ -z "$keeper_pid" ] || kill "$keeper_pid" 2>/dev/null
    [ -z "$server_pid" ] || kill "$server_pid" 2>/dev/null
    [ ! -s "$world/my/pid" ] || kill "$(cat "$world/my/pid")"
    [ -z "$mariadb_pid" ] || wait "$mariadb_pid" 2>/dev/null
    [ -z "$holder_pid" ] || kill "$holder_pid" 2>/dev/null
    [ ! -d "$world/pg/data" ] || as_nobody_special "$pg_bin/pg_ctl" -D "$world/pg/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$world"
}
trap clean_up EXIT

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# ok SENTENCE COMMAND...: the test passes if the command does.
ok() {
    local sentence=$1
    shift
    count=$((count + 1))
    if "$@"; then
        echo "ok $count - $sentence"
    else
        echo "not ok $count - $sentence"
        tail -n 5 "$world/k/out" "$world/k/err" 2>/dev/null | sed 's/^/# /'
    fi
}

plan() {
    echo "1..$count"
}

# Waits, a minute at most, until a command succeeds.
until_true() {
    local i
    for i in $(seq 1200); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

# start_keeper OPTION...: a relay that listens in $world/k; what it says is in $world/k/out.
start_keeper() {
    stop_keeper
    mkdir -p "$world/k"
    : >"$world/k/out"
    "$keeper" --relay "$relay" --listen "$world/k/$socket_name" --log-level debug "$@" \
        >"$world/k/out" 2>"$world/k/err" </dev/null &
    keeper_pid=$!
    until_true grep -q '^READY' "$world/k/out"
    relay_pid=$(sed -n 's/^READY relay=//p' "$world/k/out")
}

stop_keeper() {
    [ -n "$keeper_pid" ] || return 0
    kill "$keeper_pid" 2>/dev/null
    wait "$keeper_pid" 2>/dev/null
    keeper_pid=
}

# said PATTERN: the relay has told the keeper so, or does soon.
said() {
    until_true grep -qE "$1" "$world/k/out"
}

# Certificates: ca.pem; server.pem for orders-db.internal and 127.0.0.1; other.pem, a stranger's CA.
make_certificates() {
    mkdir -p "$world/tls"
    (
        cd "$world/tls" || exit 1
        for name in ca other; do
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
                -subj "/CN=$name" -keyout $name.key -out $name.pem
        done
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -subj /CN=orders-db.internal -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:orders-db.internal,IP:127.0.0.1' >ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
            -extfile ext -out server.pem
        chmod 644 server.key
    ) >/dev/null 2>&1
}

# A port below those that the kernel gives away by itself, and free just now.
free_port() {
    python3 -c '
import random, socket
while True:
    port = random.randrange(10000, 30000)
    try:
        socket.socket().bind(("127.0.0.1", port))
        break
    except OSError:
        pass
print(port)'
}

# The server of t_*hostile.sh; it listens at $port.
start_server() { # CASE [CERT KEY]
    [ -z "$server_pid" ] || { kill "$server_pid"; wait "$server_pid" 2>/dev/null; }
    rm -f "$world/port"
    python3 "$top_srcdir/tests/relay/$hostile_server" "$@" >"$world/port" 2>"$world/server.err" &
    server_pid=$!
    until_true test -s "$world/port"
    port=$(cat "$world/port")
}

client() { # [CASE]
    timeout 60 python3 "$top_srcdir/tests/relay/$hostile_client" "$world/k/$socket_name" "$@" 2>&1
}

says() { # PATTERN [CLIENT CASE]
    local pattern=$1 words
    shift
    words=$(client "$@")
    echo "$words" | grep -qE "^$pattern\$" || { echo "# $words"; return 1; }
}

same_relay_lives() {
    kill -0 "$relay_pid" && [ "$(grep -c exited "$world/k/out")" = 0 ]
}

# $closed becomes a port where nobody listens, nor can while this test runs.
hold_closed_port() {
    exec 7< <(exec python3 -c '
import signal, socket
holder = socket.socket()
holder.bind(("127.0.0.1", 0))
print(holder.getsockname()[1], flush=True)
signal.pause()')
    holder_pid=$!
    read -r closed <&7
}

# A real PostgreSQL with roles app (SCRAM), md (md5) and clear (cleartext), all with password "right".
start_postgres() {
    make_certificates
    mkdir "$world/pg"
    [ "$(id -u)" != 0 ] || chown postgres "$world/pg"
    echo right >"$world/password"
    as_nobody_special "$pg_bin/initdb" -D "$world/pg/data" -U postgres -A scram-sha-256 \
        --no-sync --pwfile="$world/password" >/dev/null 2>&1 || return 1
    install -m 600 "$world/tls/server.key" "$world/tls/server.pem" "$world/pg/data/"
    [ "$(id -u)" != 0 ] || chown postgres "$world/pg/data/server.key" "$world/pg/data/server.pem"
    cat >>"$world/pg/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$world/pg'
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
fsync = off
max_connections = 250
CONF
    cat >"$world/pg/data/pg_hba.conf" <<CONF
host all md 127.0.0.1/32 md5
host all clear 127.0.0.1/32 password
host all nologin 127.0.0.1/32 reject
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
CONF
    local tries
    for tries in 1 2 3 4 5; do # somebody may take the port before PostgreSQL does
        pg_port=$(free_port)
        as_nobody_special "$pg_bin/pg_ctl" -D "$world/pg/data" -l "$world/pg/log" -o "-p $pg_port" -t 120 -w start \
            >/dev/null && break
        [ "$tries" != 5 ] || return 1
    done
    PGPASSWORD=right "$pg_bin/psql" -qX -h 127.0.0.1 -p "$pg_port" -U postgres postgres <<SQL
create role app login password 'right';
create role clear login password 'right';
set password_encryption = md5;
create role md login password 'right';
create database app owner app;
SQL
}

# psql through the relay.
sql() {
    PGCONNECT_TIMEOUT=20 timeout 60 "$pg_bin/psql" -qXAt -h "$world/k" -U alice -d app "$@" 2>&1
}

mariadb_as_mysql() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u mysql -- "$@"
    else
        "$@"
    fi
}

# A real MariaDB in $world/my with accounts, all with password "right": app, also for TLS only as
# tlsapp; twofold, whose first method nobody here can speak; and closed, which is locked.
start_mariadb() {
    local tries
    make_certificates
    mkdir "$world/my"
    install -m 600 "$world/tls/server.key" "$world/tls/server.pem" "$world/my/"
    [ "$(id -u)" != 0 ] || chown -R mysql "$world/my"
    cat >"$world/my/my.cnf" <<CONF
[mariadbd]
datadir = $world/my/data
socket = $world/my/socket
pid-file = $world/my/pid
bind-address = 127.0.0.1
ssl-cert = $world/my/server.pem
ssl-key = $world/my/server.key
plugin-load-add = auth_ed25519
performance-schema = on
local-infile = on
log-bin = binlog
server-id = 1
innodb-buffer-pool-size = 16M
innodb-log-file-size = 8M
innodb-flush-log-at-trx-commit = 0
CONF
    mariadb_as_mysql mariadb-install-db --defaults-file="$world/my/my.cnf" --skip-test-db \
        --auth-root-authentication-method=normal >"$world/my.log" 2>&1 || return 1
    for tries in 1 2 3 4 5; do # somebody may take the port before MariaDB does
        my_port=$(free_port)
        mariadb_as_mysql mariadbd --defaults-file="$world/my/my.cnf" --port="$my_port" >>"$world/my.log" 2>&1 &
        mariadb_pid=$!
        until_true mariadb_is_up_or_gone
        kill -0 "$mariadb_pid" 2>/dev/null && break
        [ "$tries" != 5 ] || return 1
    done
    directly -e "
create user app identified by 'right', twofold identified via ed25519 using password('right')
    or mysql_native_password using password('right');
create user closed identified by 'right' account lock;
create user tlsapp identified by 'right' require ssl;
create database app;
grant all on *.* to app, twofold, tlsapp;"
}

mariadb_is_up_or_gone() {
    ! kill -0 "$mariadb_pid" || directly -e 'select 1'
}

# mariadb, as its root, and not through the relay.
directly() {
    timeout 60 mariadb --no-defaults -S "$world/my/socket" -u root "$@"
}

# mariadb through the relay.
mysql() {
    timeout 60 mariadb --no-defaults -BN -S "$world/k/socket" -u alice "$@" 2>&1
}
