#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_database.sh - a database that breaks a rule, behind a target of the whole world: alice's client says
# what was wrong, nothing hangs, and her next login to a good one works.
. "$(dirname "$0")/world.sh"
command -v python3 >/dev/null || skip_all "no python3"
needs_world
certificates=$dir/tls
mkdir "$certificates"

# certificate FILE NAME VALID_UNTIL: one of the world's CA
certificate() {
    (
        cd "$certificates" || exit 1
        : >index
        printf '[ca]\ndefault_ca = it\n[it]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\npolicy = any\n[any]\ncommonName = supplied\n' >ca.conf
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" &&
            openssl ca -batch -notext -config ca.conf -md sha256 -cert "$WORLD_CA" -keyfile "$WORLD/private/ca.key" \
                -startdate 20200101000000Z -enddate "$3" -extfile <(echo "subjectAltName = DNS:$2") -in "$1.csr" -out "$1.pem"
    ) >/dev/null 2>&1
}
certificate good db.internal 20491231000000Z
certificate wrong-name elsewhere.internal 20491231000000Z
certificate expired db.internal 20210101000000Z
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=db.internal \
    -addext subjectAltName=DNS:db.internal -keyout "$certificates/stranger.key" -out "$certificates/stranger.pem" 2>/dev/null

# database TARGET CASE [CERTIFICATE]: such a server, and a target that leads to it
database() {
    local target=$1 case=$2 files=() port
    [ -z "${3:-}" ] || files=("$certificates/$3.pem" "$certificates/$3.key")
    python3 "$top_srcdir/tests/relay/$server" "$case" "${files[@]}" >"$dir/port" 2>/dev/null &
    servers+=($!)
    eventually 20 test -s "$dir/port"
    port=$(cat "$dir/port")
    rm "$dir/port"
    printf '[target %s]\nengine = %s\nsecret = %s\nhost = db.internal\nhostaddr = 127.0.0.1\nport = %s\nallow = smcred-alice\n' \
        "$target" "$engine_served" "$WORLD_SECRET" "$port"
    if [ ${#files[@]} -gt 0 ] || [[ $case = tls-* ]]; then
        printf 'tls = verify-full\nca_file = %s\n' "$WORLD_CA"
    else
        printf 'tls = disable\n'
    fi
}
servers=()
# shellcheck disable=SC2016 # expanded at the end
at_exit 'kill "${servers[@]}" 2>/dev/null'

patiently= # a client's options, to wait for as long as a login may take
case $engine in
postgres)
    server=hostile.py cleartext=cleartext of_all=
    cases=(
        "close-at-once|closed the connection during the login"
        "close-after-proof|closed the connection during the login"
        "half-a-message|closed the connection during the login"
        "garbage|does not speak PostgreSQL's protocol"
        "huge-length|does not speak PostgreSQL's protocol"
        "cleartext|cleartext"
        "gssapi|authentication method that is not spoken here"
        "wrong-nonce|SCRAM challenge that is malformed or no answer to ours"
        "same-nonce|SCRAM challenge that is malformed or no answer to ours"
        "absurd-count|iteration"
        "wrong-signature|does not know the password itself: its SCRAM signature is wrong"
        "no-signature|without showing its SCRAM signature"
        "settings-for-ever|sent too much during the login"
        "error|the database system is starting up"
        "long-error|xxxxxxxx"
        "huge-error|does not speak PostgreSQL's protocol"
        "error-after-proof|sorry, too many clients already"
        "tls-no|does not offer TLS"
        "tls-garbage|TLS failed with"
    )
    stalls=("stall-at-once|did not finish the login in time" "stall-after-startup|did not finish the login in time"
        "tls-stall|no answer in time from \"db.internal\": it was reached, and did not go on")
    ;;
mariadb)
    server=hostile_mysql.py cleartext=clear patiently=--connect-timeout=60 of_all=
    cases=(
        "close-at-once|closed the connection before its greeting"
        "half|closed the connection before its greeting"
        "close|closed the connection during the login"
        "garbage|does not speak MySQL's protocol"
        "huge-length|does not speak MySQL's protocol"
        "no-41|does not speak MySQL's protocol"
        "out-of-order|does not speak MySQL's protocol"
        "switch-unknown|not spoken here"
        "next-factor|another factor"
        "long-nonce|sent a nonce of an impossible length"
        "parsec-salt|sent a salt that parsec does not know"
        "parsec-ok|accepted the login without a proof"
        "switch-cut|server \"db.internal\""
        "switch-huge|server \"db.internal\""
        "switch-for-ever|changes the method again and again"
        "result-set|server \"db.internal\""
        "wrong-sequence|server \"db.internal\""
        "connections|Too many connections"
        "blocked|is blocked"
        "locked|Account is locked"
        "too-many|has exceeded the resource"
        "tls-no|does not offer TLS"
        "tls-garbage|TLS failed with"
    )
    stalls=("stall-at-once|no answer in time from \"db.internal\": it was reached, and did not go on"
        "stall|did not finish the login in time")
    ;;
redis)
    server=hostile_redis.py of_all=good cleartext=
    cases=(
        "close|closed the connection during the login"
        "close-at-once|TLS failed with"
        "half|closed the connection during the login"
        "garbage|does not speak Redis's protocol"
        "http|does not speak Redis's protocol"
        "bulk|does not speak Redis's protocol"
        "push|does not speak Redis's protocol"
        "nul|does not speak Redis's protocol"
        "huge-line|does not speak Redis's protocol"
        "huge-error|does not speak Redis's protocol"
        "protected|DENIED Redis is running in protected mode"
        "connections|ERR max number of clients reached"
        "nopass|ERR AUTH <password> called without any password"
        "loading|MASTERDOWN Link with MASTER is down"
        "tls-no|TLS failed with"
        "tls-garbage|TLS failed with"
        "tls-old|TLS failed with"
    )
    stalls=("stall|did not finish the login in time")
    ;;
esac
tls=("wrong-name|hostname mismatch" "expired|certificate has expired" "stranger|self-signed certificate")
{
    for line in "${cases[@]}" "${stalls[@]}"; do
        database "${line%%|*}" "${line%%|*}" "$of_all"
    done
    for line in "${tls[@]}"; do
        database "${line%%|*}" good "${line%%|*}"
    done
    [ -z "$cleartext" ] || database cleartext-over-tls "$cleartext" good
} >"$dir/hostile.conf"
install -m 644 "$dir/hostile.conf" "$WORLD/etc/conf.d/hostile.conf"
sandbox reload "$WORLD"
holds "targets of hostile databases are there" eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"

# login TARGET: what alice's client says
in_time_at_all() { timeout 60 as_alice "$@"; }
login() {
    # shellcheck disable=SC2046 # words
    query_as in_time_at_all 'select 1' $(to_target "$1") $patiently
}
for line in "${stalls[@]}"; do # which take as long as a login may
    login "${line%%|*}" >"$dir/said.${line%%|*}" &
    waiting+=($!)
done
is "the real one is reached meanwhile" "$(query 'select 1')" 1
session
lives "alice has a session there"
for line in "${cases[@]}"; do
    like "${line%%|*}: the client names what was wrong" "$(login "${line%%|*}" | cut -c 1-400)" "*${line#*|}*"
done
for line in "${tls[@]}"; do
    like "a certificate that is no good: ${line%%|*}" "$(login "${line%%|*}")" \
        "*cannot trust the certificate of \"db.internal\": ${line#*|}*"
done
[ -z "$cleartext" ] || like "no cleartext password unless the target says so, verified or not" "$(login cleartext-over-tls)" "*cleartext*"
is "alice is in at the real one" "$(query 'select 1')" 1
wait "${waiting[@]}"
for line in "${stalls[@]}"; do
    like "${line%%|*}: the client is told when the time is up" "$(cat "$dir/said.${line%%|*}")" "*${line#*|}*"
done
[ "$engine" != postgres ] || holds "the audit names the targets" audited '"wrong-signature"' SCRAM
lives "alice's session has seen none of that"
session_ends
fails "and the password went nowhere" grep -rqF -- "$(cat "$WORLD_PASSWORD_FILE")" "$WORLD_LOG"

# ---- the real database's own refusals, word for word ----
verbatim() { # SENTENCE WORDS SQL-BEFORE SQL-AFTER [DATABASE]
    in_the_database "$3" >/dev/null
    # shellcheck disable=SC2046 # words
    like "$1" "$(query 'select 1' $(to_database "${5:-$WORLD_DATABASE}"))" "*$words_of_an_end*$2"
    in_the_database "$4" >/dev/null
}
refusals_of_postgres() {
    verbatim "a database that does not exist" 'database "nowhere" does not exist' '' '' nowhere
    verbatim "too many connections" "too many connections for role \"$WORLD_ROLE\"" \
        "alter role $WORLD_ROLE connection limit 0" "alter role $WORLD_ROLE connection limit -1"
    verbatim "a role that may not log in" "role \"$WORLD_ROLE\" is not permitted to log in" \
        "alter role $WORLD_ROLE nologin" "alter role $WORLD_ROLE login"
    hba=$WORLD/pg/data/pg_hba.conf
    cp -p "$hba" "$dir/hba"
    sed -i '/^host/d' "$hba"
    verbatim "no entry in pg_hba.conf" "no pg_hba.conf entry for host *" "select pg_reload_conf()" ""
    cp -p "$dir/hba" "$hba"
    in_the_database "select pg_reload_conf()" >/dev/null
}
refusals_of_mariadb() {
    local user="alter user $WORLD_ROLE@'127.0.0.1'"
    verbatim "a database that is not hers" "Access denied for user '$WORLD_ROLE'@'127.0.0.1' to database 'nowhere'" '' '' nowhere
    in_the_database "$user with max_user_connections 1" >/dev/null
    session
    lives "alice has as many connections as she may"
    verbatim "too many connections" "User '$WORLD_ROLE' has exceeded the 'max_user_connections' resource (current value: 1)" \
        '' "$user with max_user_connections 0"
    session_ends
    verbatim "a user that may not log in" "$words_locked" "$(sql_to_lock "$WORLD_ROLE")" "$(sql_to_unlock "$WORLD_ROLE")"
    verbatim "whom no password lets in" "Access denied for user '$WORLD_ROLE'@'127.0.0.1'" \
        "$user identified via unix_socket" "$(sql_of_password "$WORLD_ROLE" "$(cat "$WORLD_PASSWORD_FILE")")"
}
[ "$engine" = redis ] || "refusals_of_$engine"
holds "and alice is in again" eventually 20 in_again
done_testing
