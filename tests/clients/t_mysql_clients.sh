#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_clients.sh - MariaDB's and MySQL's clients of the distribution, as the operator alice, by each way.
#
# SMCRED_LONG=1 makes eight clients at once go on for a minute.
. "$(dirname "$0")/clients.sh"
cp "$top_srcdir"/tests/clients/client.{py,php,pl} "$work"
clients_world mariadb

role=$WORLD_MARIADB_ROLE
long_s=${SMCRED_LONG:+60}
long_s=${long_s:-0}
who='select substring_index(current_user(), "@", 1)'
maodbc=$(have isql && find /usr/lib -name libmaodbc.so | head -n 1)
in_mariadb -e "create table billing.paid (id int primary key auto_increment, note varchar(64), at datetime(6), raw varbinary(32), sum decimal(12,3), nothing int);
    use billing; insert into paid select seq, concat('ä', md5(seq)), now(6), unhex(md5(seq)), seq / 7, null from seq_1_to_3000;
    create table imported like paid"
as_alice mariadb --no-defaults -h "$WORLD_MARIADB_HOST" -e 'create view late as select * from paid where id > 2000'
in_mariadb -NBe 'select id, note, at, hex(raw), sum from billing.paid where id <= 100' >"$work/imported.txt"

# checksum DATABASE TABLE
checksum() { in_mariadb -NBe "checksum table $1.$2" | cut -f2; }

# slaps SECONDS: eight clients at once, for so long and at least once; says nothing if all is well
slaps() {
    local until=$((SECONDS + $1)) said
    while :; do
        said=$($way mariadb-slap --no-defaults "${at[@]}" --create-schema=billing --concurrency=8 --number-of-queries=800 \
            --query='select * from paid where id = 77')
        case $? in
        0) [ $SECONDS -lt $until ] || return ;;
        *) echo "$said" && return ;;
        esac
    done
}

# can_change MODULE: its user, which one way by the name and one by the socket show
can_change() { [[ $way != seccomp && $1 = @(MySQLdb|mysqli) ]]; }

# The clients, this $way, which is `at` for the options of most, `mycli` and `odbc` for those two, and
# `place` for programs.
matrix() {
    local module
    is_client "mariadb, mysql"
    does "mariadb -e" "$($way mariadb --no-defaults -NB "${at[@]}" -e "$who")" "$role"
    does "mysql -e" "$($way mysql --no-defaults -NB "${at[@]}" -e "$who")" "$role"
    for module in mysql_native_password caching_sha2_password client_ed25519 mysql_clear_password; do
        does "--default-auth=$module" "$($way mariadb --no-defaults -NB "${at[@]}" --default-auth=$module -e "$who")" "$role"
    done
    does "-p with a password of her own" "$($way mariadb --no-defaults -NB "${at[@]}" -pmine -e "$who")" "$role"
    does "--compress, which it does not get" "$($way mariadb --no-defaults -NB "${at[@]}" --compress -e 'show status like "Compression"')" "Compression	OFF"
    is_client mariadb-admin
    does ping "$($way mariadb-admin --no-defaults "${at[@]}" ping)" "mysqld is alive"
    is_client mariadb-check
    does "check" "$($way mariadb-check --no-defaults "${at[@]}" billing)" "*billing.paid*OK*"
    is_client mariadb-show
    does "show" "$($way mariadb-show --no-defaults "${at[@]}" billing)" "*paid*"
    is_client "mariadb-dump to mariadb"
    in_mariadb -e 'drop database ledger; create database ledger'
    does "a round trip" "$($way sh -c "mariadb-dump --no-defaults ${at[*]} billing | mariadb --no-defaults ${at[*]} ledger")" ""
    does "all of it" "$(checksum ledger paid) $($way mariadb --no-defaults -NB "${at[@]}" -e 'select count(*) from ledger.late')" "$(checksum billing paid) 1000"
    is_client mariadb-import
    in_mariadb -e 'truncate billing.imported'
    does "--local" "$($way mariadb-import --no-defaults "${at[@]}" --local --columns=id,note,at,@h,sum billing "$work/imported.txt")" "billing.imported: Records: 100 *"
    is_client mariadb-slap
    does "eight at once" "$(slaps "$long_s")" ""
    for module in MySQLdb pymysql; do
        is_client "$module"
        installed imports $module &&
            does "logs in, and asks" "$($way /usr/bin/python3 "$work/client.py" $module "${place[@]}")" "$role 42" &&
            can_change $module && changes_user "$role 42" /usr/bin/python3 "$work/client.py" $module "${place[@]}"
    done
    is_client mycli
    installed have mycli &&
        does "-e" "$($way mycli "${mycli[@]}" -u smcred-alice -D billing -e "$who")" "*$role*"
    is_client "isql, odbc-mariadb"
    installed test -n "$maodbc" &&
        does "asks" "$($way sh -c "echo 'select count(*) from paid' | isql -b -k 'DRIVER=$maodbc;$odbc;UID=smcred-alice;DATABASE=billing'")" "*3000*"
    for module in mysql MariaDB; do
        is_client "perl, DBD::$module"
        installed loads DBD::$module &&
            does "logs in, and asks" "$($way perl "$work/client.pl" $module "${place[@]}")" "$role 42"
    done
    for module in mysqli pdo_mysql; do
        is_client "PHP, $module"
        installed has_extension $module &&
            does "logs in, and asks" "$($way php "$work/client.php" $module "${place[@]}")" "$role 42" &&
            can_change $module && changes_user "$role 42" php "$work/client.php" $module "${place[@]}"
    done
}

by_shim() {
    way=shim at=("--host=$WORLD_MARIADB_HOST") mycli=(-h "$WORLD_MARIADB_HOST" -P 3306)
    odbc="SERVER=$WORLD_MARIADB_HOST" place=("$WORLD_MARIADB_HOST")
}
by_seccomp() {
    way=seccomp at=(--host=127.0.0.1 "--port=$WORLD_MARIADB_PORT") mycli=(-h 127.0.0.1 -P "$WORLD_MARIADB_PORT")
    odbc="SERVER=127.0.0.1;PORT=$WORLD_MARIADB_PORT" place=(127.0.0.1 "$WORLD_MARIADB_PORT")
}
by_socket() {
    local path=$WORLD/run/billing/mysql.sock
    way=socket at=("--socket=$path") mycli=(-S "$path" -P 3306) odbc="SOCKET=$path" place=("$path")
}
ways=(by_shim by_seccomp by_socket)
for way in "${ways[@]}"; do
    $way
    matrix
done

is_client "smcred connect"
does "starts mysql" "$($way smcred connect billing -NBe "$who")" "*$role"
is_client "smcred connect --program mariadb"
does "starts it" "$($way smcred connect --program mariadb billing -NBe "$who")" "$role"
is_client "smcred connect --program mycli"
installed have mycli &&
    does "starts it" "$($way smcred connect --program mycli billing -D billing -e "$who")" "*$role*"

# ---- at a terminal, for as long as the server is there and longer ----

# Each way has one session open, under script(1); what is typed goes to descriptor ${tty[$way]}.
declare -A tty=()
shows() { grep -qF -- "$1" "$work/$way.screen"; }
has_noticed() { grep -qaE 'ERROR 20|[|] has gone' "$work/$way.screen"; }
types() { printf "$1\n" >&"${tty[$way]}"; }
open_session() {
    local command="as_alice env HOME=$home mariadb --no-defaults ${at[*]}"
    case $way in
    seccomp) command="as_alice env -u LD_PRELOAD HOME=$home smcred exec --seccomp -- mariadb --no-defaults ${at[*]}" ;;
    socket) command="as_alice env -u LD_PRELOAD HOME=$home mariadb --no-defaults ${at[*]}" ;;
    esac
    mkfifo "$work/$way.tty"
    script -qfec "$command" /dev/null <"$work/$way.tty" >"$work/$way.screen" 2>&1 &
    exec {fd}>"$work/$way.tty"
    tty[$way]=$fd
}
asleep() { in_mariadb -NBe 'show processlist' | grep -q "sleep(120)"; }
awake() { ! asleep; }

# at_the_terminal WHAT EXPECTED: what the last lines typed there show, in the end
at_the_terminal() {
    eventually 20 shows "$2"
    does "$1" "$(grep -aF -- "$2" "$work/$way.screen" | tail -n 1)" "*$2*"
}

# Split, so that what is typed, and echoed, is not what is waited for.
printf "select concat('sour', 'ced');\n" >"$work/file.sql"
for way in "${ways[@]}"; do
    $way
    is_client "mariadb, at a terminal"
    open_session
    types "select concat('good ', 'morning');"
    at_the_terminal "logs in" "good morning"
    types "source $work/file.sql"
    at_the_terminal "source" sourced
    types "connect ledger"
    at_the_terminal "connect" "Current database: ledger"
    types "select sleep(120);"
    eventually 20 asleep
    printf '\003' >&"${tty[$way]}"
    does "Ctrl-C ends the query" "$(eventually 20 awake && echo so it is)" "so it is"
    types "select concat('still ', 'here');"
    at_the_terminal "and not the session" "still here"
done
sandbox stop "$WORLD" mariadb
sandbox start "$WORLD" mariadb
for way in "${ways[@]}"; do
    $way
    is_client "mariadb, at a terminal"
    types "select 'has gone';" # by TCP, this is where it notices, as with the server itself
    eventually 20 has_noticed
    types "select concat('here ', 'again in ', database());"
    at_the_terminal "connects again, to a server that was started again" "here again in ledger"
    types exit
    fd=${tty[$way]}
    exec {fd}>&-
done
wait

table_is_kept t_mysql_clients.sh
done_testing
