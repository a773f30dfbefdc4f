#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_go_peer.sh - a server of MySQL's protocol that neither Oracle nor MariaDB wrote, go-mysql-server: what Dolt is
# made of.  Where Go's registry or a Go that is new enough is not to be had, it skips.
. "$(dirname "$0")/clients.sh"
command -v go >/dev/null || skip_all "no Go"
command -v mariadb >/dev/null || skip_all "no mariadb client"
cp "$top_srcdir/tests/clients/mysql_peer.go" "$work"
fetch peer env CGO_ENABLED=0 GOFLAGS=-mod=mod sh -c 'go mod init peer && go get github.com/dolthub/go-mysql-server@v0.20.0 &&
    go build -gcflags="all=-N -l" -o mysql_peer mysql_peer.go'
clients_world
fetched peer || skip_all "Go cannot build the server: $(tail -n 1 "$work/peer.log")"

# ---- the server, with one account of each method; secrets and targets of those names ----

openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=peer-db.internal -keyout "$work/key.pem" -out "$work/csr" 2>/dev/null
openssl x509 -req -in "$work/csr" -CA "$WORLD_CA" -CAkey "$WORLD/private/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 30 \
    -extfile <(echo subjectAltName=DNS:peer-db.internal) -out "$work/cert.pem" 2>/dev/null
for name in sha2 native; do openssl rand -hex 16 | tr -d '\n' >"$WORLD/private/peer_$name"; done
cat >"$work/statements" <<END
create user sha2@'%' identified with caching_sha2_password by '$(cat "$WORLD/private/peer_sha2")'
create user native@'%' identified with mysql_native_password by '$(cat "$WORLD/private/peer_native")'
grant all on *.* to sha2@'%'
grant all on *.* to native@'%'
create table shop.paid (id int primary key, note text)
insert into shop.paid values (1, 'one'), (2, 'two')
END
"$work/mysql_peer" "$work/cert.pem" "$work/key.pem" <"$work/statements" >"$work/port" 2>"$work/served.log" &
at_exit "kill $!"
eventually 20 test -s "$work/port"
port=$(cat "$work/port")
like "it serves" "$port" "[1-9]*"
value() { # of a secret: USER PASSWORD
    printf '{"engine":"mysql","host":"peer-db.internal","port":%s,"username":"%s","password":"%s","dbname":"shop"}' "$port" "$1" "$2"
}
for name in sha2 native; do
    value $name "$(cat "$WORLD/private/peer_$name")" | smcred secret create peer_$name >/dev/null
    printf '[target peer_%s]\nengine = mysql\nsecret = peer_%s\nallow = smcred-alice\nhostaddr = 127.0.0.1\ntls = verify-full\nca_file = %s\n' \
        $name $name "$WORLD_CA" >"$WORLD/etc/conf.d/peer_$name.conf"
done
chmod 644 "$WORLD"/etc/conf.d/*
sandbox reload "$WORLD"
# at NAME STATEMENT [OPTION...]: alice's client, and what it says
at() { socket mariadb --no-defaults -NBS "$WORLD/run/peer_$1/mysql.sock" "${@:3}" -e "$2"; }
who="select substring_index(current_user(), '@', 1), database()"
in_as() { [ "$(at "$1" "$who")" = "$1	shop" ]; }

for name in sha2 native; do
    holds "alice is logged in as the secret's user: $name" eventually 20 in_as $name
    is "and again, when it knows the password" "$(at $name "$who")" "$name	shop"
    is "a session has nothing of the one before" "$(at $name 'select @a; set @a = 7')$(at $name 'select @a')" NULLNULL
    is "several statements at once" "$(at $name 'select note from paid order by id; select count(*) from paid')" "one
two
2"
done
is "whatever her client has for a plugin" "$(at sha2 'select 7' --default-auth=caching_sha2_password -pmine)" 7
like "another user is refused, and told the rule" "$(at sha2 'select 1' -u root)" "ERROR 1045 (28000): smcred: target peer_sha2 logs in as *"
value sha2 wrong | smcred secret put peer_sha2 >/dev/null
smcred refresh peer_sha2 >/dev/null
is "a version that is wrong costs no login while the one before is right" "$(at sha2 "$who")" "sha2	shop"
value native wrong | smcred secret put peer_native >/dev/null
value native worse | smcred secret put peer_native >/dev/null
smcred refresh peer_native >/dev/null
like "where none is, the server's own words come through" "$(at native 'select 1')" "ERROR 1045 (28000)*Access denied for user 'native'*"
if imports MySQLdb; then
    cat >"$work/change_user.py" <<'END'
import sys, MySQLdb
db = MySQLdb.connect(unix_socket=sys.argv[1], user="smcred-alice")
def ask(what):
    cursor = db.cursor()
    cursor.execute("select " + what)
    return cursor.fetchone()[0]
db.cursor().execute("set @a = 7")
db.change_user("smcred-alice", "her own", "shop")
print(ask("@a"), ask("substring_index(current_user(), '@', 1)"))
try:
    db.change_user("root", "")
except MySQLdb.Error as error:
    print(*error.args)
END
    like "a change of user" "$(socket /usr/bin/python3 "$work/change_user.py" "$WORLD/run/peer_sha2/mysql.sock")" \
        "None sha2
1045 smcred: target peer_sha2 logs in as *"
else
    skip "a change of user" "no python3-mysqldb"
fi
done_testing
