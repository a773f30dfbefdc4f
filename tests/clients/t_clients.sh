#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_clients.sh - PostgreSQL's clients, as the operator alice, by each way; and what she may have set.
#
# Uses the world of $SMCRED_SANDBOX (a directory made by scripts/sandbox up), or makes one.  Root only.
. "$(dirname "$0")/clients.sh"
shopt -s extglob
cp "$top_srcdir"/tests/clients/client.{py,php,pl} "$work"
clients_world

host=$WORLD_HOST role=$WORLD_ROLE
alice_has PGDATABASE=orders
who='select current_user'
psql=$PGBIN/psql
psqlodbc=$(have isql && find /usr/lib -name psqlodbcw.so | head -n 1)

# The clients of the distribution, this $way, which is `at` for their options and `place` for programs.
matrix() {
    local module answer
    is_client psql
    does "-c" "$($way "$psql" -XAt "${at[@]}" -c "$who")" "$role"
    does "\\c" "$($way "$psql" -XAt "${at[@]}" -c "$who" -c '\c archive' -c 'select current_database()')" "*$role*archive"
    does "\\conninfo shows what was asked for" "$($way "$psql" -X "${at[@]}" -c '\conninfo')" "*\"${at[1]}\"*"
    if [ "$way" != seccomp ]; then
        does "sslmode=require" "$($way "$psql" -XAt "host=${at[1]} sslmode=require" -c "$who")" "$role"
        does "sslmode=verify-full" "$($way "$psql" -XAt "host=${at[1]} sslmode=verify-full" -c "$who")" "$role"
    fi
    is_client "psql, Debian's wrapper"
    installed test -x /usr/bin/psql &&
        does "-c" "$($way /usr/bin/psql -XAt "${at[@]}" -c "$who")" "*$role"
    is_client "createdb, dropdb"
    does "create one" "$($way createdb "${at[@]}" made_by_t_clients; echo $?)" "*0"
    does "drop it" "$($way dropdb "${at[@]}" made_by_t_clients; echo $?)" "*0"
    is_client pgbench
    does "-i" "$($way pgbench "${at[@]}" -i -q orders >/dev/null; echo $?)" 0
    does "-c 4" "$($way pgbench "${at[@]}" -c 4 -t 200 -S orders)" "*number of failed transactions: 0 *"
    is_client "pg_dump, pg_restore"
    does "pg_dump -j" "$($way pg_dump "${at[@]}" -j 2 -Fd -f "$home/$way.dump" orders; echo $?)" "*0"
    does "pg_restore" "$($way pg_restore "${at[@]}" -d archive --clean --if-exists "$home/$way.dump"; echo $?)" "*0"
    does "all of it" "$($way "$psql" -XAt "${at[@]}" -d archive -c 'select count(*) from pgbench_accounts')" 100000
    is_client pg_dumpall
    does "the schemas" "$($way pg_dumpall "${at[@]}" -l orders --no-role-passwords -s | tail -n 3)" "*database cluster dump complete*"
    is_client pg_isready
    does "asks" "$($way pg_isready "${at[@]}")" "* - accepting connections"
    is_client reindexdb
    does "-t" "$($way reindexdb "${at[@]}" -t pgbench_tellers orders; echo $?)" "*0"
    is_client vacuumdb
    does "-j" "$($way vacuumdb "${at[@]}" -j 2 -q orders; echo $?)" "*0"
    for module in psycopg2 psycopg; do
        is_client "$module"
        installed imports $module &&
            does "logs in, and asks" "$($way /usr/bin/python3 "$work/client.py" $module "${place[@]}")" "$role 42"
    done
    is_client pgcli
    installed have pgcli &&
        does "asks" "$($way sh -c "echo '$who;' | pgcli ${at[*]} -d orders --no-password")" "*$role*"
    is_client "isql, psqlodbc"
    installed test -n "$psqlodbc" &&
        does "asks" "$($way sh -c "echo '$who' | isql -b -k 'DRIVER=$psqlodbc;Servername=${at[1]};Port=${at[3]-5432};Database=orders;'")" "*$role*"
    is_client "perl, DBD::Pg"
    installed loads DBD::Pg &&
        does "logs in, and asks" "$($way perl "$work/client.pl" Pg "${place[@]}")" "$role 42"
    for module in pgsql pdo_pgsql; do
        is_client "PHP, $module"
        installed has_extension $module || continue
        answer=$($way php "$work/client.php" $module "${place[@]}")
        case $way in
        shim) does_not_reach "$answer" "*could not translate host name*" ;; # it loads libpq with RTLD_DEEPBIND
        *) does "logs in, and asks" "$answer" "$role 42" ;;
        esac
    done
}
way=shim at=(-h "$host") place=("$host")
matrix
way=seccomp at=(-h 127.0.0.1 -p "$WORLD_PORT") place=(127.0.0.1 "$WORLD_PORT")
matrix
way=socket at=(-h "$WORLD/run/orders") place=("$WORLD/run/orders")
matrix
is_client "smcred connect"
does "starts psql" "$($way smcred connect orders -XAtc "$who")" "$role"
is_client "smcred connect --program pgcli"
installed have pgcli &&
    does "starts it" "$($way sh -c "echo '$who;' | smcred connect --program pgcli orders --no-password")" "*$role*"
table_is_kept t_clients.sh

# --- what an operator may have lying around leads nowhere else, and to no other credential ---
#
# Each answer says where it comes from: role and port of the server, and the name that the relay stamps.
# The other place is a server that asks for a password in the clear and keeps what it is told.
where="select current_user, current_setting('port'), current_setting('application_name') like '%smcred-alice%'"
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
    like "$sentence" "$(shim "${variables[@]}" "$psql" -wXAt "$@" -c "$where"; cmp "$work/decoy" "$work/decoy.expected")" "$ours"
}
# goes_nowhere SENTENCE PATTERN [VARIABLE=VALUE...] -- [PSQL ARGUMENT...]: an error, and nobody hears of it
goes_nowhere() {
    local sentence=$1 pattern=$2 variables=()
    shift 2
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    like "$sentence" "$(shim "${variables[@]}" "$psql" -wXAt "$@" -c "$where"; cmp "$work/decoy" "$work/decoy.expected" 2>&1; echo end)" \
        "${pattern}end"
}
# goes_elsewhere SENTENCE [VARIABLE=VALUE...] -- [PSQL ARGUMENT...]: the decoy is asked, and told her own password alone
goes_elsewhere() {
    local sentence=$1 variables=() heard
    shift
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    shim "${variables[@]}" "$psql" -wXAt "$@" -c "$where" >"$work/out"
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
        /usr/bin/python3 "$work/client.py" psycopg "$host"; cmp "$work/decoy" "$work/decoy.expected" 2>&1)" "*PGHOSTADDR leads to *"
fi

# What smcred connect starts gets there whatever she has set.
hostile=(PGHOST=127.0.0.1 PGHOSTADDR=127.0.0.1 PGPORT="$decoy" PGSERVICE=elsewhere PGPASSWORD=wrong PGUSER=postgres PGDATABASE=nowhere)
for way in shim socket; do
    is "smcred connect, psql, $way" \
        "$($way "${hostile[@]}" smcred connect orders -wXAtc "$where"; cmp "$work/decoy" "$work/decoy.expected" 2>&1)" "$ours"
    if have pgcli; then
        like "smcred connect, pgcli, $way" "$($way sh -c "echo \"$where;\" | env \"\$@\" smcred connect --program pgcli orders --no-password" \
            sh "${hostile[@]}"; cmp "$work/decoy" "$work/decoy.expected" 2>&1)" "*| $role *| $WORLD_PORT *| True *"
    else
        skip "smcred connect, pgcli, $way" "not installed"
    fi
done
goes_elsewhere "PGSERVICE of another server is another server" PGSERVICE=elsewhere --
goes_elsewhere "so is hostaddr= that was typed" -- "host=$host hostaddr=127.0.0.1 port=$decoy dbname=orders"
goes_elsewhere "or that a service has" PGSERVICE=disguised --
kill "$decoy_pid"
wait "$decoy_pid" 2>/dev/null
like "mallory is refused, with the rule's name" \
    "$(timeout 20 as_mallory "$psql" -XAt -h "$host" -d orders -c "$who" 2>&1 </dev/null)" "*FATAL:*smcred*"
unlike "the password is in nobody's answer" "$(shim "$psql" -XAt -h "$host" -c '\set')" "*$(cat "$WORLD_PASSWORD_FILE")*"
done_testing
