# SPDX-License-Identifier: LGPL-2.1-or-later
# mariadb.sh - MariaDB, as tests of any engine speak of it.  Sourced by world.sh; postgres.sh says what each name means.
#
# shellcheck shell=bash disable=SC2154,SC2034 # WORLD_* come from the world, the rest is the tests'
engine_rotated=mariadb
engine_served=mysql
words_refused="Access denied for user '"
words_locked='Access denied, this account is locked'
words_ours='smcred: '
words_of_an_end='ERROR '
wrong_in_a_turn=3 # no salt warns; it is two on a machine at rest, and the budget at any time
words_of_a_change='it asks without a salt'
reads_in_a_window=3
words_of_a_loss='Lost connection to '
whoami='select substring_index(current_user(), "@", 1)'
client_name=mariadb
needs_engine() {
    command -v mariadb-install-db >/dev/null && id mysql >/dev/null 2>&1 || skip_all "needs MariaDB"
}
about_engine() {
    export WORLD_TARGET=billing WORLD_DATABASE=billing WORLD_HOST=$WORLD_MARIADB_HOST WORLD_PORT=$WORLD_MARIADB_PORT \
        WORLD_ROLE=$WORLD_MARIADB_ROLE WORLD_SECRET=$WORLD_MARIADB_SECRET WORLD_PASSWORD_FILE=$WORLD_MARIADB_PASSWORD_FILE
    database_log=$WORLD_LOG/mariadb.log
}

client() { query_client as_alice "$@"; }
query() { client "${@:2}" -e "$1" 2>&1; }
query_as() { query_client "$1" "${@:3}" -e "$2" 2>&1; }
query_client() { "$1" mariadb --no-defaults --skip-ssl -nNBr -h "$WORLD_HOST" "${@:2}"; }
to_target() { echo "-h localhost -S $WORLD/run/$1/mysql.sock"; }
as_user() { echo "-u $1"; }
to_database() { echo "-D $1"; }

where_am_i() { query 'select concat(substring_index(current_user(), "@", 1), " at ", @@port)'; }

in_the_database() { in_mariadb -NBr <<<"$1" 2>&1; } # by stdin, for it may have a password

gets_in() {
    [ "$(MYSQL_PWD=$1 mariadb --no-defaults -NB --ssl-ca "$WORLD_CA" -h 127.0.0.1 -P "$WORLD_PORT" -u "$WORLD_ROLE" -e 'select 1' 2>&1)" = 1 ]
}

sql_of_user() { echo "create user $1@'127.0.0.1' identified by '$2'; grant all on billing.* to $1@'127.0.0.1'"; }
sql_of_master() { echo "create user $1@'127.0.0.1' identified by '$2'; grant all on *.* to $1@'127.0.0.1' with grant option"; }
sql_of_twin() { sql_of_user "$1_clone" "$2"; }
sql_of_password() { echo "alter user $1@'127.0.0.1' identified by '$2'"; }
sql_to_lock() { echo "alter user $1@'127.0.0.1' account lock"; }
sql_to_unlock() { echo "alter user $1@'127.0.0.1' account unlock"; }
proofs() { in_the_database "show global status like 'Aborted_connects'" | cut -f2; } # its log says nothing of them
change_behind() { query "execute immediate concat('set pass', 'word = password(''$1'')')" >/dev/null; }
may_change_itself() { :; }
may_be_mended() { :; }

refusals() { grep -c "$words_refused${1:-}.*using password" "$database_log"; }
refusals_there() { database_log=$other_log refusals "$@"; }
visits() { grep -c "user.*$1" "$database_log"; }
visits_there() { grep -c "$1" "$other_log"; }
words_to() { echo "$words_refused$1"; }
open_sessions() { in_the_database "select count(*) from information_schema.processlist where user = '$1'"; }

forgets_the_old() { :; }

# Whoever changes users waits for this one; who logs in does not.
locked() {
    mkfifo "$dir/lock"
    in_mariadb -nNB <"$dir/lock" >"$dir/lock.out" 2>&1 &
    locker=$!
    exec 6>"$dir/lock"
    echo "flush tables with read lock; select 'locked';" >&6
    eventually 20 grep -q locked "$dir/lock.out"
}
in_set_secret() {
    [ "$(in_the_database "select count(*) from information_schema.processlist where user <> 'root' and info like 'SET PASSWORD%' and state <> ''")" = 1 ]
}
unlocked() {
    echo 'unlock tables;' >&6
    exec 6>&-
    wait "$locker"
    rm "$dir/lock" "$dir/lock.out"
}

other_database() {
    local other=$WORLD/my/other as=(setpriv --reuid=mysql --regid=mysql --init-groups)
    other_log=$WORLD_LOG/other.log
    install -d -o mysql "$other"
    install -m 600 -o mysql "$1".key "$1".crt "$other"
    "${as[@]}" mariadb-install-db --no-defaults --datadir="$other/data" --skip-test-db --skip-name-resolve \
        --auth-root-authentication-method=socket --auth-root-socket-user=root >"$dir/install.log" 2>&1
    "${as[@]}" mariadbd --no-defaults --datadir="$other/data" --socket="$other/s" --pid-file="$other/pid" \
        --bind-address=127.0.0.1 --port="$other_port" --ssl-ca="$WORLD_CA" --ssl-cert="$other/${1##*/}.crt" \
        --ssl-key="$other/${1##*/}.key" --skip-name-resolve --innodb-buffer-pool-size=16M \
        --innodb-use-native-aio=0 >"$other_log" 2>&1 </dev/null &
    at_exit "kill -KILL $!; wait $! 2>/dev/null"
    eventually 60 in_the_other "create database if not exists billing"
}
in_the_other() { mariadb --no-defaults -NBr -S "$WORLD/my/other/s" -u root <<<"$1"; }

socket_name=mysql.sock
bad_client=client_mysql.py
bad_clients() {
    cat <<'END'
garbage|* smcred: *|says what is wrong
http|* smcred: *|says what is wrong
huge|* smcred: *too long*|says what is wrong
cut|* smcred: *malformed*|says what is wrong
empty|* smcred: *malformed*|says what is wrong
bad-attributes|* smcred: *malformed*|says what is wrong
long-user|* smcred: *too long*|says what is wrong
out-of-order|* smcred: *out of order|says what is wrong
old|1235 smcred: clients from before MySQL 4.1 are not served|says what is wrong
truncated|closed|who leaves in the middle hears nothing
login|*1045 28000 smcred: target billing logs in as *not as*alice*|another user is refused
no-user|*in pong|a response without one is served
END
}

# SHA-1 of the password logs in as well as it does.
know_the_keys() {
    planted=14
    openssl dgst -sha1 -binary <"$WORLD_PASSWORD_FILE" >"$dir/stage1"
    chmod 600 "$dir/stage1"
}
look() {
    search "$@" || return
    "$top_builddir/tests/root/secret_search" "$@" <"$dir/stage1"
}
