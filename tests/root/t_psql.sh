#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_psql.sh - psql and its family feel as with a direct connection.
# SMCRED_LONG=1: \copy of 1 GB instead of 8 MB, pgbench for 60 s instead of 3.
. "$(dirname "$0")/world.sh"
needs_world
rows=65536 seconds=3 # 128 bytes a row
if [ -n "${SMCRED_LONG:-}" ]; then
    rows=8388608 seconds=60
fi
home=$WORLD/home/alice
cd "$home" || exit 99

cat >"$home/script.sql" <<'END'
create table item as select i, md5(i::text) from generate_series(1, 1000) i;
select count(*) from item;
END
is "-f runs a file" "$(as_alice psql -XAtqh "$WORLD_HOST" -f "$home/script.sql" 2>&1)" 1000
is "\\c changes the database" "$(printf '%s\n' '\c archive' 'select current_database();' |
    as_alice psql -XAtqh "$WORLD_HOST" 2>&1)" archive
like "\\conninfo names the host she typed" "$(as_alice psql -Xqh "$WORLD_HOST" -c '\conninfo' 2>&1)" "*$WORLD_HOST*"
is "the binary, as Debian's wrapper" "$(as_alice /usr/bin/psql -XAtqh "$WORLD_HOST" -c 'select 2' 2>&1)" 2
like "the database's errors arrive as it says them" "$(query 'select 1/0')" "ERROR:  division by zero"

# Ctrl-C: psql sends the CancelRequest from its SIGINT handler.
as_alice psql -XAtqh "$WORLD_HOST" -c 'select pg_sleep(60)' >"$dir/out" 2>&1 &
psql=$!
sleeping() { [ "$(in_the_database "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = "$1" ]; }
holds "a query sleeps" eventually 5 sleeping 1
started=$(date +%s%N)
kill -INT $psql
wait $psql
took=$((($(date +%s%N) - started) / 1000000))
like "Ctrl-C ends it" "$(cat "$dir/out")" "*canceling statement due to user request*"
in_time "within a second" $took 1000
holds "in the database too" eventually 5 sleeping 0

# COPY both ways.
query "create table bulk (i int, filler text)" >/dev/null
as_alice awk -v rows=$rows 'BEGIN { for (i = 0; i < rows; i++) printf "%d\t%0*d\n", i, 126 - length(i), i }' >"$home/in"
chown smcred-alice "$home/in"
is "\\copy in" "$(as_alice psql -XAth "$WORLD_HOST" -c "\\copy bulk from '$home/in'" 2>&1)" "COPY $rows"
is "\\copy out" "$(as_alice psql -XAth "$WORLD_HOST" -c "\\copy (select * from bulk order by i) to '$home/out'" 2>&1)" "COPY $rows"
is "with equal checksums" "$(sha256sum <"$home/out")" "$(sha256sum <"$home/in")"
rm -f "$home/in" "$home/out"

is "LISTEN and NOTIFY" "$(printf '%s\n' 'listen news;' "notify news, 'hello';" 'select 1;' |
    as_alice psql -XAtqh "$WORLD_HOST" 2>&1 | sed 's/ from server process.*//' | sort)" \
    "$(printf '%s\n' 1 'Asynchronous notification "news" with payload "hello" received' | sort)"

# \password would lock everybody out: it is refused, and so is the statement behind it.
new_password() {
    printf '%s\n' sesame sesame | setsid -w "$WORLD/bin/as_alice" psql -Xqh "$WORLD_HOST" \
        -v VERBOSITY=verbose -c '\password' -c 'select 2 + 3 as next' 2>&1
}
like "\\password is refused, says how it is done, and the session goes on" "$(new_password)" \
    "*ERROR:  42501: smcred: the password of \"$WORLD_ROLE\" *by rotation*HINT: *rotate*next*5*"
like "so is ALTER ROLE CURRENT_USER PASSWORD" \
    "$(query "alter role current_user password 'changed in passing'")" "ERROR:  smcred: the password of*"
is "in a transaction too, which goes on" "$(printf '%s\n' 'begin;' "alter role $WORLD_ROLE password null;" \
    'select 6;' 'commit;' | as_alice psql -XAtqh "$WORLD_HOST" 2>&1 | grep -v '^HINT' | cut -c 1-31)" \
    "ERROR:  smcred: the password of
6"
is "another role's password is the database's business" \
    "$(query "alter role somebody password 'x'")" 'ERROR:  role "somebody" does not exist'
is "and so are texts that merely contain the statement" \
    "$(query "select 'alter role current_user password ''x'''")" "alter role current_user password 'x'"
if as_alice python3 -c 'import psycopg2' 2>/dev/null; then
    cat >"$home/change.py" <<'END'
import psycopg2
connection = psycopg2.connect(host="orders-db.internal")
cursor = connection.cursor()
try:
    cursor.execute("ALTER USER current_user PASSWORD %s", ("sesame",))
except psycopg2.errors.InsufficientPrivilege as error:
    print(error.pgcode)
connection.rollback()
cursor.execute("select 7")
print(cursor.fetchone()[0])
END
    is "psycopg2 sees the refusal as what it is" "$(as_alice python3 "$home/change.py" 2>&1)" $'42501\n7'
fi

# It is no control: whoever wants to can.  Then the next rotation heals it.
is "who insists can change it" "$(query "do \$\$ begin execute 'alter role current_user password ''changed behind our back'''; end \$\$")" ""
sandbox rotate "$WORLD"
is "a password changed from inside locks nobody out once it is rotated" "$(query 'select 1')" 1

# Two hundred at once: each holds its session open until all of them are in.
query "create table present (pid int)" >/dev/null
everybody_in="do \$\$ begin for i in 1..3000 loop
    exit when (select count(*) from present) >= 200; perform pg_sleep(0.1); end loop; end \$\$"
for i in $(seq 200); do
    as_alice psql -XAtqh "$WORLD_HOST" -c "insert into present values (pg_backend_pid())" \
        -c "$everybody_in" -c "select count(*) from present" >"$dir/many.$i" 2>&1 &
done
wait
is "200 connections at once" "$(cat "$dir"/many.* | grep -c '^200$')" 200

if as_alice pg_dump --version >/dev/null 2>&1; then
    query "alter table item add primary key (i)" >/dev/null
    holds "pg_dump -j 4" as_alice pg_dump -h "$WORLD_HOST" -d orders -j 4 -Fd -f "$home/dump"
    holds "pg_restore -j 4" as_alice pg_restore -h "$WORLD_HOST" -d archive -j 4 "$home/dump"
    digest="select md5(string_agg(item::text, ',' order by i)) from item"
    is "gives back the same rows" "$(query "$digest" -d archive)" "$(query "$digest" -d orders)"
fi
if as_alice pgbench --version >/dev/null 2>&1; then
    holds "pgbench -i" as_alice pgbench -qi -s 1 -h "$WORLD_HOST" orders
    as_alice pgbench -c 8 -j 2 -T $seconds -h "$WORLD_HOST" orders >"$dir/pgbench" 2>&1
    is "pgbench -c 8 runs $seconds s" $? 0
    like "without an error" "$(cat "$dir/pgbench")" "*number of failed transactions: 0 *"
fi
holds "createdb" as_alice createdb -h "$WORLD_HOST" scratch
holds "vacuumdb -j" as_alice vacuumdb -q -j 2 -h "$WORLD_HOST" scratch
holds "dropdb" as_alice dropdb -h "$WORLD_HOST" scratch
done_testing
