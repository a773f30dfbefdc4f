#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_relay_redis_hostile.sh - Redis servers and clients that break every rule.
. "$top_srcdir/tests/relay/world.sh"

command -v python3 >/dev/null || skip_all "no python3"
command -v openssl >/dev/null || skip_all "no openssl program"
make_certificates
socket_name=socket
hostile_server=hostile_redis.py hostile_client=client_redis.py

# keeper OPTION...: for the server that listens at $port
keeper() {
    start_keeper --engine redis --host orders-db.internal --port "$port" --tls full --ca "$world/tls/ca.pem" --dbname 0 "$@"
}
good_server() { start_server "${1:-good}" "$world/tls/server.pem" "$world/tls/server.key"; }
# meets CASE PATTERN SENTENCE [KEEPER OPTION...]: a server of that case makes the client read this.
meets() {
    good_server "$1"
    keeper --password right "${@:4}"
    ok "$3" says "$2"
}
# asked PATTERN: a command that the server has heard
asked() { until_true grep -qE "$1" "$world/server.err"; }

# ---- logging in ----
meets good '\+PONG' "logs in, and asks what the client asks"
ok "with the secret's user and password" asked "^b'AUTH' b'app' b'right'\$"
ok "and the human's name" asked "^b'CLIENT' b'SETNAME' b'smcred:alice'\$"
ok "in no database but the first" [ "$(grep -c SELECT "$world/server.err")" = 0 ]
ok "after it has told the keeper that the server is verified" said 'CLEARTEXT .*mechanism=AUTH .*verified'
ok "tells the keeper who logged in, and how" said 'LOGGED_IN .*tls=TLSv1.3'
ok "and that it ended well" said 'ENDED .*in=14 out=7 outcome=closed'
meets good '\+PONG' "names no user who is called default, as servers without users know no other" --user default
ok "to which the password alone is said" asked "^b'AUTH' b'right'\$"
meets good '\+PONG' "goes to the keeper's database" --dbname 3
ok "by SELECT" asked "^b'SELECT' b'3'\$"
meets name '\+PONG' "goes without a name where there may be none"
meets surplus '\+SURPLUS \+PONG' "loses nothing that the server says behind the login"
good_server
keeper --password wrong
ok "passes a refusal on" says '-WRONGPASS invalid username-password pair or user is disabled. closed'
ok "after it has told the keeper" said 'REFUSED .*sqlstate=28P01'
keeper --password wrong --password right
ok "makes another attempt, unseen by the client" says '\+PONG'
good_server again
keeper --password wrong --password right --dbname 3
ok "on the same connection" says '\+PONG'
ok "in the keeper's database" [ "$(grep -c "^b'SELECT' b'3'" "$world/server.err")" = 2 ]
ok "and with the human's name" [ "$(grep -c "^b'CLIENT' b'SETNAME'" "$world/server.err")" = 2 ]
meets select '-ERR DB index is out of range closed' "passes other errors on at once" --dbname 77
ok "without asking the keeper" [ "$(grep -c REFUSED "$world/k/out")" = 0 ]
meets connections '-ERR max number of clients reached closed' "passes on what is said instead"
meets protected '-DENIED Redis is running in protected mode because x* closed' "however long it is"
meets nopass '-ERR AUTH <password> called without any password.* closed' "also of a server without passwords"
meets loading '-MASTERDOWN .* closed' "and one that has no data"
good_server
keeper --password right --refuse
ok "says why the keeper refuses" says '-WRONGPASS smcred: rule orders/allow says no - ask for target orders closed'

# ---- broken servers ----
for case in garbage http postgres bulk push no-return nothing nul huge-line huge-error; do
    meets $case "-ERR smcred: server \"orders-db.internal\" does not speak Redis's protocol closed" "refuses $case"
done
meets half '-ERR smcred: .*closed the connection during the login closed' "sees a server close in the middle of a word"
meets close '-ERR smcred: .*closed the connection during the login closed' "or without one"
meets close-after-auth '-ERR smcred: .*closed the connection during the login closed' "or behind the first word"
meets empty-error '- closed' "passes an error without words on"
meets close-at-once '-ERR smcred: TLS failed with .* closed' "or before TLS"
meets stall '-ERR smcred: .*did not finish the login in time closed' "does not wait for a verdict for ever" --deadline-ms 1500
meets stall-after-auth '-ERR smcred: .*did not finish the login in time closed' "or behind it" --deadline-ms 1500
meets unasked '-ERR smcred: .*(did not finish the login in time|accepted the login without a password) closed' \
    "takes no word for a verdict that came before the question" --deadline-ms 1500
for case in tls-no tls-garbage tls-old; do
    meets $case '-ERR smcred: TLS failed with "orders-db.internal".* closed' "never goes on without TLS: $case"
done
meets end 'closed' "sees a server end after the login"
start_server good
keeper --password right --deadline-ms 1500
ok "never goes on without TLS" says '-ERR smcred: no answer in time from "orders-db.internal": it was reached, and did not go on closed'
ok "and asks for no password then" [ "$(grep -c CLEARTEXT "$world/k/out")" = 0 ]
start_keeper --engine redis --host orders-db.internal --port "$port" --password right
ok "is given none for a server that it could not verify" says '-WRONGPASS smcred: no cleartext password without verified TLS .*closed'
ok "which has heard nothing" [ ! -s "$world/server.err" ]
start_server good "$world/tls/other.pem" "$world/tls/other.key"
keeper --password right
ok "refuses a certificate it cannot verify" says '-ERR smcred: cannot trust the certificate.*self-signed certificate closed'
ok "and lives" same_relay_lives

# ---- clients ----
good_server
keeper --password right
unknown="-ERR unknown command 'smcred: "
ok "answers a client's login" says '\+OK \+PONG' auth
ok "whose user the keeper hears" says '\+OK \+PONG' auth-user
ok "if it names one" said '^OPEN session=2 user=alice$'
ok "any number of times" says '\+OK \+OK \+PONG' auth-twice
ok "and refuses another user's" says '\+OK -WRONGPASS smcred: this connection is logged in as .* \+PONG' auth-other
ok "late ones have their turn" says "-ERR unknown command 'ECHO' ${unknown}you are logged in already, .*' \+PONG" auth-late
ok "says hello without the password" says '%1 \+proto :3 \+PONG' hello
ok "and with the human's name" asked "^b'HELLO' b'3' b'SETNAME' b'smcred:alice:worker'\$"
ok "which is the connection's from the beginning" said '^OPEN session=[0-9]+ application=worker'
ok "understands lines" says '\+OK \+PONG' lines
ok "logs nobody out" says "${unknown}RESET would log this connection out; connect anew' \+PONG" reset
ok "knows commands in pieces" says "\+OK \+OK %1 \+proto :3 ${unknown}RESET .*' \+PONG" drip
ok "says what a client of TLS has to do" says '-ERR smcred: the client wants TLS.*leave --tls out.* closed' tls
ok "has the server refuse what is no protocol" says "-ERR unknown command 'ECHO' -ERR Protocol error closed" broken
ok "or another one" says "-ERR unknown command 'GET' -ERR unknown command 'Host:' \+PONG" http
for case in huge-count negative; do
    ok "or a number that cannot be: $case" says '-ERR Protocol error closed' $case
done
ok "lets a client say nothing, a hundred thousand times" says '\+PONG' no-words
for case in long-user nul-user; do
    ok "refuses a name that is none: $case" says '-ERR smcred: .*too long closed' $case
done
ok "refuses a password without an end" says "${unknown}the command is too long' -ERR Protocol error closed" long-auth
ok "and a line" says "${unknown}the command is too long' -ERR Protocol error closed" long-line
refuses_many() { [ "$(client many | grep -oE "ERR unknown command 'smcred: (RESET|the password of this user)" | wc -l)" = 1000 ]; }
ok "refuses a thousand commands in one pipeline" refuses_many
ok "forgets who leaves in the middle of a word" client half
coproc WAITER { client waits; }
read -r -t 60 line <&"${WAITER[0]}"
kill -USR2 "$keeper_pid"
is_told() {
    read -r -t 60 line <&"${WAITER[0]}" && [ "$line" = "-ERR smcred: revoked by an administrator" ]
}
ok "says why a session ends" is_told
keeper --password right --deadline-ms 1500
ok "logs in a client that says nothing at first" says '\+PONG' late
ok "but waits for no end of a word" says '-ERR smcred: no startup packet came in time closed' half-open
ok "and serves the next" says '\+PONG' ping
ok "in the same process" same_relay_lives
ok "keeps nothing of what a client proves itself with" \
    [ "$(cat "$world/k/out" "$world/k/err" "$world/server.err" | grep -c canary-in-a-mine)" = 0 ]
plan
