# SPDX-License-Identifier: LGPL-2.1-or-later
# mysql_world.sh - sourced by t_mysql_*.sh: a MariaDB that speaks TLS, beside what manager.sh has.
#
# shellcheck shell=bash disable=SC2154,SC2034,SC2119,SC2120 # top_srcdir and top_builddir come from make; the rest is the tests'
. "$top_srcdir/tests/rotate/manager.sh" || exit 1
for need in mariadbd mariadb-install-db mariadb; do
    command -v $need >/dev/null || skip_all "$need is not installed"
done
[ "$(id -u)" != 0 ] || id mysql >/dev/null 2>&1 || skip_all "root, and no user mysql"
engine=mariadb
database_pid=

as_database() {
    if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u mysql -- "$@"); else "$@"; fi
}

up() { sql "select 1"; }

# start_mariadb: the log has each statement, as it came; true when it answers
start_mariadb() {
    as_database mariadbd --no-defaults --datadir="$dir/my/data" --socket="$dir/my/s" --pid-file="$dir/my/pid" \
        --port="$port" --bind-address=127.0.0.1 --ssl-ca="$dir/tls/ca.pem" --ssl-cert="$dir/my/server.crt" \
        --ssl-key="$dir/my/server.key" --general-log --general-log-file="$dir/my/general" --log-bin="$dir/my/binlog" \
        --log-warnings=2 --innodb-buffer-pool-size=8M --innodb-flush-log-at-trx-commit=0 --sync-binlog=0 \
        --innodb-use-native-aio=0 "${plugins[@]}" "$@" >>"$dir/my/log" 2>&1 &
    database_pid=$!
    ready() { up || ! kill -0 "$database_pid"; }
    eventually 60 ready && up >/dev/null 2>&1
}
# runuser waits for it; the server itself is asked.
stop_mariadb() {
    [ ! -e "$dir/my/pid" ] || kill -KILL "$(cat "$dir/my/pid")" 2>/dev/null
    [ -z "$database_pid" ] || wait "$database_pid" 2>/dev/null
    rm -f "$dir/my/pid"
    database_pid=
}

make_mariadb() {
    mkdir "$dir/my"
    make_certificates "$dir/my"
    [ "$(id -u)" != 0 ] || chown -R mysql "$dir/my"
    as_database mariadb-install-db --no-defaults --datadir="$dir/my/data" --skip-test-db \
        --auth-root-authentication-method=normal >"$dir/install" 2>&1 || return 1
    plugins=()
    [ ! -e /usr/lib/mysql/plugin/auth_ed25519.so ] || plugins=(--plugin-load-add=auth_ed25519)
    local tries
    for tries in 1 2 3 4 5; do # somebody may take the port before MariaDB does
        port=$(free_port)
        start_mariadb && return
        stop_mariadb
    done
    return 1
}

# sql STATEMENT: the superuser's answer
sql() { mariadb --no-defaults -N -B -r -S "$dir/my/s" -u root -e "$1" 2>&1; }

# query USER PASSWORD STATEMENT: over TLS, as applications log in
query() {
    MYSQL_PWD=$2 mariadb --no-defaults -N -B -r -h 127.0.0.1 -P "$port" --ssl-ca "$dir/tls/ca.pem" \
        --connect-timeout=60 -u "$1" -e "$3" orders 2>&1
}

end_world() {
    end_server
    stop_mariadb
}

needs_world() {
    at_exit end_world
    make_mariadb || skip_all "MariaDB does not start here"
    start_server || { not_ok "smcred-server starts" "$(cat "$dir/server.log")"; done_testing; exit 1; }
    sql "create database orders; create user app@'127.%' identified by 'first'; grant all on orders.* to app@'127.%'"
}
