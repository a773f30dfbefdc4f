# SPDX-License-Identifier: LGPL-2.1-or-later
# redis.sh - Redis, as tests of any engine speak of it.  Sourced by world.sh; postgres.sh says what each name means.
# Its SQL is what Redis understands; but "select 1" and "select 'words';" it knows too.
#
# shellcheck shell=bash disable=SC2154,SC2034 # WORLD_* come from the world, the rest is the tests'
engine_rotated=redis
engine_served=redis
client_name=redis-cli
words_refused='WRONGPASS invalid username-password pair'
words_locked= # the same
words_of_a_change='it asks without a salt'
words_ours='smcred: '
words_of_an_end='smcred: '
whoami='acl whoami'
keys_kept=0 # the password itself is what logs in
wrong_in_a_turn=2 # it takes the password before, too; but a keeper that has not looked for two turns has none that is right
reads_in_a_window=1
words_of_a_loss='Error: '
old_goes_on=1
lock_of_all=1 # whoever waits, all do
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

where_am_i() { query 'client info' | sed 's/.* laddr=[^ ]*:\([0-9]*\) .* user=\([^ ]*\) .*/\2 at \1/'; }

in_the_database() { in_redis <<<"$1" 2>&1; }
hash_of() { printf '#%s' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }
sql_of_user() { echo "acl setuser $1 on $(hash_of "$2") ~* &* +@all -@admin"; }
sql_of_master() { echo "acl setuser $1 on $(hash_of "$2") ~* &* +@all"; }
sql_of_twin() { sql_of_user "$1_clone" "$2"; }
sql_of_password() { echo "acl setuser $1 resetpass $(hash_of "$2")"; }
change_behind() { alter "$WORLD_ROLE" "$1"; } # from somewhere else: in a session it is refused
may_change_itself() { in_redis acl setuser "$1" +acl >/dev/null; }
may_be_mended() { in_redis acl setuser "$WORLD_ROLE" -@admin >/dev/null; }

# Of wrong passwords there is a log, of visits none; but who visits here what is the other's has a wrong one.
wrong_passwords() {
    awk -v whose="$1" '
        last == "count" { count = $0 }
        last == "reason" { reason = $0 }
        last == "username" && reason == "auth" && (whose == "" || $0 == whose) { sum += count }
        { last = $0 }
        END { print sum + 0 }'
}
refusals() { in_redis acl log 1000 | wrong_passwords "${1:-}"; }
refusals_there() { in_the_other 'acl log 1000' | wrong_passwords "${1:-}"; }
visits() { refusals "$1"; }
visits_there() { refusals_there "$1"; }
words_to() { echo "$words_refused"; }

forgets_the_old() {
    in_redis acl setuser "$WORLD_ROLE" resetpass "$(in_redis acl list | grep "^user $WORLD_ROLE " | grep -o '#[0-9a-f]*' | tail -n 1)" >/dev/null
}

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

other_database() {
    local other=$WORLD/redis/other
    install -d -o redis "$other" "$other"/{data,socket}
    install -m 600 -o redis "$1".key "$1".crt "$other"
    printf 'user default off\nuser root on %s ~* &* +@all\n' "$(hash_of "$(cat "$WORLD/private/redis-root")")" |
        install -m 600 -o redis /dev/stdin "$other/data/users"
    sed "s|$WORLD/redis/server|$other/${1##*/}|; t; s|$WORLD/redis/|$other/|" "$WORLD/redis/conf" >"$other/conf"
    setpriv --reuid=redis --regid=redis --init-groups redis-server "$other/conf" --port 0 --tls-port "$other_port" \
        >"$WORLD_LOG/other.log" 2>&1 </dev/null &
    at_exit "kill -KILL $!; wait $! 2>/dev/null"
    is_up() { [ "$(in_the_other ping)" = PONG ]; }
    eventually 60 is_up
}
in_the_other() {
    REDISCLI_AUTH=$(cat "$WORLD/private/redis-root") redis-cli -e -s "$WORLD/redis/other/socket/s" --user root <<<"$1"
}

# The password is all that logs in.
know_the_keys() { planted=14; }
look() { search "$@"; }

open_sessions() { in_redis client list | grep -c " user=$1 "; }
