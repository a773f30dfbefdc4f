# SPDX-License-Identifier: LGPL-2.1-or-later
# redis.sh - Redis, as tests of any engine speak of it.  Sourced by world.sh; postgres.sh says what each name means.
# Its SQL is what Redis understands; but "select 1" and "select 'words';" it knows too.
#
# shellcheck shell=bash disable=SC2154,SC2034 # WORLD_* come from the world, the rest is the tests'
engine_rotated=redis
engine_served=redis
client_name=redis-cli
words_refused='WRONGPASS invalid username-password pair'
words_ours='smcred: '
words_of_an_end='smcred: '
whoami='acl whoami'
keys_kept=0 # the password itself is what logs in
words_mended="who had given AWSCURRENT's back" # it may not change itself
needs_engine() {
    command -v redis-server >/dev/null && id redis >/dev/null 2>&1 || skip_all "needs Redis"
}
about_engine() {
    export WORLD_TARGET=cache WORLD_DATABASE=0 WORLD_HOST=$WORLD_REDIS_HOST WORLD_PORT=$WORLD_REDIS_PORT \
        WORLD_ROLE=$WORLD_REDIS_ROLE WORLD_SECRET=$WORLD_REDIS_SECRET WORLD_PASSWORD_FILE=$WORLD_REDIS_PASSWORD_FILE
}

client() { sed -u "s/^select '\(.*\)';/echo \"\1\"/" | as_alice redis-cli -h "$WORLD_HOST" "$@"; }
query() { query_as as_alice "$@"; }
query_as() {
    local words=$2
    [ "$words" != 'select 1' ] || words='echo 1'
    # shellcheck disable=SC2086 # it is words
    "$1" redis-cli -e -h "$WORLD_HOST" "${@:3}" $words 2>&1
}
to_target() { echo "-s $WORLD/run/$1/redis.sock"; }
as_user() { echo "--user $1 --no-auth-warning --pass x"; }
to_database() { echo "-n $1"; }

gets_in() {
    [ "$(REDISCLI_AUTH=$1 redis-cli -h 127.0.0.1 -p "$WORLD_PORT" --tls --cacert "$WORLD_CA" --user "$WORLD_ROLE" echo 1 2>&1)" = 1 ]
}

in_the_database() { in_redis <<<"$1" 2>&1; }
hash_of() { printf '#%s' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }
sql_of_user() { echo "acl setuser $1 on $(hash_of "$2") ~* &* +@all -@admin"; }
sql_of_master() { echo "acl setuser $1 on $(hash_of "$2") ~* &* +@all"; }
sql_of_twin() { sql_of_user "$1_clone" "$2"; }
sql_of_password() { echo "acl setuser $1 resetpass $(hash_of "$2")"; }
change_behind() { alter "$WORLD_ROLE" "$1"; } # from somewhere else: in a session it is refused
may_be_mended() { in_redis acl setuser "$WORLD_ROLE" -@admin >/dev/null; }

# Redis itself stands still, as it has no lock that ACL SETUSER would wait for.
redis_pid() { cut -d' ' -f1 "$WORLD/pids/redis"; }
locked() { kill -STOP "$(redis_pid)"; }
in_set_secret() { # smcred-rotate has a connection to it
    local pid socket port
    port=$(printf %04X "$WORLD_PORT")
    for pid in $(pgrep -x smcred-rotate); do
        for socket in $(awk -v port=":$port\$" '$3 ~ port && $4 == "01" { print $10 }' /proc/net/tcp); do
            find "/proc/$pid/fd" -lname "socket:?$socket?" 2>/dev/null | grep -q . && return
        done
    done
    return 1
}
unlocked() { kill -CONT "$(redis_pid)"; }

# The password is all that logs in.
know_the_keys() { planted=14; }
look() { search "$@"; }

open_sessions() { in_redis client list | grep -c " user=$1 "; }
