# SPDX-License-Identifier: LGPL-2.1-or-later
# redis_world.sh - sourced by t_redis.sh and t_killed_redis.sh: a Redis that speaks TLS, beside what manager.sh has.
#
# shellcheck shell=bash disable=SC2154,SC2034,SC2119,SC2120 # top_srcdir and top_builddir come from make; the rest is the tests'
. "$top_srcdir/tests/rotate/manager.sh" || exit 1
for need in redis-server redis-cli; do
    command -v $need >/dev/null || skip_all "$need is not installed"
done
engine=redis
database_pid=

# acl WORD...: the superuser's answer
acl() { REDISCLI_AUTH=roots redis-cli -s "$dir/r/s" --user root "$@" 2>&1; }
up() { [ "$(acl ping)" = PONG ]; }

# start_redis [OPTION...]: with TLS on $port, and a Unix socket
start_redis() {
    redis-server "$dir/r/conf" --dir "$dir/r" --unixsocket "$dir/r/s" --tls-port "$port" --port 0 "$@" >>"$dir/r/log" 2>&1 &
    database_pid=$!
    ready() { up || ! kill -0 "$database_pid"; }
    eventually 60 ready && up
}
stop_redis() {
    [ -z "$database_pid" ] || { kill -KILL "$database_pid" && wait "$database_pid"; } 2>/dev/null
    database_pid=
}

make_redis() {
    mkdir "$dir/r"
    make_certificates "$dir/r"
    echo "user default off
user root on >roots ~* &* +@all" >"$dir/r/users"
    cat >"$dir/r/conf" <<CONF
bind 127.0.0.1
save ""
slowlog-log-slower-than 0
aclfile $dir/r/users
tls-cert-file $dir/r/server.crt
tls-key-file $dir/r/server.key
tls-ca-cert-file $dir/tls/ca.pem
tls-auth-clients no
CONF
    local tries
    for tries in 1 2 3 4 5; do # somebody may take the port before Redis does
        port=$(free_port)
        start_redis && return
        stop_redis
    done
    return 1
}

# query USER PASSWORD WORD...: over TLS, as applications log in; "select 1" answers 1, as in SQL
query() {
    [ "${*:3}" != 'select 1' ] || set -- "$1" "$2" echo 1
    REDISCLI_AUTH=$2 redis-cli -h 127.0.0.1 -p "$port" --tls --cacert "$dir/tls/ca.pem" --user "$1" "${@:3}" 2>&1
}

end_world() {
    end_server
    stop_redis
}

needs_world() {
    at_exit end_world
    make_redis || skip_all "Redis does not start here"
    start_server || { not_ok "smcred-server starts" "$(cat "$dir/server.log")"; done_testing; exit 1; }
}
