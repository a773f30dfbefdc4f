#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_relay_mysql_hostile.sh - MySQL servers and clients that break every rule, and every method of a
# server that none can be had of here.
. "$top_srcdir/tests/relay/world.sh"

command -v python3 >/dev/null || skip_all "no python3"
command -v openssl >/dev/null || skip_all "no openssl program"
make_certificates
socket_name=socket
hostile_server=hostile_mysql.py hostile_client=client_mysql.py

# meets CASE PATTERN SENTENCE [KEEPER OPTION...]: a server of that case makes the client read this.
meets() {
    local case=$1 pattern=$2 sentence=$3
    shift 3
    start_server "$case"
    start_keeper --engine mysql --host db.internal --port "$port" --password right "$@"
    ok "$sentence" says "$pattern"
}
meets_tls() { # CASE PATTERN SENTENCE
    local case=$1 pattern=$2 sentence=$3
    start_server "$case" "$world/tls/server.pem" "$world/tls/server.key"
    start_keeper --engine mysql --host orders-db.internal --port "$port" --tls full \
        --ca "$world/tls/ca.pem" --password right
    ok "$sentence" says "$pattern"
}
# ---- methods ----
meets good 'in pong' "logs in with a native password"
meets sha2-fast 'switch mysql_native_password in pong' "logs in with the fast path of SHA-2"
meets unheard 'switch mysql_native_password in pong' "answers a greeting whose plugin nobody knows"
meets switch-sha2 'in pong' "goes from the native password to SHA-2"
meets ed25519 'in pong' "and to ed25519"
ok "with the server's nonce" said 'CHALLENGE .*mechanism=client_ed25519'
meets parsec 'in pong' "and to parsec, whose salt it asks for"
ok "with the account's iterations" said 'CHALLENGE .*mechanism=parsec iterations=1024'
meets sha2-full '.*in pong' "has the password encrypted where there is no TLS"
ok "for a key that the keeper knows" said 'CHALLENGE .*mechanism=caching_sha2_password:full'
meets sha256 'in pong' "also for sha256_password"
ok "by its own name" said 'CHALLENGE .*mechanism=sha256_password'
meets clear '1045 28000 smcred: no cleartext password without verified TLS.*' "gives no password away"
meets_tls good 'in pong' "logs in over TLS"
for case in sha2-full sha256 clear; do
    meets_tls $case '.*in pong' "gives a verified server the password: $case"
    ok "which is what it told the keeper" said 'CLEARTEXT .*verified'
done

# ---- refusals ----
start_server good
start_keeper --engine mysql --host db.internal --port "$port" --password wrong
ok "passes a refusal on" says "1045 28000 Access denied for user 'app'@'test'"
start_keeper --engine mysql --host db.internal --port "$port" --password wrong --password right
ok "makes another attempt, unseen by the client" says 'in pong'
meets locked '3118 HY000 .*Account is locked.' "passes on that an account is locked"
ok "once the keeper has heard it" said 'REFUSED .*sqlstate=HY000 code=3118'
for case in no-password:1698 expired:1862 too-often:3955; do
    meets ${case%:*} "${case#*:} .*" "asks for no other version by itself after ${case#*:}"
    ok "once the keeper has heard it: ${case#*:}" said "REFUSED .*code=${case#*:}"
done
start_server shrinks
start_keeper --engine mysql --host db.internal --port "$port" --password wrong --password right
ok "goes on with no server that can do less than the client was told" \
    says '[0-9]+ .* smcred: server "db.internal" is another one than a moment ago: it can do less'
meets eager 'in pong' "loses nothing that a server says behind its OK"
meets no-state '1045 HY000 Access denied, says an old server' "takes an error without a state"
meets too-many "1226 42000 User 'app' has exceeded the resource" "passes other errors on at once"
ok "without asking the keeper" [ "$(grep -c REFUSED "$world/k/out")" = 0 ]
meets connections '1040 08004 Too many connections' "passes on what is said instead of a greeting, behind one"
meets blocked "1129 HY000 Host 'relay' is blocked" "of whatever kind"
meets denied '1045 (28000|HY000) .*Access denied, says somebody' "a refusal of no password, too"
ok "of which the keeper hears nothing" [ "$(grep -c REFUSED "$world/k/out")" = 0 ]

# ---- broken servers ----
for case in garbage http postgres huge-length empty old no-41 out-of-order long-version; do
    meets $case "[0-9]+ [0-9A-Z]{5} smcred: server \"db.internal\" does not speak MySQL's protocol.*" "refuses $case"
done
meets close-at-once '1429 HY000 smcred: .*closed the connection before its greeting' "sees a server close at once"
meets half '1429 HY000 smcred: .*closed the connection before its greeting' "or in the middle of its greeting"
meets close '[0-9]+ .* smcred: .*closed the connection during the login' "or later"
meets stall-at-once '1429 HY000 smcred: no answer in time from "db.internal": it was reached, and did not go on' "does not wait for a greeting for ever" --deadline-ms 1500
meets stall '[0-9]+ .* smcred: .*did not finish the login in time' "nor for a verdict" --deadline-ms 1500
meets switch-unknown '1235 42000 smcred: .*not spoken here.*' "does not speak GSSAPI, and says so"
meets switch-old '1235 42000 smcred: .*not spoken here.*' "nor the passwords of MySQL 4.0"
meets next-factor '1235 42000 smcred: .*another factor.*' "nor a second factor"
meets long-nonce '.*smcred: server "db.internal" sent a nonce of an impossible length' "refuses a nonce that is too long"
meets parsec-salt '.*smcred: server "db.internal" sent a salt that parsec does not know' "more iterations than there are"
meets parsec-twice '.*smcred: server "db.internal" sent a salt that parsec does not know' "and a second salt"
for case in switch-cut switch-huge short-nonce more-data result-set odd-error wrong-sequence \
    sha2-word; do
    meets $case '[0-9]+ [0-9A-Z]{5} smcred: server "db.internal" .*|.*switch.*smcred: server "db.internal" .*' "refuses $case"
done
meets switch-for-ever '.*smcred: server "db.internal" changes the method again and again' "refuses a method's second question"
ok "and asks the keeper for one proof of it" [ "$(grep -c '^CHALLENGE' "$world/k/out")" = 1 ]
meets parsec-ok '1045 28000 smcred: .*accepted the login without a proof' "believes nobody who has seen no proof"
ok "and lives" same_relay_lives
meets_tls tls-no '1429 .* smcred: .*does not offer TLS.*' "never goes on without TLS"
meets_tls tls-close '1429 .* smcred: TLS failed with.*' "sees a close instead of TLS"
meets_tls tls-garbage '1429 .* smcred: TLS failed with.*' "sees garbage instead of TLS"
meets_tls tls-stuffed '1429 .* smcred: TLS failed with.*' "takes nothing for TLS that came before it"
meets_tls tls-flight 'in pong' "asks for TLS and begins it in one breath"
meets_tls tls-forgets 'in pong' "takes a server's tickets"
ok "goes without them when it stumbles over one" says 'in pong'
ok "unseen by the keeper" [ "$(grep -c '^OPEN ' "$world/k/out"),$(grep -c REFUSED "$world/k/out")" = 2,0 ]
ok "says so once" grep -q 'cannot resume a TLS session' "$world/k/err"
ok "and offers none again" says 'in pong'
ok "however often" [ "$(grep -c 'cannot resume' "$world/k/err")" = 1 ]
start_server good "$world/tls/other.pem" "$world/tls/other.key"
start_keeper --engine mysql --host orders-db.internal --port "$port" --tls full --ca "$world/tls/ca.pem" --password right
ok "refuses a certificate it cannot verify" says '1429 .* smcred: cannot trust the certificate.*self-signed certificate'
ok "and asks for no proof then" [ "$(grep -cE 'CHALLENGE|CLEARTEXT' "$world/k/out")" = 0 ]

# ---- clients ----
start_server good
start_keeper --engine mysql --host db.internal --port "$port" --password right
ok "serves a client without a user" says 'in pong' no-user
ok "and tells the keeper that there was none" said '^CHALLENGE session=1 application=test mechanism'
ok "serves a client that cannot change its plugin" says 'in pong' no-plugins
ok "one that speaks before it is greeted" says 'in pong' eager
ok "one with a native password" says 'in pong' password
ok "switches one that has SHA-2, and tells it that it is known" says 'switch caching_sha2_password fast in pong' sha2-password
ok "switches one that sends its password" says 'switch mysql_native_password in pong' clear
ok "serves no client that wants TLS" says '[0-9]+ smcred: .*asks for TLS.*' tls
ok "nor one from before 4.1" says '1235 smcred: clients from before MySQL 4.1 are not served' old
start_server extended
start_keeper --engine mysql --host db.internal --port "$port" --password right
ok "passes MariaDB's further capabilities on, but for COM_MULTI" says 'in pong' extended
start_server good
start_keeper --engine mysql --host db.internal --port "$port" --password right
ok "refuses a packet out of order" says '[0-9]+ smcred: .*out of order' out-of-order
for case in cut empty bad-attributes; do
    ok "refuses a response that is none: $case" says '[0-9]+ smcred: .*malformed.*' $case
done
ok "refuses a huge packet" says '[0-9]+ smcred: .*too long' huge
ok "and one of another protocol" says '[0-9]+ smcred: .*' http
ok "refuses names that are too long" says '[0-9]+ .*smcred: .*too long.*' long-user
coproc WAITER { client waits; }
read -r -t 60 line <&"${WAITER[0]}"
kill -USR2 "$keeper_pid"
is_told() {
    read -r -t 60 line <&"${WAITER[0]}" && [ "$line" = "1053 08S01 smcred: revoked by an administrator" ]
}
ok "says why a session ends" is_told
start_server sha2-fast
start_keeper --engine mysql --host db.internal --port "$port" --password right
ok "takes a client of the greeting's plugin as it is" says 'in pong' sha2
ok "and tells it that it is known, if it has a password" says 'fast in pong' sha2-password
start_server good
start_keeper --engine mysql --host db.internal --port "$port" --password right --deadline-ms 1500
ok "does not wait for a client for ever" says '[0-9]+ smcred: no startup packet came in time' nothing
ok "and serves the next" says 'in pong' login
ok "in the same process" same_relay_lives
ok "keeps nothing of what a client proves itself with" [ "$(cat "$world/k/out" "$world/k/err" | grep -c canary-in-a-mine)" = 0 ]
plan
