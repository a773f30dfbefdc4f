# SPDX-License-Identifier: LGPL-2.1-or-later
# world.sh - sourced by t_*.sh: a PostgreSQL that speaks TLS, beside what manager.sh has.
#
# shellcheck shell=bash disable=SC2154,SC2034 # top_srcdir and top_builddir come from make; the rest is the tests'
. "$top_srcdir/tests/rotate/manager.sh" || exit 1
pg_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$pg_bin/initdb" ] || skip_all "no PostgreSQL server"
[ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1 || skip_all "root, and no user postgres"
engine=postgres

as_database() {
    if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

pg_ctl() {
    as_database "$pg_bin/pg_ctl" -D "$dir/pg/data" -l "$dir/pg/log" -t 120 -w "$@" >/dev/null 2>&1
}

# Who may log in, and how, is the first of these lines that fits.
start_postgres() {
    mkdir "$dir/pg"
    make_certificates "$dir/pg"
    [ "$(id -u)" != 0 ] || chown -R postgres "$dir/pg"
    as_database "$pg_bin/initdb" -D "$dir/pg/data" -U postgres -A trust --no-sync \
        --encoding=UTF8 --locale=C.UTF-8 >/dev/null 2>&1 || return 1
    as_database tee -a "$dir/pg/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir/pg'
ssl = on
ssl_cert_file = '$dir/pg/server.crt'
ssl_key_file = '$dir/pg/server.key'
log_statement = all
log_connections = on
fsync = off
dynamic_shared_memory_type = mmap
CONF
    as_database tee "$dir/pg/data/pg_hba.conf" >/dev/null <<CONF
local all postgres trust
local all all scram-sha-256
host all trusting 127.0.0.1/32 trust
host all md5er 127.0.0.1/32 md5
host all all 127.0.0.1/32 scram-sha-256
CONF
    local tries
    for tries in 1 2 3 4 5; do # somebody may take the port before PostgreSQL does
        port=$(free_port)
        echo "port = $port" | as_database tee -a "$dir/pg/data/postgresql.conf" >/dev/null
        pg_ctl start && break
        [ "$tries" != 5 ] || return 1
    done
}

# sql STATEMENT [DATABASE]: the superuser's answer
sql() {
    as_database "$pg_bin/psql" -XAtq -h "$dir/pg" -p "$port" -U postgres -d "${2:-postgres}" -c "$1"
}

# query USER PASSWORD STATEMENT: over TLS, as applications log in
query() {
    PGPASSWORD=$2 PGSSLROOTCERT=$dir/tls/ca.pem PGCONNECT_TIMEOUT=60 "$pg_bin/psql" -XAtq -c "$3" \
        "host=$host hostaddr=127.0.0.1 port=$port user=$1 dbname=orders sslmode=verify-full" 2>&1
}

end_world() {
    end_server
    [ ! -e "$dir/pg/data/postmaster.pid" ] || pg_ctl -m immediate stop
}

needs_world() {
    at_exit end_world
    start_postgres || skip_all "PostgreSQL does not start here"
    start_server || { not_ok "smcred-server starts" "$(cat "$dir/server.log")"; done_testing; exit 1; }
    sql "create role app login password 'first'" && sql "create database orders owner app"
}
