# SPDX-License-Identifier: LGPL-2.1-or-later
# mariadb.sh - MariaDB, as tests of any engine speak of it.  Sourced by world.sh; postgres.sh says what each name means.
#
# shellcheck shell=bash disable=SC2154,SC2034 # WORLD_* come from the world, the rest is the tests'
engine_rotated=mariadb
engine_served=mysql
words_refused="Access denied for user '"
words_ours='smcred: '
words_of_an_end='ERROR '
whoami='select substring_index(current_user(), "@", 1)'
needs_engine() {
    command -v mariadb-install-db >/dev/null && id mysql >/dev/null 2>&1 || skip_all "needs MariaDB"
}
about_engine() {
    export WORLD_TARGET=billing WORLD_DATABASE=billing WORLD_HOST=$WORLD_MARIADB_HOST WORLD_PORT=$WORLD_MARIADB_PORT \
        WORLD_ROLE=$WORLD_MARIADB_ROLE WORLD_SECRET=$WORLD_MARIADB_SECRET WORLD_PASSWORD_FILE=$WORLD_MARIADB_PASSWORD_FILE
}

client() { query_client as_alice "$@"; }
query() { client "${@:2}" -e "$1" 2>&1; }
query_as() { query_client "$1" -e "$2" 2>&1; }
query_client() { "$1" mariadb --no-defaults --skip-ssl -nNBr -h "$WORLD_HOST" "${@:2}"; }
to_target() { echo "-h localhost -S $WORLD/run/$1/mysql.sock"; }
as_user() { echo "-u $1"; }
to_database() { echo "-D $1"; }

in_the_database() { in_mariadb -NBr <<<"$1" 2>&1; } # by stdin, for it may have a password

gets_in() {
    [ "$(MYSQL_PWD=$1 mariadb --no-defaults -NB --ssl-ca "$WORLD_CA" -h 127.0.0.1 -P "$WORLD_PORT" -u "$WORLD_ROLE" -e 'select 1' 2>&1)" = 1 ]
}

make_user() {
    in_the_database "create user $1@'127.0.0.1' identified by '$2'; grant all on billing.* to $1@'127.0.0.1'"
}
make_master() {
    in_the_database "create user $1@'127.0.0.1' identified by '$2'; grant all on *.* to $1@'127.0.0.1' with grant option"
}
twin_of() { make_user "$1_clone" "$2"; }
alter() { in_the_database "alter user $1@'127.0.0.1' identified by '$2'"; }
change_behind() { query "execute immediate concat('set pass', 'word = password(''$1'')')" >/dev/null; }
may_be_mended() { :; }

refusals() { grep -c "$words_refused${1:-}.*using password" "$WORLD_LOG/mariadb.log"; }
open_sessions() { in_the_database "select count(*) from information_schema.processlist where user = '$1'"; }

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
