#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_settings.sh - what an operator may have set or lying around, for clients of MySQL and MariaDB,
# leads nowhere else, and to no other credential, without a word.
#
# Beside the target stands a decoy that asks for a password in the clear and keeps what it is told.
. "$(dirname "$0")/clients.sh"
cp "$top_srcdir"/tests/clients/client.{py,php} "$work"
clients_world mariadb

host=$WORLD_MARIADB_HOST role=$WORLD_MARIADB_ROLE port=$WORLD_MARIADB_PORT
where='select substring_index(current_user(), "@", 1), @@port'
ours="$role	$port"
install -d -m 755 "$work/decoy"
perl "$top_srcdir/tests/clients/decoy_mysql.pl" "$work/decoy/heard" "$work/decoy/port" "$work/decoy/s" &
decoy_pid=$!
at_exit 'kill "$decoy_pid" 2>/dev/null'
eventually 20 test -s "$work/decoy/port"
decoy=$(cat "$work/decoy/port")
decoy_socket=$work/decoy/s
: >"$work/expected"

# option_file LINE...: alice's ~/.my.cnf
option_file() { printf '%s\n' "$@" | as_alice tee "$home/.my.cnf" >/dev/null; }
heard() { tail -c "+$(($(stat -c %s "$work/expected") + 1))" "$work/decoy/heard"; }

# to_us SENTENCE COMMAND...: by the shim; the answer is ours, and the decoy hears nothing
to_us() { is "$1" "$(shim "${@:2}")$(heard)" "$ours"; }
# to_nobody SENTENCE PATTERN COMMAND...: an error that looks so, and the decoy hears nothing
to_nobody() { like "$1" "$(shim "${@:3}")$(heard)end" "*${2}end"; }
# to_the_decoy SENTENCE COMMAND...: which is told her own password alone
to_the_decoy() {
    shim "${@:2}" >"$work/out"
    like "$1" "$(heard | xargs)" "user * told hers"
    unlike "and is not told ours" "$(cat "$work/decoy/heard" "$work/out")" "*$(cat "$WORLD_MARIADB_PASSWORD_FILE")*"
    cp "$work/decoy/heard" "$work/expected"
}
mariadb=(mariadb -NBe "$where")

# ---- how she says where ----

option_file '[client]' password=hers
to_us "the host, and not a password of hers" "${mariadb[@]}" -h "$host"
to_us "--protocol=tcp" "${mariadb[@]}" -h "$host" --protocol=tcp
to_us "the port as it is typed" "${mariadb[@]}" -h "$host" -P 3306
to_us "the database's own port" "${mariadb[@]}" -h "$host" -P "$port"
to_us "capitals and a dot" "${mariadb[@]}" -h BILLING-DB.internal.
to_us "MYSQL_HOST" MYSQL_HOST="$host" "${mariadb[@]}"
to_us "-h goes over MYSQL_HOST" MYSQL_HOST=127.0.0.1 "${mariadb[@]}" -h "$host"
to_us "MYSQL_UNIX_PORT is for who says no host" MYSQL_UNIX_PORT="$decoy_socket" "${mariadb[@]}" -h "$host"
to_us "so is --socket" "${mariadb[@]}" -h "$host" -S "$decoy_socket"
to_us "the target's socket" "${mariadb[@]}" -S "$WORLD/run/billing/mysql.sock"
to_us "--protocol=socket" "${mariadb[@]}" --protocol=socket -S "$WORLD/run/billing/mysql.sock"
to_us "connect to another database, and to the host again" mariadb -NB -h "$host" -e "connect ledger $host
$where"
to_nobody "another port of this host, by MYSQL_TCP_PORT" "ERROR 2005*Unknown server host '$host'*" MYSQL_TCP_PORT="$decoy" "${mariadb[@]}" -h "$host"

# ---- as which user, and with which password ----

to_us "MYSQL_PWD" MYSQL_PWD=wrong "${mariadb[@]}" -h "$host"
to_us "-p" "${mariadb[@]}" -h "$host" -pwrong
to_us "her own name" "${mariadb[@]}" -h "$host" -u smcred-alice
to_us "the target's user" "${mariadb[@]}" -h "$host" -u "$role"
to_nobody "another user" "ERROR 1045 (28000): smcred: target billing logs in as*not as*root*" "${mariadb[@]}" -h "$host" -u root
for plugin in mysql_clear_password dialog mysql_native_password caching_sha2_password; do
    to_us "--default-auth=$plugin" "${mariadb[@]}" -h "$host" --default-auth=$plugin
done
option_file '[client]' user=root
to_nobody "an option file's user" "ERROR 1045 (28000): smcred: target billing logs in as*not as*root*" "${mariadb[@]}" -h "$host"

# ---- option files ----

option_file '[client]' "host=$host" password=hers
to_us "an option file's host" "${mariadb[@]}"
# in_python MODULE: logs in with Python's MODULE, and asks
in_python() {
    if imports "$1"; then
        to_us "and for $1" /usr/bin/python3 -c "import $1
cursor = $1.connect(read_default_file='$home/.my.cnf', user='smcred-alice').cursor()
cursor.execute('$where'); print(*cursor.fetchone(), sep='\t')"
    else
        skip "and for $1" "not installed"
    fi
}
in_python pymysql
in_python MySQLdb
option_file '[client]' password=hers "port=$port" "socket=$decoy_socket" '[clientours]' "host=$host" '[clientdecoy]' host=127.0.0.1 "port=$decoy"
to_us "--defaults-group-suffix" mariadb --defaults-group-suffix=ours -NBe "$where"
to_us "MYSQL_GROUP_SUFFIX" MYSQL_GROUP_SUFFIX=ours "${mariadb[@]}"
to_us "-h goes over a group's host" MYSQL_GROUP_SUFFIX=decoy "${mariadb[@]}" -h "$host" -P 3306
to_the_decoy "a group that says another server is another server" MYSQL_GROUP_SUFFIX=decoy "${mariadb[@]}"
printf '[client]\nhost=%s\npassword=hers\n' "$host" | as_alice tee "$home/ours.cnf" >/dev/null
printf '[client]\nhost=127.0.0.1\nport=%s\npassword=hers\n' "$decoy" | as_alice tee "$home/decoy.cnf" >/dev/null
option_file '[client]' host=127.0.0.1 "port=$decoy" password=hers
to_the_decoy "an option file that says another server" "${mariadb[@]}"
to_us "--defaults-file" mariadb --defaults-file="$home/ours.cnf" -NBe "$where"
to_us "--no-defaults" mariadb --no-defaults -NBe "$where" -h "$host"
to_us "smcred connect, whatever the option file says" smcred connect billing -NBe "$where"
to_us "smcred connect --no-defaults" smcred connect billing --no-defaults -NBe "$where"
to_us "smcred connect --defaults-file" smcred connect billing --defaults-file="$home/decoy.cnf" -NBe "$where"
to_us "smcred connect -- --defaults-extra-file" smcred connect billing -- --defaults-extra-file="$home/decoy.cnf" -NBe "$where"
to_us "smcred connect, whatever the environment says" MYSQL_HOST=127.0.0.1 MYSQL_TCP_PORT="$decoy" MYSQL_UNIX_PORT="$decoy_socket" \
    smcred connect billing -NBe "$where"
if have mycli; then
    to_us "smcred connect --program mycli" sh -c "smcred connect --program mycli billing --csv -e '$where' 2>/dev/null | tail -n 1 | tr -d '\"' | tr , '\t'"
else
    skip "smcred connect --program mycli" "not installed"
fi
option_file '[client]' password=hers
to_us "--defaults-extra-file" mariadb --defaults-extra-file="$home/ours.cnf" -NBe "$where"
option_file "!include $home/ours.cnf"
to_us "an option file that includes another" "${mariadb[@]}"

# ---- localhost, as each means it ----

option_file '[client]' password=hers
to_the_decoy "localhost is the socket to mariadb" "${mariadb[@]}" -h localhost -S "$decoy_socket"
to_us "but the database, if its port is said" "${mariadb[@]}" -h localhost -S "$decoy_socket" -P "$port"
to_us "or --protocol=tcp" "${mariadb[@]}" -h localhost --protocol=tcp -P "$port"
to_us "the database's own address" "${mariadb[@]}" -h 127.0.0.1 -P "$port"
if has_extension mysqli; then
    to_the_decoy "localhost is the socket to PHP, also with a port" CLIENT_PASSWORD=hers \
        php -d mysqli.default_socket="$decoy_socket" "$work/client.php" mysqli localhost "$port"
else
    skip "localhost is the socket to PHP, also with a port" "not installed"
fi
if imports pymysql; then
    is "localhost is TCP to PyMySQL" "$(shim /usr/bin/python3 "$work/client.py" pymysql localhost "$port")" "$role 42"
else
    skip "localhost is TCP to PyMySQL" "not installed"
fi

# ---- who insists on TLS, in ways that smcred's own certificate does not answer ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other -keyout "$work/other.key" -out "$work/other.pem" 2>/dev/null
to_nobody "a server that must prove itself to another CA" "*ERROR 2026*" "${mariadb[@]}" -h "$host" --ssl-verify-server-cert --ssl-ca="$work/other.pem"
option_file '[client]' ssl-verify-server-cert "ssl-ca=$work/other.pem"
to_nobody "also where an option file says so" "*ERROR 2026*" "${mariadb[@]}" -h "$host"
option_file '[client]'
to_us "--ssl" "${mariadb[@]}" -h "$host" --ssl
to_us "--skip-ssl" "${mariadb[@]}" -h "$host" --skip-ssl
kill "$decoy_pid"
wait "$decoy_pid" 2>/dev/null
done_testing
