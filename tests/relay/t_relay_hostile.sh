#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_relay_hostile.sh - servers and clients that break every rule meet a clear error, and a relay that lives.
. "$top_srcdir/tests/relay/world.sh"

command -v python3 >/dev/null || skip_all "no python3"
command -v openssl >/dev/null || skip_all "no openssl program"
make_certificates
hostile_server=hostile.py hostile_client=client.py

# meets CASE PATTERN SENTENCE [KEEPER OPTION...]: a server of that case makes the client read this.
meets() {
    local case=$1 pattern=$2 sentence=$3
    shift 3
    start_server "$case"
    start_keeper --host db.internal --port "$port" --password right "$@"
    ok "$sentence" says "$pattern"
}

# ---- a server that behaves, so that the others fail for the reason they name ----
meets good 'in' "logs in where all is well"
meets trust 'in' "logs in where nothing is asked"
meets notice 'notice hello early bird in' "delivers a notice that came before the login was accepted"
meets negotiate 'negotiate in' "passes the server's word on the protocol version on"

# ---- closing, stalling ----
for case in close-at-once close-after-first close-after-proof half-a-message; do
    meets $case '08006 smcred: server "db.internal" closed the connection during the login' "sees $case"
done
for case in stall-at-once stall-after-startup stall-after-login; do
    meets $case '08001 smcred: server "db.internal" did not finish the login in time' \
        "does not wait for ever: $case" --deadline-ms 2000
done

# ---- garbage ----
for case in garbage http huge-length negative-length tiny-length cut-authentication query-result \
    key-before-auth short-key ready-before-auth twice-accepted notices-for-ever settings-for-ever; do
    meets $case '08P01 smcred: server "db.internal" (does not speak|sent).*' "refuses $case"
done

# ---- authentication ----
meets cleartext '28000 smcred: no cleartext password without verified TLS' "gives no password away"
meets gssapi '0A000 smcred: .*asks for an authentication method that is not spoken here.*' "does not speak GSSAPI, and says so"
meets unknown-mechanism '0A000 smcred: .*offers no SASL mechanism.*' "does not speak other mechanisms, and says so"
meets no-mechanism '0A000 smcred: .*offers no SASL mechanism.*' "wants a mechanism"
meets md5-short-salt '08P01 smcred: .*impossible length' "refuses an md5 challenge that is cut off"
meets final-first '08P01 smcred: .*out of turn' "wants a challenge before its end"
meets wrong-nonce '08P01 smcred: .*no answer to ours' "refuses another's nonce"
meets same-nonce '08P01 smcred: .*no answer to ours' "refuses a nonce without the server's part"
meets huge-challenge '08P01 smcred: .*SCRAM challenge.*' "refuses a huge challenge"
meets mandatory-extension '0A000 smcred: .*SCRAM extension.*' "refuses an extension it must understand"
meets absurd-count "28000 smcred: the server's iteration count is absurd" "passes the keeper's refusal on"
meets twice-challenged '08P01 smcred: .*out of turn' "refuses a second challenge"
meets wrong-signature '28000 smcred: .*signature is wrong' "refuses a server that does not know the password"
meets no-signature '28000 smcred: .*without showing its SCRAM signature' "wants the signature before it believes"
meets server-error '28000 smcred: .*signature is wrong' "refuses a server that reports an error there"
meets error '57P03 the database system is starting up' "passes an error of the server on"
meets error-after-proof '53300 sorry, too many clients already' "passes an error in the middle on"
meets odd-error '.*' "survives an error without an end"
ok "and lives" same_relay_lives

# ---- TLS ----
meets_tls() { # CASE PATTERN SENTENCE
    local case=$1 pattern=$2 sentence=$3
    start_server "$case" "$world/tls/server.pem" "$world/tls/server.key"
    start_keeper --host orders-db.internal --port "$port" --tls full --ca "$world/tls/ca.pem" \
        --password right --deadline-ms 30000
    ok "$sentence" says "$pattern"
}
meets_tls good 'in' "logs in over TLS"
meets_tls cleartext '08006 .*' "gives a verified server its cleartext password"
ok "which is what it told the keeper" said 'CLEARTEXT .*verified'
meets_tls tls-no '08001 smcred: server "orders-db.internal" does not offer TLS.*' "never goes on without TLS"
meets_tls tls-error '08001 smcred: .*something else' "sees an error instead of TLS"
meets_tls tls-close '08001 smcred: .*closed the connection before TLS' "sees a close instead of TLS"
meets_tls tls-garbage '08001 smcred: TLS failed with "orders-db.internal".*' "sees garbage instead of TLS"
meets_tls tls-stuffed '08001 smcred: TLS failed with "orders-db.internal".*' "takes nothing for TLS that came before it"
meets_tls tls-stall '08001 smcred: no answer in time from "orders-db.internal": it was reached, and did not go on' "does not wait for a handshake for ever"
meets_tls tls-old '08001 smcred: TLS failed with "orders-db.internal".*' "refuses TLS before 1.2"
start_server good "$world/tls/other.pem" "$world/tls/other.key"
start_keeper --host orders-db.internal --port "$port" --tls full --ca "$world/tls/ca.pem" --password right
ok "refuses a certificate it cannot verify" says '08001 smcred: cannot trust the certificate.*self-signed certificate'
ok "and asks for no proof then" [ "$(grep -cE 'SCRAM|CLEARTEXT' "$world/k/out")" = 0 ]

# ---- clients ----
start_server good
start_keeper --host db.internal --port "$port" --password right
ok "serves a client without a user" says in no-user
ok "and tells the keeper that there was none" said '^OPEN session=1$'
ok "refuses an empty user" says '28000 smcred: .*empty user name' empty-user
ok "refuses two users" says '08P01 smcred: .*twice' two-users
ok "refuses a packet without terminator" says '08P01 smcred: .*terminator' no-terminator
ok "refuses a name without value" says '08P01 smcred: .*terminator' no-value
ok "refuses bytes behind the terminator" says '08P01 smcred: .*terminator' trailing
ok "refuses version 2" says '0A000 smcred: only version 3.*' version-2
ok "refuses version 4" says '0A000 smcred: only version 3.*' version-4
ok "leaves minor versions to the server" says 'in' version-3.9
for case in oversized gigantic tiny http; do
    ok "refuses a length that cannot be: $case" says '08P01 smcred: .*impossible length' $case
done
ok "declines encryption once" says 'N 08P01 smcred: encryption was asked for twice' ssl-twice
ok "declines GSS and TLS, then serves" says 'N N in' gss-then-ssl
ok "refuses a cancel request that is cut off" says '08P01 smcred: .*impossible length' short-cancel
ok "passes a wish for replication to the keeper" says in replication
ok "as what it is" said 'OPEN .*replication'
ok "says when the names make a packet too long" says '08P01 smcred: .*too long.*' long-option
ok "sees a client leave" says closed truncated
start_keeper --host db.internal --port "$port" --password right --deadline-ms 3000
ok "does not wait for a client for ever" says '57P03 smcred: no startup packet came in time' nothing
ok "and serves the next" says in login
ok "in the same process" same_relay_lives
plan
