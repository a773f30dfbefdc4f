# SPDX-License-Identifier: LGPL-2.1-or-later
# postgres.sh - PostgreSQL, as tests of any engine speak of it.  Sourced by world.sh; mariadb.sh has the same names.
#
# shellcheck shell=bash disable=SC2154,SC2034 # WORLD_* come from the world, the rest is the tests'
engine_rotated=postgres # what secrets and smcred-rotate call it
engine_served=postgres  # what smcred.conf does
words_refused='password authentication failed for user "' # then who
words_locked=' is not permitted to log in'
words_ours='FATAL:  smcred: '
words_of_an_end='FATAL:  '
wrong_in_a_turn=0 # passwords, at most, when one is changed: its salt warns
words_of_a_change='its salt has changed since' # that the salt tells, as smcred simulate has it
reads_in_a_window=2
words_of_a_loss='server closed the connection unexpectedly'
whoami='select session_user'
client_name=psql
needs_engine() { :; }
about_engine() {
    export WORLD_TARGET=orders WORLD_DATABASE=orders
    database_log=$WORLD_LOG/postgres.log
}

# client [OPTION...]: alice's, with SQL on its standard input; query SQL [OPTION...]: what it answers, or its complaint
client() { as_alice psql -XAtq -h "$WORLD_HOST" "$@"; }
query() { client "${@:2}" -c "$1" 2>&1; }
# query_as WHO SQL [OPTION...]: as_mallory, say
query_as() { "$1" psql -XAtq -h "$WORLD_HOST" "${@:3}" -c "$2" 2>&1; }
# to_target NAME: options that lead a client to another target
to_target() { echo "-h $WORLD/run/$1"; }
as_user() { echo "-U $1"; }
to_database() { echo "-d $1"; }

# where_am_i: USER at PORT
where_am_i() { query "select session_user || ' at ' || inet_server_port()"; }

# in_the_database SQL: what the superuser sees, past smcred
in_the_database() { (cd / && as_postgres psql -XAtq -c "$1" 2>&1); }

# directly [OPTION...]: psql to the server itself, with the password on descriptor 3 or $PGPASSWORD
directly() {
    PGSSLROOTCERT=$WORLD_CA "$PGBIN/psql" -XAtq "$@" \
        "host=$WORLD_HOST hostaddr=127.0.0.1 port=$WORLD_PORT user=$WORLD_ROLE dbname=orders sslmode=verify-full" 2>&1
}
# gets_in PASSWORD: the secret's user, past smcred
gets_in() { [ "$(PGPASSWORD=$1 directly -c 'select 1')" = 1 ]; }

# sql_of_user, sql_of_master, sql_of_twin, sql_of_password USER PASSWORD: statements of the superuser
sql_of_user() { echo "create role $1 login password '$2'"; }
sql_of_master() { echo "create role $1 login createrole password '$2'"; }
sql_of_twin() { echo "create role $1_clone login password '$2' in role $1"; }
sql_of_password() { echo "alter role $1 password '$2'"; }
sql_to_lock() { echo "alter role $1 nologin"; } # the password is right, and opens nothing
sql_to_unlock() { echo "alter role $1 login"; }
# proofs: it grows by one with each right password that opens nothing
proofs() { grep -c "connection authenticated: identity=\"$WORLD_ROLE" "$database_log"; }
# change_behind PASSWORD: alice does it, in her session
change_behind() { query "do \$\$ begin execute 'alter role current_user password ''$1'''; end \$\$" >/dev/null; }
# may_change_itself USER: that was made by make_user or make_twin
may_change_itself() { :; }
# may_be_mended: the world's user has rights that forbid it, or with which PostgreSQL 15 itself says no
may_be_mended() { in_the_database "alter role $WORLD_ROLE noreplication" >/dev/null; }

# refusals [USER]: wrong passwords that the database has seen; visits USER: more than none if that one was there.
# refusals_there, visits_there: at the other one
refusals() { grep -c "$words_refused${1:-}" "$database_log"; }
refusals_there() { database_log=$other_log refusals "$@"; }
visits() { grep -c "user.*$1" "$database_log"; }
visits_there() { grep -c "$1" "$other_log"; }
# words_to USER: a part of what the database says when his password is wrong
words_to() { echo "$words_refused$1"; }
# open_sessions USER: how many the database has
open_sessions() { in_the_database "select count(*) from pg_stat_activity where usename = '$1'"; }

# forgets_the_old: the password before the last, in a database that takes both
forgets_the_old() { :; }

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

# other_database CERTIFICATE: another server, with this NAME.key and NAME.crt; at other_port
other_database() {
    local other=$WORLD/pg/other
    other_log=$other/log
    other_ctl() { (cd / && as_postgres "$PGBIN/pg_ctl" -D "$WORLD/pg/other" -o "-p $other_port" -l "$other_log" -t 120 -w "$@" >/dev/null 2>&1); }
    as_postgres "$PGBIN/initdb" -D "$other" -U postgres --no-sync --encoding=UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1
    install -m 600 -o postgres "$1".key "$1".crt "$other"
    cp "$WORLD/pg/data/pg_hba.conf" "$other/pg_hba.conf"
    sed "s|$WORLD/pg/server|$other/${1##*/}|" "$WORLD/pg/data/postgresql.conf" >"$other/postgresql.conf"
    at_exit "other_ctl -m immediate stop"
    other_ctl start && in_the_other "create database orders"
}
in_the_other() { (cd / && as_postgres psql -XAtq -p "$other_port" -c "$1"); }

# bad_clients: CASE|ANSWER|SENTENCE, what $bad_client does at the target's socket
socket_name=.s.PGSQL.5432
bad_client=client.py
bad_clients() {
    cat <<'END'
garbage|08P01 *impossible length*|says what is wrong
http|08P01 *impossible length*|says what is wrong
gigantic|08P01 *impossible length*|says what is wrong
tiny|08P01 *impossible length*|says what is wrong
no-terminator|08P01 *no terminator*|says what is wrong
version-2|0A000 *only version 3*|says what is wrong
truncated|closed|who leaves in the middle hears nothing
cancel|closed|nor does who guesses
login|28000 *|another user is refused
no-user|in|a startup packet without one is served
no-user-3.9|negotiate *in|what is new is negotiated
END
}

# know_the_keys: look [OPTION...] is search, also for what logs in as well as the password: SaltedPassword and
# ClientKey, which the keeper has
know_the_keys() {
    planted=18
    in_the_database "select rolpassword from pg_authid where rolname = '$WORLD_ROLE'" >"$dir/verifier"
    chmod 600 "$dir/verifier"
}
look() { search --scram "$dir/verifier" "$@"; }
