#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_kept.sh - keep_connection with a real MariaDB: who logs in over a connection that was kept finds nothing of
# whoever had it before, and whatever happens to it meanwhile costs no login.
export engine=mariadb
. "$(dirname "$0")/world.sh"
command -v python3 >/dev/null || skip_all "no python3"
needs_world

asleep() { [ "$(open_sessions "$WORLD_ROLE")" = "$1" ]; }
# keep FOR: and whatever was kept is closed
keep() {
    sed -i "/^keep_connection/d; s/^\[target $WORLD_TARGET\]/&\nkeep_connection = $1/" "$WORLD/etc/smcred.conf"
    sandbox reload "$WORLD"
    eventually 20 asleep 0
}
# pair FIRST SECOND [OPTION...]: what SECOND says over the connection that FIRST has left.  One that comes before the
# server has answered the relay gets a connection of its own, so it is tried until it is the same.
pair() {
    local first second
    for _ in {1..20}; do
        first=$(query "$1; select connection_id()" | tail -n 1)
        second=$(query "select connection_id(); $2" "${@:3}")
        [ "$first" != "$(head -n 1 <<<"$second")" ] || break
        sleep 0.05
    done
    [ "$first" = "$(head -n 1 <<<"$second")" ] || echo "never the same: $first, $second"
    tail -n +2 <<<"$second"
}

# ---- without it ----

is "alice logs in" "$(query 'select 7')" 7
holds "and nothing of her session is left at the server" eventually 20 asleep 0

# ---- with it ----

holds "a target may keep a connection" keep 5m
is "and who comes next has it" "$(pair 'select 1' 'select 7')" 7
holds "one is there when they have gone" eventually 20 asleep 1
is "through the target's socket too" "$(pair 'select 1' 'select 7' -S "$WORLD/run/$WORLD_TARGET/mysql.sock" -h localhost)" 7
id=$(query 'select connection_id()')
is "a client with other capabilities gets one of its own" "$(query "select connection_id() <> $id, 7" --local-infile=0)" "1	7"
holds "and the one before is closed" eventually 20 asleep 1

# ---- nothing of whoever had it before ----

in_the_database "create table billing.kept (a int) engine = innodb; create role if not exists keeper_role;
    grant keeper_role to $WORLD_ROLE@'127.0.0.1'; create sequence billing.number"
dirty="set @a = 5; set session sql_mode = 'ANSI', lock_wait_timeout = 7, autocommit = 0; set names latin1; use ledger;
    create temporary table billing.mine (a int); do get_lock('mine', 0); prepare mine from 'select 7'; set role keeper_role;
    set transaction isolation level serializable; insert into billing.kept values (1)"
is "no variable" "$(pair "$dirty" 'select @a, @@sql_mode = @@global.sql_mode, @@lock_wait_timeout = @@global.lock_wait_timeout, @@autocommit')" "NULL	1	1	1"
is "no character set" "$(pair "$dirty" "select @@character_set_client" --default-character-set=utf8mb4)" utf8mb4
is "no database" "$(pair "$dirty" 'select database()')" billing
is "no role" "$(pair "$dirty" 'select current_role()')" NULL
is "no lock" "$(pair "$dirty" "select is_free_lock('mine')")" 1
is "no transaction" "$(pair "$dirty" 'select @@in_transaction, count(*) from kept')" "0	0"
like "no temporary table" "$(pair "$dirty" 'select * from mine')" "*ERROR 1146 *"
like "no prepared statement" "$(pair "$dirty" 'execute mine')" "*ERROR 1243 *"
is "no number of rows or inserts" "$(pair 'select sql_calc_found_rows 1 union select 2 limit 1' 'select found_rows(), last_insert_id()')" "1	0"
is "no profile" "$(query "set profiling = 1; select 'mine'" >/dev/null; query 'show profiles')" ""
is "no value of a sequence" "$(pair 'select nextval(billing.number)' 'select lastval(billing.number)')" NULL
is "no warning" "$(pair 'select 1 / 0' 'show warnings')" ""
in_the_database "set global init_connect = 'set @greeted = 7'"
query 'select 1' >/dev/null # over one that was made before
for _ in 1 2 3; do greeted+=" $(query 'select @greeted')"; done
is "what the server does at each connection it does for each login" "$greeted" " 7 7 7"
in_the_database "set global init_connect = ''"
is "another database, if that is asked for" "$(pair "$dirty" 'select database()' -D ledger)" ledger
like "a database that is not to be had is refused as ever" "$(query 'select 1' -D nowhere)" "ERROR 1044 (42000): Access denied for user *to database 'nowhere'"

# Answers that nobody has read, and a session that ends in the middle of them.
cat >"$dir/rude.py" <<'END'
import socket, struct, sys
def packet(sequence, body):
    return struct.pack("<I", len(body))[:3] + bytes([sequence]) + body
def answers(connection, count):
    data = b""
    while data.count(b"\xfe\0\0\2\0") < count:
        data += connection.recv(65536)
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.recv(65536)
connection.sendall(packet(1, struct.pack("<IIB", 0x88200, 1 << 24, 45) + b"\0" * 23 + b"\0\0mysql_native_password\0"))
connection.recv(65536)
connection.sendall(packet(0, b"\3select 'read'") + packet(0, b"\3select 'left', sleep(" + sys.argv[2].encode() + b")"))
answers(connection, 2)
connection.sendall(packet(0, b"\1"))
connection.recv(1)
END
chmod 755 "$dir" && chmod 644 "$dir/rude.py"
rude() { as_alice python3 "$dir/rude.py" "$WORLD/run/$WORLD_TARGET/mysql.sock" "$1"; }
holds "a client leaves an answer unread" rude 0.3
for _ in 1 2 3; do said+=$(query "select 'mine'"); done
is "which no other client reads" "$said" mineminemine
holds "and its connection is closed" eventually 20 asleep 1

# ---- what is written down ----

id=$(query 'select connection_id()')
is "alice has it again" "$(pair 'select 1' 'select 7')" 7
logins() { grep '"event":"login"' "$WORLD_AUDIT" | grep '"outcome":"accepted"' | grep -o '"backend_pid":[0-9]*' | sort | uniq -c | sort -n | tail -n 1; }
holds "each login over one is in the audit log" test "$(logins | awk '{ print $1 }')" -gt 2
holds "as a decision is" test "$(grep -c '"event":"decision"' "$WORLD_AUDIT")" -ge "$(grep -c '"event":"login"' "$WORLD_AUDIT")"
is "and nobody's session is open" "$(smcred status 2>&1 | grep -c 'open')" "$(smcred status 2>&1 | grep -c ' 0 open')"

# ---- what may happen to it ----

refused=$(refusals)
is "it is there" "$(pair 'select 1' 'select 7')" 7
in_the_database "select concat('kill ', id, ';') from information_schema.processlist where user = '$WORLD_ROLE'" | in_mariadb
is "a KILL of it costs no login" "$(query 'select 7')" 7
is "nor does the server's restart" "$(sandbox stop "$WORLD" mariadb && sandbox start "$WORLD" mariadb; query 'select 7')" 7
is "nor a timeout of the server's" "$(pair 'set session wait_timeout = 1' 'select 7')" 7
in_the_database 'set global wait_timeout = 1' && query 'select 1' >/dev/null
holds "which ends it" eventually 20 asleep 0
is "without a trace" "$(query 'select 7')" 7
in_the_database 'set global wait_timeout = 28800'
is "and no wrong password was said in all that" "$(refusals)" "$refused"
is "it is there" "$(pair 'select 1' 'select 7')" 7
sandbox rotate-secret "$WORLD" mariadb
is "a rotation costs no login over it" "$(query 'select 7')" 7
is "it is there" "$(pair 'select 1' 'select 7')" 7
sandbox rotate "$WORLD" mariadb
is "nor does one by hand, which the server refuses first" "$(query 'select 7')" 7

touch "$dir/crowded"
crowd() {
    local said
    while [ -e "$dir/crowded" ]; do
        said=$(query "select 'crowd $1'")
        [ "$said" = "crowd $1" ] || echo "$said" >>"$dir/failed"
        echo >>"$dir/logins"
    done
}
pids=()
for i in 1 2; do # with more of them at once the budget of wrong passwords may be too small for a slow machine
    crowd $i &
    pids+=($!)
done
for _ in 1 2 3; do
    sandbox rotate-secret "$WORLD" mariadb
    query 'select 7' >/dev/null
done
rm "$dir/crowded"
wait "${pids[@]}"
echo "# $(wc -l <"$dir/logins") logins"
empty "nobody's login fails in three rotations, and all have their own answers" "$(cat "$dir/failed" 2>/dev/null)"

# ---- its end ----

holds "a reload ends it" keep 5m
is "it is there" "$(pair 'select 1' 'select 7')" 7
holds "alice is revoked" smcred revoke user smcred-alice --reason "she has left"
holds "and nothing of hers is left" eventually 20 asleep 0
holds "it is lifted" smcred revoke user smcred-alice --lift
is "it is there" "$(pair 'select 1' 'select 7')" 7
kill -KILL "$(pgrep -u smcred -f "$WORLD/smcred/sbin/smcredd")"
holds "it ends with its keeper" eventually 20 asleep 0
some() { [ "$(query 'select 7')" = 7 ]; }
holds "whose successor lets alice in" eventually 20 some
holds "its time is a second" keep 1s
is "in which it is there" "$(pair 'select 1' 'select 7')" 7
holds "and then it is not" eventually 20 asleep 0
holds "off again" keep 0
is "alice logs in" "$(query 'select 7')" 7
holds "and nothing is left" eventually 20 asleep 0
like "no other engine has it" "$(sed 's/^\[target orders\]/&\nkeep_connection = 5/' "$WORLD/etc/smcred.conf" >"$dir/other.conf"
    smcredd --check-config --config "$dir/other.conf" 2>&1)" "*[[]target orders[]] keep_connection: is for engine = mysql only*"
done_testing
