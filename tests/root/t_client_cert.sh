#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_client_cert.sh - a database that wants a certificate besides the password: relays have one, and the
# password alone opens nothing.
. "$(dirname "$0")/world.sh"
needs_world
tls=$WORLD/etc/client
mkdir -m 755 "$tls"

# certificate FILE CN DAYS: for a client, of the world's CA
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
        -keyout "$tls/$1.key" -out "$tls/$1.csr" 2>/dev/null
    openssl x509 -req -in "$tls/$1.csr" -CA "$WORLD_CA" -CAkey "$WORLD/private/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
        -days "$3" -out "$tls/$1.pem" 2>/dev/null
    chown root:smcred "$tls/$1.key"
    chmod 640 "$tls/$1.key"
}
certificate relay "$WORLD_ROLE" 2
certificate other somebody-else 2
certificate expired "$WORLD_ROLE" -1

conf=$WORLD/etc/conf.d/cert.conf
# target LINE...: the target cert, with these lines
target() {
    printf '[target cert]\nsecret = %s\nhostaddr = 127.0.0.1\nallow = smcred-alice\nca_file = %s\n' "$WORLD_SECRET" "$WORLD_CA" >"$conf"
    [ $# = 0 ] || printf '%s\n' "$@" >>"$conf"
    chmod 644 "$conf"
}
# reloaded: the keeper has the new configuration
reloads=0
reloaded() {
    sandbox reload "$WORLD"
    reloads=$((reloads + 1))
    eventually 20 sh -c "[ \$(grep -c 'reloaded: ' '$WORLD_LOG/keeper.log') -ge $reloads ]"
}
cert_login() {
    query 'select 1' -h "$WORLD/run/cert"
}

# ---- the database insists ----
hba=$WORLD/pg/data/pg_hba.conf
sed -i "s|^hostssl all .*|hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-full|" "$hba"
cat >>"$WORLD/pg/data/postgresql.conf" <<END
ssl_ca_file = '$WORLD_CA'
END
in_the_database "select pg_reload_conf()" >/dev/null
PGPASSWORD=$(cat "$WORLD_PASSWORD_FILE")
export PGPASSWORD
refused_directly() {
    directly -c 'select 1' | grep -q 'valid client certificate'
}
holds "the password alone opens nothing" eventually 20 refused_directly
unset PGPASSWORD

target
holds "a target without a certificate" reloaded
said=$(cert_login)
like "is refused by the database, in its own words" "$said" "*connection requires a valid client certificate*"

target "client_cert = $tls/relay.pem" "client_key = $tls/relay.key"
holds "a target with one" reloaded
is "is logged in, and the server has seen it" \
    "$(query 'select client_dn from pg_stat_ssl where pid = pg_backend_pid()' -h "$WORLD/run/cert")" "/CN=$WORLD_ROLE"
key=$(sed -n 2p "$tls/relay.key")
for process in $(pgrep -u smcred-alice); do
    ! tr '\0' '\n' <"/proc/$process/environ" | grep -qF "$key" || not_ok "the key is in alice's environment"
done
fails "alice cannot read its key" as_alice cat "$tls/relay.key"

target "client_cert = $tls/other.pem" "client_key = $tls/other.key"
holds "a certificate that has changed" reloaded
# PostgreSQL calls that a wrong password
like "is the one that counts, without a restart of relays" "$(cert_login)" "*password authentication failed*"
holds "and the database's log says why" grep -q 'clientcert=verify-full) failed' "$WORLD_LOG/postgres.log"

# ---- what --check-config says ----
checked() {
    smcredd --check-config --config "$WORLD/etc/smcred.conf" 2>&1
}
target "client_cert = $tls/relay.pem" "client_key = $tls/other.key"
like "a key of another certificate" "$(checked)" "*cert.conf:1: *client_key: $tls/other.key: is not the key of the certificate*"
target "client_cert = $tls/expired.pem" "client_key = $tls/expired.key"
like "an expired certificate" "$(checked)" "*client_cert: $tls/expired.pem: has expired*"
target "client_cert = $tls/relay.pem"
like "a certificate without a key" "$(checked)" "*client_cert and client_key go together*"
chmod 644 "$tls/relay.key"
target "client_cert = $tls/relay.pem" "client_key = $tls/relay.key"
like "a key that others can read" "$(checked)" "*client_key: $tls/relay.key: can be read by others*"
openssl ec -aes128 -passout pass:word -in "$tls/relay.key" -out "$tls/locked.key" 2>/dev/null
chown root:smcred "$tls/locked.key"
chmod 640 "$tls/locked.key"
target "client_cert = $tls/relay.pem" "client_key = $tls/locked.key"
like "a key with a passphrase" "$(checked)" "*no PEM private key without a passphrase in it*"
done_testing
