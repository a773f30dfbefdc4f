# SPDX-License-Identifier: LGPL-2.1-or-later
# postgres.sh - PostgreSQL, as tests of any engine speak of it.  Sourced by world.sh; mariadb.sh has the same names.
#
# shellcheck shell=bash disable=SC2154,SC2034 # WORLD_* come from the world, the rest is the tests'
engine_rotated=postgres # what secrets and smcred-rotate call it
engine_served=postgres  # what smcred.conf does
words_refused='password authentication failed for user "' # then who
words_ours='FATAL:  smcred: '
words_of_an_end='FATAL:  '
whoami='select session_user'
needs_engine() { :; }
about_engine() { export WORLD_TARGET=orders WORLD_DATABASE=orders; }

# client [OPTION...]: alice's, with SQL on its standard input; query SQL [OPTION...]: what it answers, or its complaint
client() { as_alice psql -XAtq -h "$WORLD_HOST" "$@"; }
query() { client "${@:2}" -c "$1" 2>&1; }
# query_as WHO SQL: as_mallory, say
query_as() { "$1" psql -XAtq -h "$WORLD_HOST" -c "$2" 2>&1; }
# to_target NAME: options that lead a client to another target
to_target() { echo "-h $WORLD/run/$1"; }
as_user() { echo "-U $1"; }
to_database() { echo "-d $1"; }

# in_the_database SQL: what the superuser sees, past smcred
in_the_database() { (cd / && as_postgres psql -XAtq -c "$1" 2>&1); }

# directly [OPTION...]: psql to the server itself, with the password on descriptor 3 or $PGPASSWORD
directly() {
    PGSSLROOTCERT=$WORLD_CA "$PGBIN/psql" -XAtq "$@" \
        "host=$WORLD_HOST hostaddr=127.0.0.1 port=$WORLD_PORT user=$WORLD_ROLE dbname=orders sslmode=verify-full" 2>&1
}
# gets_in PASSWORD: the secret's user, past smcred
gets_in() { [ "$(PGPASSWORD=$1 directly -c 'select 1')" = 1 ]; }

make_user() { in_the_database "create role $1 login password '$2'" >/dev/null; } # make_user USER PASSWORD
make_master() { in_the_database "create role $1 login createrole password '$2'" >/dev/null; }
# twin_of USER PASSWORD: one that is its alternate, and as good
twin_of() { in_the_database "create role $1_clone login password '$2' in role $1" >/dev/null; }
alter() { in_the_database "alter role $1 password '$2'" >/dev/null; } # alter USER PASSWORD
# change_behind PASSWORD: alice does it, in her session
change_behind() { query "do \$\$ begin execute 'alter role current_user password ''$1'''; end \$\$" >/dev/null; }
# may_be_mended: the world's user has rights that forbid it, or with which PostgreSQL 15 itself says no
may_be_mended() { in_the_database "alter role $WORLD_ROLE noreplication" >/dev/null; }

# refusals [USER]: wrong passwords that the database has seen
refusals() { grep -c "$words_refused${1:-}" "$WORLD_LOG/postgres.log"; }
# open_sessions USER: how many the database has
open_sessions() { in_the_database "select count(*) from pg_stat_activity where usename = '$1'"; }

# locked: somebody changes WORLD_ROLE and does not commit, so that setSecret waits; unlocked: he rolls back
locked() {
    mkfifo "$dir/lock"
    (cd / && exec as_postgres psql -XAtq) <"$dir/lock" >"$dir/lock.out" 2>&1 &
    locker=$!
    exec 6>"$dir/lock"
    echo "begin; alter role $WORLD_ROLE connection limit 200; select 'locked';" >&6
    eventually 20 grep -q locked "$dir/lock.out"
}
in_set_secret() {
    [ "$(in_the_database "select count(*) from pg_stat_activity where application_name = 'smcred-rotate' and wait_event_type = 'Lock'")" = 1 ]
}
unlocked() {
    echo 'rollback;' >&6
    exec 6>&-
    wait "$locker"
    rm "$dir/lock" "$dir/lock.out"
}
