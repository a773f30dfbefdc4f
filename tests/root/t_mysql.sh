#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql.sh - a real MariaDB, its own clients, and what is done to a target of PostgreSQL: who gets in,
# what clients do, rotations, revocations, a keeper that dies, and a search for the password.
. "$(dirname "$0")/world.sh"
command -v mariadb-install-db >/dev/null && id mysql >/dev/null 2>&1 || skip_all "needs MariaDB"
command -v jq >/dev/null || skip_all "no jq"
needs_world mariadb

shim=$WORLD_MARIADB_HOST
socket=$WORLD/run/billing/mysql.sock
# by_shim, by_socket STATEMENT [OPTION...]: alice's client, and what it says
by_shim() { as_alice mariadb --no-defaults -NBrh "$shim" "${@:2}" -e "$1" 2>&1; }
by_socket() { as_alice env -u LD_PRELOAD mariadb --no-defaults -NBrS "$socket" "${@:2}" -e "$1" 2>&1; }
status_of() { in_mariadb -NBe "show global status like '$1'" | cut -f2; }

# ---- who gets in ----

for way in by_shim by_socket; do
    is "alice is logged in as the secret's user, $way" "$($way 'select substring_index(current_user(), "@", 1)')" "$WORLD_MARIADB_ROLE"
    is "to the secret's database" "$($way 'select database()')" billing
    like "over TLS" "$($way "show status like 'Ssl_version'")" "*TLSv1*"
    is "a database of her choice" "$($way 'select database()' -D ledger)" ledger
    is "her own name is accepted" "$($way 'select 1' -u smcred-alice)" 1
    is "so is the target's user" "$($way 'select 1' -u "$WORLD_MARIADB_ROLE")" 1
    like "another user is refused, and told the rule" "$($way 'select 1' -u root)" \
        "ERROR 1045 (28000): smcred: target billing logs in as *billing_app*not as*root*"
    like "the database's own refusal comes through" "$($way 'select 1' -D nowhere)" \
        "ERROR 1044 (42000): Access denied for user 'billing_app'@'127.0.0.1' to database 'nowhere'"
done
like "mallory is refused, and told the rule" \
    "$(as_mallory mariadb --no-defaults --skip-ssl -h "$shim" -e 'select 1' 2>&1)" \
    "ERROR 1045 (28000): smcred: smcred-mallory may not use target billing, by rule *target billing: allow*"
like "at the target's socket too" \
    "$(as_mallory env -u LD_PRELOAD mariadb --no-defaults --skip-ssl -S "$socket" -e 'select 1' 2>&1)" "ERROR 1045*target billing: allow*"
like "nobody gets in without us" "$(as_alice env -u LD_PRELOAD mariadb --no-defaults -h 127.0.0.1 -P "$WORLD_MARIADB_PORT" \
    -u "$WORLD_MARIADB_ROLE" -e 'select 1' 2>&1)" "ERROR 1045*"
holds "the audit log has alice's login" audited '"event":"login"' smcred-alice '"billing"' '"asked_dbname":"ledger"' "$WORLD_MARIADB_SECRET"
holds "and whom it refused" audited smcred-mallory 'target billing: allow'
is "smcred connect finds the client" "$(as_alice env -u LD_PRELOAD smcred connect billing -NBe 'select database()' 2>&1)" billing
is "MYSQL_PWD and an option file lead nowhere else" "$(as_alice sh -c '
    printf "[client]\nhost=127.0.0.1\nprotocol=tcp\nuser=root\npassword=x\n" >"$HOME/.my.cnf"
    MYSQL_PWD=wrong smcred connect billing -NBe "select 1"; rm "$HOME/.my.cnf"' 2>&1)" 1

# MySQL's clients send a password in clear to a server that asks for it.  Ours asks for none, whatever they would send.
wire() { as_alice strace -f -qq -xx -s 4096 -e trace=recvfrom,read,recvmsg mariadb --no-defaults --skip-ssl -pcanary -h "$shim" -e 'select 9' 2>&1; }
hex() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g'; }
if command -v strace >/dev/null; then
    wire >"$dir/wire"
    holds "what a client reads is seen" grep -qF "$(hex mysql_native_password)" "$dir/wire"
    fails "no client is asked for a password in clear" grep -qF -e "$(hex mysql_clear_password)" -e "$(hex dialog)" "$dir/wire"
else
    skip "no client is asked for a password in clear" "no strace"
fi

# ---- what clients do ----

in_mariadb -e "create table billing.paid (id int primary key, note varchar(64), at datetime(6), raw varbinary(32), sum decimal(12,3));
    use billing; insert into paid select seq, concat('ä', md5(seq)), now(6), unhex(md5(seq)), seq / 7 from seq_1_to_3000"
rows="select count(*), sum(crc32(concat_ws('|', id, note, at, hex(raw), sum))) from"
printf 'select "sourced";\nconnect ledger\nselect database();\n' | as_alice tee "$WORLD/home/alice/file.sql" >/dev/null
is "a file is sourced, and connect goes to another database" \
    "$(as_alice mariadb --no-defaults -NBh "$shim" -e "source $WORLD/home/alice/file.sql" 2>&1 | xargs)" "sourced ledger"
as_alice mariadb-dump --no-defaults -h "$shim" billing 2>"$dir/dump.err" | as_alice mariadb --no-defaults -h "$shim" ledger 2>&1
is "a dump that is loaded again is the same" "$(by_shim "$rows ledger.paid")" "$(by_shim "$rows billing.paid")"
like "and is all of it" "$(by_shim "$rows ledger.paid")" "3000*"
empty "without a complaint" "$(cat "$dir/dump.err")"
as_alice sh -c "mariadb --no-defaults -NBh $shim -e 'select * from paid where id < 100' >\$HOME/paid.txt"
by_shim "delete from paid where id < 100" >/dev/null
as_alice sh -c "mariadb-import --no-defaults -h $shim --local billing \$HOME/paid.txt" >/dev/null 2>&1
is "mariadb-import loads a file of the client's" "$(by_shim 'select count(*) from paid')" 3000
said=$(as_alice mariadb-slap --no-defaults -h "$shim" --create-schema=billing --concurrency=8 --number-of-queries=2000 \
    --query='select * from paid where id = 77' 2>&1)
like "eight clients at once ask 2000 times" "$said" "*Number of clients running queries: 8*"
for module in pymysql MySQLdb; do
    if /usr/bin/python3 -c "import $module" 2>/dev/null; then
        is "$module logs in, and asks" "$(as_alice /usr/bin/python3 -c "
import $module
cursor = $module.connect(host='$shim', user='smcred-alice').cursor()
cursor.execute('select count(*) from paid where id > %s', (1000,))
print(cursor.fetchone()[0])" 2>&1)" 2000
    else
        skip "$module logs in, and asks" "it is not installed"
    fi
done

if /usr/bin/python3 -c "import MySQLdb" 2>/dev/null; then
    logins=$(grep -c '"event":"login"' "$WORLD_AUDIT")
    is "a pool changes to the target's user, and to nobody else" "$(as_alice /usr/bin/python3 -c "
import MySQLdb
db = MySQLdb.connect(host='$shim', user='smcred-alice')
def ask(what):
    cursor = db.cursor()
    cursor.execute('select ' + what)
    return '%s' % cursor.fetchone()[0]
words = [ask('@a := 7'), ask('database()')]
for user in 'smcred-alice', '$WORLD_MARIADB_ROLE':
    db.change_user(user, 'his own', 'ledger')
    words += [ask('@a is null'), ask('database()'), ask('@a := 8')]
try:
    db.change_user('root', '')
except MySQLdb.Error as error:
    words += [str(error.args[0]), error.args[1].split(':')[0], ask('@a')]
print(*words)" 2>&1)" "7 billing 1 ledger 8 1 ledger 8 1045 smcred 8"
    is "each of which is a login in the audit log" "$(($(grep -c '"event":"login"' "$WORLD_AUDIT") - logins))" 3
    holds "and whom it refused" audited '"event":"decision"' '"asked_user":"root"' '"refused"'
else
    skip "a pool changes to the target's user" "MySQLdb is not installed"
fi

as_alice mariadb --no-defaults -NBh "$shim" -e "select sleep(120)" >"$dir/slept" 2>&1 &
sleeper=$!
sleeping() { in_mariadb -NBe 'show processlist' | grep -q 'sleep(120)'; }
eventually 20 sleeping
kill -INT "$sleeper"
awake() { ! sleeping; }
holds "Ctrl-C ends the query, over a connection of its own" eventually 20 awake
wait "$sleeper"

rm -f "$dir/in" && mkfifo "$dir/in"
# session: alice has one open, and says to it what goes into descriptor 5
session() {
    as_alice mariadb --no-defaults -nNBh "$shim" <"$dir/in" >"$dir/out" 2>&1 &
    session=$!
    exec 5>"$dir/in"
    echo "select 'here';" >&5
    eventually 20 grep -q here "$dir/out"
}
session
in_mariadb -NBe "select concat('kill ', id, ';') from information_schema.processlist where user = '$WORLD_MARIADB_ROLE'" | in_mariadb
echo "select 'still here';" >&5
exec 5>&-
wait "$session"
like "a session that the database ends has ended" "$(cat "$dir/out")" "*ERROR 20*"
is "and the next one is as good" "$(by_shim 'select 1')" 1

# ---- rotations ----

denied=$(status_of Access_denied_errors)
crowd() {
    local count=0
    while [ -e "$dir/crowded" ]; do
        said=$(by_shim 'select 1' --skip-ssl) && [ "$said" = 1 ] || echo "$said" >>"$dir/failed"
        count=$((count + 1))
    done
    echo $count >>"$dir/logins"
}
touch "$dir/crowded"
pids=()
for _ in 1 2 3 4; do
    crowd &
    pids+=($!)
done
sandbox rotate "$WORLD" mariadb
for _ in 1 2 3; do sandbox rotate-secret "$WORLD" mariadb; done
some() { [ "$(by_shim 'select 1')" = 1 ]; }
holds "alice is in after the last rotation" eventually 20 some
rm "$dir/crowded"
wait "${pids[@]}"
empty "nobody's login failed in four rotations" "$(cat "$dir/failed" 2>/dev/null)"
logins=$(awk '{ n += $1 } END { print n }' "$dir/logins")
denied=$(($(status_of Access_denied_errors) - denied))
echo "# $logins logins, $denied wrong passwords"
holds "and there were some" test "$logins" -gt 4
holds "MariaDB saw no more wrong passwords than the budget, in any of them" test "$denied" -le 12
like "smcred rotate proves the next one" "$(smcred rotate billing 2>&1)" "*proven*logged in as billing_app*"
sandbox rotate-secret "$WORLD" mariadb

# ---- MariaDB's own method ----

if [ -e /usr/lib/mysql/plugin/auth_ed25519.so ]; then
    sed "s/.*/alter user $WORLD_MARIADB_ROLE@'127.0.0.1' identified via ed25519 using password('&')/" \
        "$WORLD_MARIADB_PASSWORD_FILE" | in_mariadb
    is "client_ed25519 logs in" "$(by_shim 'select 1')" 1
    like "and it is that" "$(in_mariadb -NBe "show create user $WORLD_MARIADB_ROLE@'127.0.0.1'")" "*ed25519*"
else
    skip "client_ed25519 logs in" "MariaDB has no such plugin here"
fi

# ---- the search ----

session
found() {
    "$top_builddir/tests/root/secret_search" "$@" --uid smcred-alice --uid smcred-relay \
        --tree "$WORLD/home" --tree "$WORLD/log" --tree "$WORLD/run"
}
holds "the password is nowhere that an operator or a relay can look" found --prove "$dir" <"$WORLD_MARIADB_PASSWORD_FILE"
openssl dgst -sha1 -binary <"$WORLD_MARIADB_PASSWORD_FILE" >"$dir/stage1"
holds "nor is its SHA-1, which logs in as well" found <"$dir/stage1"

# ---- the keeper dies; the secret is revoked ----

kill -KILL "$(pgrep -u smcred -f "$WORLD/smcred/sbin/smcredd")"
echo "select 'goes on';" >&5
holds "a session goes on while the keeper is gone" eventually 20 grep -q "goes on" "$dir/out"
holds "and another keeper lets alice in" eventually 20 some
holds "the secret is revoked" smcred revoke secret billing --reason "it is on a wiki page"
hung_up() { ! in_mariadb -NBe 'show processlist' | grep -q "$WORLD_MARIADB_ROLE"; }
holds "the session ends" eventually 20 hung_up
like "nobody gets in, and is told why" "$(by_shim 'select 1' --skip-ssl)" "ERROR 1045 *smcred: *was revoked by root*wiki page*"
exec 5>&-
wait "$session"
holds "it is lifted" smcred revoke secret billing --lift
holds "and alice is in again" eventually 20 some
done_testing
