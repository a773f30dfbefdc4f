#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_relay_mysql.sh - the relay between mariadb and a real MariaDB, with a scripted keeper.
. "$top_srcdir/tests/relay/world.sh"

PATH=$PATH:/usr/sbin
command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null || skip_all "no MariaDB server"
command -v mariadb >/dev/null || skip_all "no mariadb client"
command -v openssl >/dev/null || skip_all "no openssl program"
command -v python3 >/dev/null || skip_all "no python3"
[ "$(id -u)" != 0 ] || id mysql >/dev/null 2>&1 || skip_all "root, and no user mysql"
start_mariadb || skip_all "MariaDB does not start here"

socket_name=socket
ca=$world/tls/ca.pem
tls() {
    start_keeper --engine mysql --host orders-db.internal --port "$my_port" --tls full --ca "$ca" "$@"
}
plain() {
    start_keeper --engine mysql --host localhost --port "$my_port" "$@"
}
answers() { # WANTED SQL [OPTION...]
    local wanted=$1 sql=$2 words
    shift 2
    words=$(mysql -e "$sql" "$@")
    [ "$words" = "$wanted" ] || { echo "# $words"; return 1; }
}
fails_with() { # PATTERN [OPTION...]
    local pattern=$1 words
    shift
    words=$(mysql "$@" -e 'select 1')
    echo "$words" | grep -qE "$pattern" || { echo "# $words"; return 1; }
}
python() { # a program, its socket as the first argument; Debian's modules are with Debian's python
    timeout 60 /usr/bin/python3 - "$world/k/socket" 2>&1
}

# ---- logging in ----
tls --password right
ok "logs in as the secret's user, whoever the client says it is" answers app 'select substring_index(user(), "@", 1)'
ok "over TLS" answers "Ssl_version	TLSv1.3" "show session status like 'Ssl_version'"
ok "into the database the keeper says" answers app 'select database()' -D elsewhere
ok "tells the keeper what the client wished" \
    said 'CHALLENGE .*user=alice dbname=elsewhere application=mysql mechanism=mysql_native_password'
ok "which it asks before it has heard anything" [ "$(grep -cE '^OPEN session=[0-9]+$' "$world/k/out")" = 3 ]
ok "with the human's name among the attributes" answers "program_name	mysql
smcred_operator	alice" "select attr_name, attr_value from performance_schema.session_connect_attrs
    where processlist_id = connection_id() and attr_name in ('program_name', 'smcred_operator') order by 1"
ok "once" answers alice "select group_concat(attr_value) from
    performance_schema.session_connect_attrs where processlist_id = connection_id()
    and attr_name = 'smcred_operator'"
ok "passes the client's character set on" answers latin1 'select @@character_set_client' --default-character-set=latin1
ok "and its wish for several statements" answers "1
2" 'select 1; select 2'
ok "says the server's own version" answers same "select if(version() = '$(mysql -e 'select version()')', 'same', '')"
ok "tells the keeper who logged in, and how" said 'LOGGED_IN .*tls=TLSv1.3 pid=[0-9]+'
ok "tells the keeper how it ended" said 'ENDED .*in=[1-9][0-9]* out=[1-9][0-9]* outcome=closed'
ok "which is well, though the server hangs up on a client that quits" [ "$(grep -c 'outcome=failed' "$world/k/out")" = 0 ]
for plugin in mysql_native_password caching_sha2_password client_ed25519 mysql_clear_password dialog; do
    ok "contents a client that prefers $plugin" answers 7 'select 7' --default-auth=$plugin
    ok "and one that has a password for it" answers 8 'select 8' --default-auth=$plugin -pcanary-in-a-mine
done
ok "without compressing, whatever the client likes" answers "Compression	OFF" "show session status like 'Compression'" --compress

plain --password right
ok "logs in without TLS where the keeper says so" answers "Ssl_version	" "show session status like 'Ssl_version'"
start_keeper --engine mysql --host "$world/my/socket" --unix "$world/my/socket" --password right
ok "logs in over a Unix socket" answers app 'select substring_index(user(), "@", 1)'
tls --user tlsapp --password right
ok "logs in to an account that wants TLS" answers tlsapp 'select substring_index(user(), "@", 1)'
tls --user twofold --password right
ok "answers no method twice in an attempt" fails_with 'changes the method again and again'
ok "having answered when the server changed it" said 'CHALLENGE .*mechanism=client_ed25519'
start_keeper --engine mysql --host 127.0.0.1 --port "$my_port" --tls full --ca "$ca" --password right
ok "verifies an address as a name" answers 1 'select 1'
hold_closed_port
start_keeper --engine mysql --host orders-db.internal --port "$closed" --port "$my_port" --tls full --ca "$ca" --password right
ok "tries the next address when one refuses" answers 1 'select 1'

# ---- refusals ----
tls --password wrong --password right
ok "tries again with what the keeper says, unseen by the client" answers 1 'select 1'
ok "after telling why" said 'REFUSED .*sqlstate=28000 code=1045'
tls --password wrong
ok "passes the server's own words on in the end" fails_with "^ERROR 1045 \(28000\): Access denied for user 'app'@"
ok "also to a client that was switched" fails_with "^ERROR 1045 \(28000\): Access denied for user 'app'@" \
    --default-auth=caching_sha2_password -px
ok "and tells the keeper" said 'ENDED .*outcome=refused .*sqlstate=28000'
tls --user closed --password right
ok "tells a locked account from a wrong password" fails_with '^ERROR 4151 .*: Access denied, this account is locked'
ok "to the keeper as well" said 'REFUSED .*code=4151'
tls --password right --dbname nowhere
ok "passes other errors on at once" fails_with "^ERROR 1049 \(42000\): Unknown database 'nowhere'"
ok "without another attempt" [ "$(grep -c REFUSED "$world/k/out")" = 0 ]
full() { # nobody gets in, and the client is told what the server says instead of a greeting
    local client clients=() failed=0
    mkfifo "$world/staying"
    exec 7<>"$world/staying"
    directly -e 'set global max_connections = 10'
    for ((client = 0; client < 14; client++)); do # there is room for one more, of root
        stay &
        clients+=($!)
    done
    until_true has_room_for_none || failed=1
    fails_with '^ERROR 1040 \(HY000\): Too many connections$' || failed=1
    fails_with '^ERROR 1040 \(HY000\): Too many connections$' --default-auth=caching_sha2_password -px || failed=1
    rm "$world/staying"
    exec 7>&-
    wait "${clients[@]}"
    until_true directly -e 'set global max_connections = 150' || failed=1
    return $failed
}
stay() { # until the end of what it reads; whoever is not let in comes again, as others may have been leaving
    exec 7>&- >/dev/null 2>&1
    until directly <"$world/staying" || [ ! -e "$world/staying" ]; do
        sleep 0.2
    done
}
has_room_for_none() { ! directly -e 'select 1' && sleep 0.2 && ! directly -e 'select 1'; }
tls --password right
ok "passes on what the server says instead of a greeting" full
tls --password right --refuse
ok "says why the keeper refuses" fails_with '^ERROR 1045 \(28000\)( at line 1)?: smcred: rule orders/allow says no - ask for target orders'
start_keeper --engine mysql --host orders-db.internal --port "$my_port" --tls full --ca "$world/tls/other.pem" --password right
ok "refuses a certificate of another CA" \
    fails_with '^ERROR 1429 \(HY000\): smcred: cannot trust the certificate of "orders-db.internal"'
start_keeper --engine mysql --host another.internal --port "$my_port" --tls full --ca "$ca" --password right
ok "refuses a certificate of another name" fails_with 'cannot trust the certificate of "another.internal": hostname mismatch'
ok "before any proof is asked for" [ "$(grep -c CHALLENGE "$world/k/out")" = 0 ]
start_keeper --engine mysql --host orders-db.internal --port "$closed" --tls full --ca "$ca" --password right
ok "says when nobody answers" fails_with 'cannot connect to "orders-db.internal": Connection refused'

# ---- sessions ----
tls --password right
interrupt() {
    local client
    mariadb --no-defaults -S "$world/k/socket" -u alice -e 'select sleep(50)' >"$world/cancelled" 2>&1 &
    client=$!
    until_true sleeps || { kill "$client"; return 1; }
    kill -INT "$client"
    wait "$client"
    grep -q 'Query execution was interrupted' "$world/cancelled"
}
sleeps() {
    [ "$(directly -BNe "select count(*) from information_schema.processlist where state = 'User sleep'")" = 1 ]
}
ok "Ctrl-C kills the query" interrupt
tls --password wrong --password right
ok "also of a login that took a second attempt, whose client knows another number" interrupt
if /usr/bin/python3 -c 'import pymysql' 2>/dev/null; then
    kills() { # HOW: a connection's end by the number that its client knows
        python <<PY
import sys, pymysql
doomed, other = (pymysql.connect(unix_socket=sys.argv[1], user="alice") for _ in range(2))
known = doomed.thread_id()
cursor = doomed.cursor()
cursor.execute("select connection_id()")
real = cursor.fetchone()[0]
assert real != known, real
$1
try:
    doomed.ping(reconnect=False)
    sys.exit("it lives")
except pymysql.MySQLError:
    pass
other.ping(reconnect=False)
PY
    }
    ok "so does KILL" kills 'other.cursor().execute("kill %d" % known)'
    ok "and COM_PROCESS_KILL" kills 'other.kill(known)'
    ok "with the server's number, too" kills 'other.cursor().execute("kill %d" % real)'
else
    echo "# no python3-pymysql: three tests are left out"
fi
tls --password right
loads() {
    seq 20000 | sed 's/$/,some text/' >"$world/numbers"
    answers 20000 "create table n (i int primary key, t text);
        load data local infile '$world/numbers' into table n fields terminated by ',';
        select count(*) from n where t = 'some text'" -D app --local-infile
}
ok "loads a client's own file" loads
# After 254 results the server's request for the file has number 255, and the file's first packet 0, as commands have.
# mariadb itself is silent about a file that failed behind another statement, whoever refused it.
loads_late() { # BYTE WANTED: a file that begins so, and what the table has then
    local words
    printf "\\x$1<%s\n" "$1" >"$world/late"
    words=$(mysql -D app --local-infile -e "delimiter //
create or replace table late (t varbinary(20));$(printf '%0.sdo 1;' {1..253})
load data local infile '$world/late' into table late; select hex(t) from late//")
    [ "$words" = "$2" ] || { echo "# $words"; return 1; }
}
ok "also as the 256th packet of an answer, whose number is a command's" loads_late 03 033C3033
for first in 11 12 13 15 1e; do
    ok "but no file that may pass for a command that no server may hear: $first" loads_late $first ""
    ok "nor a byte of it" answers 0 'select count(*) from late' -D app
done
ok "which the keeper is told" said 'ENDED .*outcome=refused .*the file begins with what would be a command'
dumps() {
    timeout 60 mariadb-dump --no-defaults -S "$world/k/socket" -u alice app n >"$world/dump" 2>&1 &&
        mysql -D app -e 'rename table n to was' && mysql -D app <"$world/dump" &&
        answers 20000 'select count(*) from n join was using (i, t)' -D app
}
ok "dumps and restores, unchanged" dumps
large() {
    answers 33554432 "select length(repeat('x', 33554432))" --max-allowed-packet=64M &&
        [ "$(mysql -e "select repeat('x', 30000000)" --max-allowed-packet=64M | wc -c)" = 30000001 ]
}
binlog() { # OPTION...: what was said to the server until now, as a replica hears it
    timeout 60 mariadb-binlog --no-defaults -S "$world/k/socket" -u alice --read-from-remote-server "$@" binlog.000001 2>&1
}
ok "lets nobody have the binary log where the target permits no replication" eval \
    'binlog | grep "smcred: target .orders. permits no replication connections"'
tls --password right --replication
ok "and streams it where it does" eval 'binlog | grep -q "create table n (i int primary key, t text)"'
tls --password right
prepares() {
    /usr/bin/perl -MDBI -e '
        my $db = DBI->connect("dbi:mysql:mysql_socket=$ARGV[0];mysql_server_prepare=1", "alice", undef, {RaiseError => 1});
        my $statement = $db->prepare("select concat(?, t) from app.n where i = ?");
        my $words = "";
        $words .= $db->selectrow_array($statement, undef, "<$_>", $_) for (1, 2, 20000);
        my @count = $db->selectrow_array("show session status like \"Com_stmt_execute\"");
        print "$words $count[1]\n"' "$world/k/socket" 2>&1
}
if /usr/bin/perl -MDBD::mysql -e 1 2>/dev/null; then
    prepares_as_ever() {
        local words
        words=$(prepares)
        [ "$words" = "<1>some text<2>some text<20000>some text 4" ] || { echo "# $words"; return 1; }
    }
    ok "passes prepared statements on" prepares_as_ever
else
    echo "# no libdbd-mysql-perl: a test is left out"
fi
directly -e 'set global max_allowed_packet = 67108864'
ok "passes packets that are larger than a packet" large
if /usr/bin/python3 -c 'import pymysql, MySQLdb' 2>/dev/null; then
    changes_user() { # PYTHON [OPTION OF THE CONNECTION]
        python <<PY
import sys, MySQLdb
db = MySQLdb.connect(unix_socket=sys.argv[1], user="alice"${2:+, $2})
def ask(what):
    cursor = db.cursor()
    cursor.execute("select " + what)
    return cursor.fetchone()[0]
def refused(number, words, call, *arguments):
    try:
        call(*arguments)
    except MySQLdb.Error as error:
        assert error.args[0] == number and words in error.args[1], error.args
        return
    sys.exit("it was not refused")
ask("@a := 7")
$1
PY
    }
    ok "logs in anew who changes to the user that he is" changes_user '
db.change_user("alice", "", "elsewhere")
assert ask("@a") is None
assert ask("database()") == "app"
assert ask("substring_index(user(), \"@\", 1)") == "app"
before = ask("connection_id()")
db.change_user("alice", "his own password")
db.change_user("", "")
assert ask("connection_id()") != before'
    ok "after the keeper was asked, as at every login" said '^OPEN session=[0-9]+ user=alice dbname=elsewhere'
    ok "which hears of each" [ "$(grep -c ^LOGGED_IN "$world/k/out")" -ge 4 ]
    ok "lets nobody change to another, and the connection goes on" changes_user '
refused(1045, "smcred: target orders logs in as alice", db.change_user, "root", "")
assert ask("@a") == 7
refused(1045, "smcred: target orders logs in as alice", db.change_user, "root", "x")
db.change_user("alice", "")
assert ask("@a") is None'
    for plugin in mysql_native_password caching_sha2_password client_ed25519 dialog; do
        ok "whatever the client has for a plugin: $plugin" changes_user '
db.change_user("alice", "his own password")
assert ask("@a") is None
refused(1045, "smcred: target orders logs in as alice", db.change_user, "root", "x")
assert ask("1") == 1' "auth_plugin='$plugin', password='x'"
    done
    tls --password wrong --password right
    ok "in as many attempts as a login takes" changes_user '
db.change_user("alice", "")
assert ask("@a") is None'
    tls --password right --die-anew
    ok "and goes on with it as it is if the keeper is not there" changes_user '
refused(1053, "smcred: the keeper does not answer", db.change_user, "alice", "")
assert ask("@a") == 7'
    tls --password right
    denies_in_pipeline() {
        python <<'PY'
import sys, pymysql
db = pymysql.connect(unix_socket=sys.argv[1], user="alice")
db._sock.sendall(b"\1\0\0\0\x0e" + b"\x0c\0\0\0\x11root\0\0\0\x2d\0\0\0")  # COM_PING, COM_CHANGE_USER
def answer():
    db._next_seq_id = 1
    db._read_ok_packet()
answer()
try:
    answer()
    sys.exit("it was not denied")
except pymysql.Error as error:
    assert error.args[0] == 1047, error.args
cursor = db.cursor()
cursor.execute("select substring_index(user(), '@', 1)")
assert cursor.fetchone() == ("app",)
PY
    }
    ok "no server hears a change of user in a pipeline" denies_in_pipeline
    denies_behind_a_file() {
        python <<'PY'
import sys, pymysql
db = pymysql.connect(unix_socket=sys.argv[1], user="alice", database="app", local_infile=True)
db._execute_command(3, "load data local infile 'x' into table late")
assert db._read_packet()._data[:1] == b"\xfb"
db._sock.sendall(b"\2\0\0\2z\n" + b"\0\0\0\3" + b"\x0b\0\0\0\x12\4\0\0\0\0\0\1\0\0\0")  # COM_BINLOG_DUMP
db._next_seq_id = 4
db._read_ok_packet()
db._next_seq_id = 1
try:
    db._read_ok_packet()
    sys.exit("it was not denied")
except pymysql.Error as error:
    assert error.args[0] == 1047, error.args
cursor = db.cursor()
cursor.execute("select count(*) from late where t = 'z'")
assert cursor.fetchone() == (1,)
PY
    }
    ok "nor the binary log's dump behind a file that it asked for" denies_behind_a_file
    resets() {
        python <<'PY'
import sys, pymysql
from pymysql.constants import COMMAND
db = pymysql.connect(unix_socket=sys.argv[1], user="alice")
cursor = db.cursor()
cursor.execute("set @a = 7")
db._execute_command(0x1f, "")
db._read_ok_packet()
cursor.execute("select @a")
assert cursor.fetchone() == (None,)
PY
    }
    ok "passes COM_RESET_CONNECTION on" resets
    knows_itself() {
        python <<'PY'
import sys, pymysql
for password in "", "canary-in-a-mine":
    db = pymysql.connect(unix_socket=sys.argv[1], user="alice", password=password)
    cursor = db.cursor()
    cursor.execute("select connection_id()")
    assert cursor.fetchone() == (db.thread_id(),)
PY
    }
    ok "gives the client its connection's number" knows_itself
else
    echo "# no python3-pymysql, python3-mysqldb: two tests are left out"
fi
ok "answers who would change the own password" fails_with \
    '^ERROR 1227 \(42000\) at line 1: smcred: the password of "app" is the secret of target "orders".* - Ask' \
    -e "set password = password('mine')"
ok "and leaves it as it was" answers 1 'select 1'
many() {
    local i pids=() failed=0
    for i in $(seq 60); do
        timeout 300 mariadb --no-defaults -S "$world/k/socket" -e 'select sleep(0.2)' >/dev/null 2>>"$world/many" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || failed=1
    done
    [ $failed = 0 ]
}
ok "serves 60 clients at once" many

# ---- the keeper comes and goes ----
tls --password right --deadline-ms 4000
coproc CLIENT { exec timeout 60 mariadb --no-defaults -BNn --force --skip-reconnect -S "$world/k/socket" 2>&1; }
client_pid=$CLIENT_PID
asks() { # SQL WANTED: which is among the lines that come
    local line
    echo "$1" >&"${CLIENT[1]}"
    while read -r -t 60 line <&"${CLIENT[0]}"; do
        # shellcheck disable=SC2053 # a pattern
        [[ "$line" != $2 ]] || return 0
        echo "# $line"
    done
    return 1
}
ok "keeps a session" asks 'select 1 + 1;' 2
kill -USR1 "$keeper_pid"
ok "tells a new keeper which sessions live" said 'ALIVE .*target=orders user=app dbname=app pid=[0-9]+ version=version-1'
ok "goes on with them" asks 'insert into app.n values (-1, ""); select 2 + 2;' 4
ok "and logs in with the new one" answers 1 'select 1'
ok "however long after its login" asks 'select sleep(5) + 3;' 3
kill -USR2 "$keeper_pid"
said 'ENDED .*outcome=ended' || true
ok "ends a session when the keeper says so, and says why" asks 'select 3 + 3;' \
    'ERROR 1053 (08S01)*smcred: revoked by an administrator*'
kill "$client_pid" 2>/dev/null

tls --password right --die-on-open
ok "says so when the keeper dies during a login" fails_with 'smcred: the keeper does not answer'
tls --password right --silent-open --deadline-ms 1500
ok "does not wait for a keeper for ever" fails_with 'smcred: the keeper does not answer'
tls --password right --silent-proof --deadline-ms 1500
ok "nor for its proof" fails_with 'smcred: the keeper does not answer'
ok "keeps nothing of a client's password" [ "$(grep -c 'canary-in-a-mine' "$world/k/out" "$world/k/err" | grep -vc ':0$')" = 0 ]
plan
