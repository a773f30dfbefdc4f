#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_clients.sh - real clients, as the operator alice, through the shim and through the target's socket.
#
# Uses the world of $SMCRED_SANDBOX (a directory made by scripts/sandbox up), or makes one.  Root only.
. "$(dirname "$0")/../root/world.sh"
needs_root
if [ -n "${SMCRED_SANDBOX-}" ]; then
    # shellcheck source=/dev/null
    . "$SMCRED_SANDBOX/env" || exit 99
else
    needs_world
fi

work=$dir
home=$work/home
install -d -m 700 -o smcred-alice "$home"
host=$WORLD_HOST role=$WORLD_ROLE socket=$WORLD/run/orders
who='select current_user'

# Two ways to the same database, each a command to put before another.
shim() { timeout 240 as_alice env HOME="$home" PGDATABASE=orders "$@" 2>&1 </dev/null; }
plain() { timeout 240 as_alice env -u LD_PRELOAD HOME="$home" PGDATABASE=orders "$@" 2>&1 </dev/null; }
have() { as_alice sh -c "command -v $1" >/dev/null 2>&1; }
imports() { as_alice env -u LD_PRELOAD /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }
psql=$PGBIN/psql
psqlodbc=$(find /usr/lib -name psqlodbcw.so 2>/dev/null | head -n 1)

cat >"$work/with_psycopg2.py" <<'END'
import sys, psycopg2
conn = psycopg2.connect(host=sys.argv[1], dbname="orders")
cursor = conn.cursor(); cursor.execute("select current_user"); print(cursor.fetchone()[0])
print("password:", repr(conn.info.password))
END
cat >"$work/with_psycopg3.py" <<'END'
import asyncio, sys, psycopg
print(psycopg.connect(host=sys.argv[1], dbname="orders").execute("select current_user").fetchone()[0])
async def main():
    conn = await psycopg.AsyncConnection.connect(host=sys.argv[1], dbname="orders")
    print("async", (await (await conn.execute("select current_user")).fetchone())[0])
    await conn.close()
asyncio.run(main())
END
chmod 644 "$work"/*.py

matrix() { # WAY HOST: the same for both ways
    local way=$1 at=$2
    like "$way: psql -c" "$($way "$psql" -XAt -h "$at" -c "$who")" "$role"
    if [ -x /usr/bin/psql ]; then
        like "$way: Debian's psql" "$($way /usr/bin/psql -XAt -h "$at" -c "$who")" "*$role"
    else
        skip "$way: Debian's psql" "no wrapper"
    fi
    like "$way: \\c" "$($way "$psql" -XAt -h "$at" -c "$who" -c '\c archive' -c 'select current_database()')" \
        "*$role*archive"
    like "$way: \\conninfo shows what was asked for" "$($way "$psql" -X -h "$at" -c '\conninfo')" "*\"$at\"*"
    like "$way: sslmode=require" "$($way "$psql" -XAt "host=$at sslmode=require" -c "$who")" "$role"
    like "$way: sslmode=verify-full" "$($way "$psql" -XAt "host=$at sslmode=verify-full" -c "$who")" "$role"
    like "$way: createdb" "$($way createdb -h "$at" made_by_t_clients; echo $?)" "*0"
    like "$way: dropdb" "$($way dropdb -h "$at" made_by_t_clients; echo $?)" "*0"
    like "$way: pgbench -i" "$($way pgbench -h "$at" -i -q orders >/dev/null; echo $?)" 0
    like "$way: pgbench" "$($way pgbench -h "$at" -c 4 -T 1 -S orders)" "*number of failed transactions: 0 *"
    like "$way: pg_dump -j" "$($way pg_dump -h "$at" -j 2 -Fd -f "$home/$way.dump" orders; echo $?)" "*0"
    like "$way: pg_restore" "$($way pg_restore -h "$at" -d archive --clean --if-exists "$home/$way.dump"; echo $?)" "*0"
    like "$way: the restored table" "$($way "$psql" -XAt -h "$at" -d archive -c 'select count(*) from pgbench_accounts')" 100000
    like "$way: vacuumdb -j" "$($way vacuumdb -h "$at" -j 2 -q orders; echo $?)" "*0"
    if imports psycopg2; then
        like "$way: psycopg2, and it holds no password" "$($way /usr/bin/python3 "$work/with_psycopg2.py" "$at")" \
            "$role*password: @(None|'')"
    else
        skip "$way: psycopg2" "not installed"
    fi
    if imports psycopg; then
        like "$way: psycopg" "$($way /usr/bin/python3 "$work/with_psycopg3.py" "$at")" "$role*async $role"
    else
        skip "$way: psycopg" "not installed"
    fi
    if have pgcli; then
        like "$way: pgcli" "$($way sh -c "echo '$who;' | pgcli -h $at -d orders --no-password")" "*$role*"
    else
        skip "$way: pgcli" "not installed"
    fi
    if have isql && [ -n "$psqlodbc" ]; then
        like "$way: isql with psqlodbc" "$($way sh -c "echo '$who' | isql -b -k \
            'DRIVER=$psqlodbc;Servername=$at;Database=orders;'")" "*$role*"
    else
        skip "$way: isql with psqlodbc" "not installed"
    fi
    if perl -MDBD::Pg -e 1 2>/dev/null; then
        like "$way: DBD::Pg" "$($way /usr/bin/perl -MDBI -e 'my $db = DBI->connect("dbi:Pg:host=$ARGV[0];dbname=orders",
            undef, undef, {RaiseError => 1}); print $db->selectrow_array("select current_user")' "$at")" "$role"
    else
        skip "$way: DBD::Pg" "not installed"
    fi
}
shopt -s extglob
matrix shim "$host"
matrix plain "$socket"

# --- what an operator may have lying around leads nowhere else, and to no other credential ---
#
# Each answer says where it comes from: role and port of the server, and the name that the relay stamps.
# The other place is a server that asks for a password in the clear and keeps what it is told.
place="select current_user, current_setting('port'), current_setting('application_name') like '%smcred-alice%'"
ours="$role|$WORLD_PORT|t"
cat >"$work/decoy.pl" <<'END'
use strict; use warnings; use IO::Socket::INET;
my ($out, $ready) = @ARGV;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die;
open my $file, '>', $out or die; $file->autoflush(1);
open my $port, '>', "$ready.new" or die; print $port $server->sockport, "\n"; close $port; rename "$ready.new", $ready;
while (my $client = $server->accept) {
    while (1) {
        sysread($client, my $head, 8) == 8 or last;
        my ($len, $code) = unpack 'NN', $head;
        if ($code == 80877103 || $code == 80877104) { syswrite $client, 'N'; next }
        sysread $client, my $rest, $len - 8; print $file "startup $rest\n";
        syswrite $client, pack 'aNN', 'R', 8, 3;
        my $answer = ''; sysread $client, $answer, 4096; print $file "answer $answer\n"; last;
    }
    close $client;
}
END
perl "$work/decoy.pl" "$work/decoy" "$work/decoy.port" &
decoy_pid=$!
for ((i = 0; i < 400; i++)); do [ -s "$work/decoy.port" ] && break; sleep 0.05; done
decoy=$(cat "$work/decoy.port")
: >"$work/decoy.expected"

# goes_to_us SENTENCE [VARIABLE=VALUE...] -- [PSQL ARGUMENT...]: the answer is ours, the decoy hears nothing
goes_to_us() {
    local sentence=$1 variables=()
    shift
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    like "$sentence" "$(shim "${variables[@]}" "$psql" -wXAt "$@" -c "$place"; cmp "$work/decoy" "$work/decoy.expected")" "$ours"
}
# goes_nowhere SENTENCE PATTERN [VARIABLE=VALUE...] -- [PSQL ARGUMENT...]: an error, and nobody hears of it
goes_nowhere() {
    local sentence=$1 pattern=$2 variables=()
    shift 2
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    like "$sentence" "$(shim "${variables[@]}" "$psql" -wXAt "$@" -c "$place"; cmp "$work/decoy" "$work/decoy.expected" 2>&1; echo end)" \
        "${pattern}end"
}
# goes_elsewhere SENTENCE [VARIABLE=VALUE...] -- [PSQL ARGUMENT...]: the decoy is asked, and told her own password alone
goes_elsewhere() {
    local sentence=$1 variables=() heard
    shift
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    shim "${variables[@]}" "$psql" -wXAt "$@" -c "$place" >"$work/out"
    heard=$(tail -c "+$(($(stat -c %s "$work/decoy.expected") + 1))" "$work/decoy" | tr -c '[:print:]\n' ' ')
    like "$sentence" "$heard" "startup *user *answer p*from-pgpass*"
    unlike "and is not told ours" "$heard" "*$(cat "$WORLD_PASSWORD_FILE")*"
    cp "$work/decoy" "$work/decoy.expected"
}

conf=$home/.pg_service.conf
printf '%s\n' '[ours]' "host=$host" 'dbname=orders' '[elsewhere]' 'host=127.0.0.1' "port=$decoy" 'dbname=orders' \
    '[disguised]' "host=$host" 'hostaddr=127.0.0.1' "port=$decoy" 'dbname=orders' >"$conf"
printf '%s\n' '*:*:*:*:from-pgpass' >"$home/.pgpass"
chown smcred-alice "$conf" "$home/.pgpass"
chmod 600 "$home/.pgpass"
goes_to_us "a ~/.pgpass is not used" -- -h "$host"
goes_to_us "PGPASSFILE is not used" PGPASSFILE="$home/.pgpass" -- -h "$host"
goes_to_us "PGPASSWORD is not used" PGPASSWORD=wrong -- -h "$host"
goes_to_us "password= is not used" -- "host=$host password=wrong"
goes_to_us "PGHOST" PGHOST="$host" --
goes_to_us "PGSERVICE of ours" PGSERVICE=ours --
goes_to_us "service= of ours" -- service=ours
for mode in disable allow prefer require verify-ca verify-full; do
    goes_to_us "PGSSLMODE=$mode" PGSSLMODE=$mode -- -h "$host"
    goes_to_us "sslmode=$mode" -- "host=$host sslmode=$mode"
done
goes_to_us "a CA file that is not there" PGSSLROOTCERT=/nonexistent PGSSLMODE=verify-full -- -h "$host"
goes_to_us "a URI" -- "postgresql://$host/orders"
goes_to_us "a URI with the target's user" -- "postgresql://$role@$host/orders?sslmode=verify-full"
goes_to_us "a URI with a password" -- "postgresql://$role:wrong@$host/orders"
goes_to_us "key and value" -- "host=$host user=$role dbname=orders"
goes_to_us "PGHOSTADDR of the database's own address and port" PGHOSTADDR=127.0.0.1 PGPORT="$WORLD_PORT" -- -h "$host"
goes_to_us "two hosts, the first of which is not there" -- "host=127.0.0.1,$host port=1,5432 dbname=orders"
goes_nowhere "PGHOSTADDR of another server" "*FATAL:  smcred: PGHOSTADDR leads to *" PGHOSTADDR=127.0.0.1 PGPORT="$decoy" -- -h "$host"
goes_nowhere "also without TLS" "*FATAL:  smcred: PGHOSTADDR leads to *" PGHOSTADDR=127.0.0.1 PGPORT="$decoy" PGSSLMODE=disable -- -h "$host"
goes_nowhere "a name's other port, which a service brings" "*could not translate host name*" PGSERVICE=elsewhere -- -h "$host"
goes_nowhere "somebody else's name" "*FATAL:*smcred*" -- -U postgres -h "$host"
if imports psycopg; then
    like "PGHOSTADDR of another server, with psycopg" "$(shim PGHOSTADDR=127.0.0.1 PGPORT="$decoy" \
        /usr/bin/python3 "$work/with_psycopg3.py" "$host"; cmp "$work/decoy" "$work/decoy.expected" 2>&1)" "*PGHOSTADDR leads to *"
fi
goes_elsewhere "PGSERVICE of another server is another server" PGSERVICE=elsewhere --
goes_elsewhere "so is hostaddr= that was typed" -- "host=$host hostaddr=127.0.0.1 port=$decoy dbname=orders"
goes_elsewhere "or that a service has" PGSERVICE=disguised --
kill "$decoy_pid"
wait "$decoy_pid" 2>/dev/null
like "mallory is refused, with the rule's name" \
    "$(timeout 20 as_mallory "$psql" -XAt -h "$host" -d orders -c "$who" 2>&1 </dev/null)" "*FATAL:*smcred*"
unlike "the password is in nobody's answer" "$(shim "$psql" -XAt -h "$host" -c '\set')" "*$(cat "$WORLD_PASSWORD_FILE")*"
done_testing
