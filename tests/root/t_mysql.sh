#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql.sh - a real MariaDB and its own client: who gets in, what clients do.
# What is done to a target of any engine, t_X_mariadb.sh does.
. "$(dirname "$0")/world.sh"
command -v mariadb-install-db >/dev/null && id mysql >/dev/null 2>&1 || skip_all "needs MariaDB"
needs_world mariadb

shim=$WORLD_MARIADB_HOST
socket=$WORLD/run/billing/mysql.sock
# by_shim, by_socket STATEMENT [OPTION...]: alice's client, and what it says
by_shim() { as_alice mariadb --no-defaults -NBrh "$shim" "${@:2}" -e "$1" 2>&1; }
by_socket() { as_alice env -u LD_PRELOAD mariadb --no-defaults -NBrS "$socket" "${@:2}" -e "$1" 2>&1; }

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
    "ERROR 1045 (28000): smcred: smcred-mallory may not use target billing, by rule *target billing: allow* (audit id *)"
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

# ---- a session that the database ends; what clients do is in tests/clients/t_mysql_clients.sh ----

mkfifo "$dir/in"
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

broken_off() { grep '"event":"end"' "$WORLD_AUDIT" | grep -c 'the connection to the server broke'; }
before=$(broken_off)
session
echo "set session wait_timeout = 1;" >&5
hung_up() { [ "$(broken_off)" -gt "$before" ]; }
holds "a server hangs up on who says nothing for too long" eventually 20 hung_up
echo "select 'still here';" >&5
exec 5>&-
wait "$session"
like "a client sees that at once, as without us, and may connect anew" "$(cat "$dir/out")" "*ERROR 2006*"

like "smcred rotate proves the next one" "$(smcred rotate billing 2>&1)" "*proven*logged in as billing_app*"

# ---- MariaDB's own method ----

if [ -e /usr/lib/mysql/plugin/auth_ed25519.so ]; then
    sed "s/.*/alter user $WORLD_MARIADB_ROLE@'127.0.0.1' identified via ed25519 using password('&')/" \
        "$WORLD_MARIADB_PASSWORD_FILE" | in_mariadb
    is "client_ed25519 logs in" "$(by_shim 'select 1')" 1
    like "and it is that" "$(in_mariadb -NBe "show create user $WORLD_MARIADB_ROLE@'127.0.0.1'")" "*ed25519*"
else
    skip "client_ed25519 logs in" "MariaDB has no such plugin here"
fi
done_testing
