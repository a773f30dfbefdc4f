#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_relay_tls.sh - clients that want TLS towards the relay: with real servers, and by every rule they can break.
. "$top_srcdir/tests/relay/world.sh"

[ -x "$pg_bin/initdb" ] || skip_all "no PostgreSQL server in $pg_bin"
command -v openssl >/dev/null || skip_all "no openssl program"
command -v python3 >/dev/null || skip_all "no python3"
[ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1 || skip_all "root, and no user postgres"
start_postgres || skip_all "PostgreSQL does not start here"
cat "$world/tls/server.pem" "$world/tls/server.key" >"$world/identity.pem"
ca=$world/tls/ca.pem
name=orders-db.internal
socket=$world/k/$socket_name

# tls [OPTION...]: a relay that has a certificate to show, in front of PostgreSQL over TLS
tls() {
    start_keeper --host orders-db.internal --port "$pg_port" --tls full --ca "$ca" --password right \
        --identity "$world/identity.pem" "$@"
}
tls_redis_refuses() {
    tls_redis --refuse
    tells login 'TLSv1.3 -WRONGPASS smcred: rule orders/allow says no.*'
}
# tells CASE PATTERN [CA NAME]: what the client has to tell
tells() {
    local words
    words=$(timeout 120 python3 "$top_srcdir/tests/relay/client_tls.py" "$socket" "$engine" "$1" "${3:-$ca}" "${4:-$name}" 2>&1)
    echo "$words" | grep -qxE "$2" || { echo "# $words"; return 1; }
}

# ---- PostgreSQL ----

engine=postgres
tls
ok "a client verifies the relay, and is in" tells login 'TLSv1.3 in'
ok "the keeper is told" said 'LOGGED_IN .*tls=TLSv1.3 client_tls=TLSv1.3'
ok "TLS 1.2 will do" tells tls12 'TLSv1.2 in'
ok "older TLS will not" tells old 'TLS: (TLSV1_ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE)'
ok "a client that wants another name refuses" tells login 'the client refuses: Hostname mismatch.*' "$ca" billing-db.internal
ok "and one that trusts another CA" tells login 'the client refuses: .*' "$world/tls/other.pem"
ok "the keeper is told of those" said 'ENDED .*outcome=failed .*text=TLS with the client failed: .*alert'
ok "psql, which does not ask for TLS at a Unix socket, is in" [ "$(sql -c 'select 1')" = 1 ]
ok "TLS without having asked for it" tells direct 'postgresql in'
ok "megabytes go each way unchanged" tells copy whole
ok "who does not read holds nobody up, and gets it all" tells backpressure '30000 rows'
ok "a client that has said its last still hears the answer" tells half-close late
ok "new keys in the middle of a session lose nothing" tells key-update answered
ok "a cancel request by TLS ends the query" tells cancel '57014 .*'
ok "openssl sees the certificate" sh -c "echo | timeout 60 openssl s_client -unix '$socket' -starttls postgres \
    -CAfile '$ca' -verify_hostname $name -verify_return_error 2>&1 | grep -q 'Verify return code: 0 (ok)'"

ok "what is said in clear behind the request is not obeyed" tells inject '(closed|alert)'
ok "nor is a second request, inside TLS" tells twice '08P01 .*encryption was asked for twice'
ok "garbage in place of TLS ends it" tells garbage '(closed|alert)'
ok "so does a client that leaves" tells leave '(closed|alert)'
ok "the relay lives" same_relay_lives
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=renewed \
    -addext subjectAltName=DNS:renewed.internal -keyout "$world/renewed.key" -out "$world/renewed.pem" 2>/dev/null
cat "$world/renewed.pem" "$world/renewed.key" >"$world/identity.pem"
ok "a certificate that was made anew is shown from then on" tells login 'TLSv1.3 in' "$world/renewed.pem" renewed.internal
cat "$world/tls/server.pem" "$world/renewed.key" >"$world/identity.pem"
ok "one without its key is not taken" tells login 'TLSv1.3 in' "$world/renewed.pem" renewed.internal
cat "$world/tls/server.pem" "$world/tls/server.key" >"$world/identity.pem"
ok "by the same relay" same_relay_lives

tls --deadline-ms 1500
ok "nobody waits for ever for a client's TLS: silence" tells silence closed
ok "nor for the rest of it" tells half-a-hello closed
ok "the keeper is told why" said 'ENDED .*outcome=failed .*text=no startup packet came in time'
ok "and the relay lives" same_relay_lives
start_keeper --host orders-db.internal --port "$pg_port" --tls full --ca "$ca" --password right
ok "without a certificate TLS is declined" tells login 'refused, and in without'
tls --refuse
ok "a refusal is read through TLS" tells login '28000 smcred: rule orders/allow says no'

# ---- Redis ----

engine=redis
hostile_server=hostile_redis.py
tls_redis() {
    start_server good "$world/tls/server.pem" "$world/tls/server.key"
    start_keeper --engine redis --host orders-db.internal --port "$port" --tls full --ca "$ca" --dbname 0 --password right \
        --identity "$world/identity.pem" "$@"
}
tls_redis
ok "Redis: a client verifies the relay, and is in" tells login 'TLSv1.3 \+PONG'
ok "Redis: the keeper is told" said 'LOGGED_IN .*tls=TLSv1.3 client_tls=TLSv1.3'
ok "Redis: a client that wants another name refuses" tells login 'the client refuses: Hostname mismatch.*' "$ca" billing-db.internal
ok "Redis: what begins like TLS and is none ends it" tells no-hello '(closed|alert)'
ok "Redis: a refusal is read through TLS" tls_redis_refuses
tls_redis --deadline-ms 1500
ok "Redis: nobody waits for ever for the rest of it" tells half-a-hello closed
if command -v redis-cli >/dev/null && redis-cli --help 2>&1 | grep -q -e --cacert; then
    tls_redis
    ok "Redis: redis-cli --tls is in" [ "$(timeout 60 redis-cli -s "$socket" --tls --cacert "$ca" ping)" = PONG ]
    ok "Redis: and refuses another CA" sh -c "timeout 60 redis-cli -s '$socket' --tls --cacert '$world/tls/other.pem' ping 2>&1 | grep -q 'certificate verify failed'"
fi

# ---- MySQL ----

if ! command -v mariadb-install-db >/dev/null || { [ "$(id -u)" = 0 ] && ! id mysql >/dev/null 2>&1; } || ! start_mariadb; then
    echo "# skipped: MariaDB's part, as there is no MariaDB"
    plan
    exit 0
fi
engine=mysql
cat "$world/tls/server.pem" "$world/tls/server.key" >"$world/identity.pem"
rm -f "$world/k/socket"
ln -s "$socket_name" "$world/k/socket"
tls_mysql() {
    start_keeper --engine mysql --host orders-db.internal --port "$my_port" --tls full --ca "$ca" --password right \
        --identity "$world/identity.pem" "$@"
}
tls_mysql
ok "MySQL: a client verifies the relay, and is in" tells login 'TLSv1.3 in'
ok "MySQL: the keeper is told" said 'LOGGED_IN .*tls=TLSv1.3 client_tls=TLSv1.3'
ok "MySQL: TLS 1.2 will do" tells tls12 'TLSv1.2 in'
ok "MySQL: a client that wants another name refuses" tells login 'the client refuses: Hostname mismatch.*' "$ca" billing-db.internal
ok "MySQL: what is said in clear behind the request is not obeyed" tells inject '(closed|alert)'
ok "MySQL: nor is a second request, inside TLS" tells twice '[0-9]+ .*malformed, or asks for TLS where none is offered'
ok "MySQL: a request out of order is refused" tells sequence '[0-9]+ .*out of order'
ok "MySQL: garbage in place of TLS ends it" tells garbage '(closed|alert)'
ok "MySQL: so does a client that leaves" tells leave '(closed|alert)'
secure() { # OPTION...: mariadb's own client, with TLS
    mysql --ssl-ca="$ca" "$@"
}
ok "MySQL: mariadb is in by TLS" [ "$(secure -e "show status like 'ssl_version'" | cut -f2)" = TLSv1.3 ]
ok "MySQL: and by its socket's name it refuses, which is not in this certificate" \
    sh -c "$(declare -f secure mysql); world='$world' ca='$ca'; secure --ssl-verify-server-cert -e 'select 1' | grep -qi 'verif\|certificate\|validat'"
ok "MySQL: without TLS too" [ "$(mysql --skip-ssl -e 'select 1')" = 1 ]
ok "MySQL: a wrong CA is refused by the client" \
    sh -c "$(declare -f mysql); world='$world'; mysql --ssl-ca='$world/tls/other.pem' --ssl-verify-server-cert -e 'select 1' | grep -q 'ERROR 2026'"
directly -e "create table app.big (a int primary key, b longblob);
    insert into app.big select seq, repeat(md5(seq), 30000) from seq_1_to_20"
sums="select count(*), sum(crc32(b)) from app.big"
timeout 120 mariadb-dump --no-defaults -S "$world/k/socket" -u alice --ssl-ca="$ca" app big >"$world/dump" 2>&1
before=$(directly -BNe "$sums")
secure app -e "source $world/dump" >/dev/null
ok "MySQL: a dump by TLS that is loaded by TLS is the same" [ "$(directly -BNe "$sums")" = "$before" ]
ok "MySQL: openssl sees the certificate" sh -c "echo | timeout 60 openssl s_client -unix '$socket' -starttls mysql \
    -CAfile '$ca' -verify_hostname $name -verify_return_error 2>&1 | grep -q 'Verify return code: 0 (ok)'"
ok "MySQL: the relay lives" same_relay_lives
tls_mysql --user tlsapp
ok "MySQL: an account that insists on TLS at the server is served without TLS here" [ "$(mysql --skip-ssl -e 'select 1')" = 1 ]
start_keeper --engine mysql --host localhost --port "$my_port" --password right --identity "$world/identity.pem"
ok "MySQL: a client with TLS, a server without" tells login 'TLSv1.3 in'
tls_mysql --deadline-ms 1500
ok "MySQL: nobody waits for ever for a client's TLS: silence" tells silence closed
ok "MySQL: nor for the rest of it" tells half-a-hello closed
tls_mysql --refuse
ok "MySQL: a refusal is read through TLS" tells login 'TLSv1.3 1045 #28000smcred: rule orders/allow says no.*'
plan
