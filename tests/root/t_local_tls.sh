#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_local_tls.sh - clients that verify whom they talk to before they say a word get a certificate of this
# host's CA, whose key nobody gets.
. "$(dirname "$0")/world.sh"
command -v mariadb-install-db >/dev/null && id mysql >/dev/null 2>&1 || skip_all "needs MariaDB"
command -v openssl >/dev/null || skip_all "no openssl program"
command -v jq >/dev/null || skip_all "no jq"
needs_world mariadb

ca=$WORLD/run/local-ca.pem
key=$WORLD/run/local-ca.key
mysql_host=$WORLD_MARIADB_HOST
strict() { as_alice mariadb --no-defaults -NB --ssl-ca="$ca" --ssl-verify-server-cert -e 'select 1' "$@" 2>&1; }
# sees PORT ENGINE NAME: what openssl, through the shim, has to say of the certificate at this port of a target
sees() {
    as_alice sh -c "timeout 60 openssl s_client -connect '$3:$1' -starttls '$2' -CAfile '$ca' -verify_hostname '$3' \
        -verify_return_error </dev/null" 2>&1 | sed -n 's/.*Verify return code: //p'
}
reloads=0
reloaded() {
    sandbox reload "$WORLD"
    reloads=$((reloads + 1))
    eventually 20 sh -c "[ \$(grep -c 'reloaded: ' '$WORLD_LOG/keeper.log') -ge $reloads ]"
}

# ---- unless it is asked for ----

fails "there is no CA before a target wants one" test -e "$key"
like "a client that insists is told by its own library" "$(strict -h "$mysql_host")" "ERROR 2026 (HY000)*"
is "one that prefers TLS does without" "$(as_alice mariadb --no-defaults -NBh "$mysql_host" -e 'select 1' 2>&1)" 1
chmod 644 "$WORLD/etc/smcred.conf"
sed -i 's/^\(\[target .*\]\)$/\1\nlocal_tls = yes/' "$WORLD/etc/smcred.conf"
holds "the targets have it after a reload" reloaded

# ---- who gets what ----

is "mariadb verifies the name that was typed, and is in" "$(strict -h "$mysql_host")" 1
is "and at the target's socket" "$(as_alice env -u LD_PRELOAD mariadb --no-defaults -NB --ssl-ca="$ca" --ssl-verify-server-cert \
    -S "$WORLD/run/billing/mysql.sock" -e 'select 1' 2>&1)" 1
holds "both legs are in the audit log" audited '"event":"login"' '"billing"' '"tls_version":"TLSv1.3"' '"client_tls":"TLSv1.3"'
is "without TLS she is in as before" "$(as_alice mariadb --no-defaults -NB --skip-ssl -h "$mysql_host" -e 'select 1' 2>&1)" 1
like "an address that is no name of the target's is refused by the client" "$(strict -h 127.0.0.1 -P "$WORLD_MARIADB_PORT")" "ERROR 2026*"
like "so is a target of another CA" "$(as_alice mariadb --no-defaults --ssl-ca="$WORLD_CA" --ssl-verify-server-cert -h "$mysql_host" -e 'select 1' 2>&1)" "ERROR 2026*"
is "openssl verifies PostgreSQL's" "$(sees 5432 postgres "$WORLD_HOST")" "0 (ok)"
is "and MySQL's" "$(sees 3306 mysql "$mysql_host")" "0 (ok)"
is "psql, which has a Unix socket, does not ask" "$(query 'select 1')" 1
like "mallory verifies it too, and is told why he is not in" \
    "$(as_mallory env -u LD_PRELOAD mariadb --no-defaults --ssl-ca="$ca" --ssl-verify-server-cert -S "$WORLD/run/billing/mysql.sock" -e 'select 1' 2>&1)" \
    "ERROR 1045*target billing: allow*"
if /usr/bin/python3 -c 'import pymysql' 2>/dev/null; then
    verifying="import pymysql; print(pymysql.connect(host='$mysql_host', user='smcred-alice', ssl={'ca': '$ca', 'check_hostname': True}).open)"
    is "PyMySQL verifies, and is in" "$(as_alice /usr/bin/python3 -c "$verifying" 2>&1)" True
else
    skip "PyMySQL verifies, and is in" "it is not installed"
fi
if [ -e /usr/share/java/mariadb-java-client.jar ] && command -v javac >/dev/null; then
    mkdir -m 755 "$dir/java"
    cat >"$dir/java/Verify.java" <<'END'
import java.sql.*;
public class Verify {
    public static void main(String[] args) throws Exception {
        String url = "jdbc:mariadb://" + args[0] + "/billing?useSsl=true&serverSslCert=" + args[1];
        try (Connection connection = DriverManager.getConnection(url, "smcred-alice", "")) {
            System.out.println("in");
        } catch (SQLException error) {
            System.out.println(error.getMessage().replace('\n', ' '));
        }
    }
}
END
    javac -d "$dir/java" "$dir/java/Verify.java"
    jdbc() { as_alice java -cp "$dir/java:/usr/share/java/mariadb-java-client.jar" Verify "$@" 2>&1 | tail -n 1; }
    is "MariaDB's JDBC verifies, and is in" "$(jdbc "$mysql_host" "$ca")" in
    like "and refuses another CA" "$(jdbc "$mysql_host" "$WORLD_CA")" "*certi*"
else
    skip "MariaDB's JDBC verifies, and is in" "no JDK, or no driver"
fi

# ---- the CA ----

as_alice cat "$ca" >"$dir/copy.pem"
like "everybody can read its certificate" "$(openssl x509 -in "$dir/copy.pem" -noout -text)" \
    "*Name Constraints: critical*Permitted:*DNS:$mysql_host*Excluded:*DNS:.$mysql_host*"
is "nobody else its key" "$(stat -c '%a %U' "$key")" "600 smcred"
fails "alice cannot read it" as_alice cat "$key"
fails "nor can a relay's user" setpriv --reuid=smcred-relay --regid=smcred-relay --clear-groups cat "$key"
openssl ec -in "$key" -outform DER 2>/dev/null | dd bs=1 skip=7 count=32 2>/dev/null >"$dir/scalar"
perl -0777 -ne 'print scalar reverse' "$dir/scalar" >"$dir/limbs" # as libcrypto has a number in memory
session() {
    as_alice mariadb --no-defaults -nNBh "$mysql_host" --ssl-ca="$ca" <"$dir/in" >"$dir/out" 2>&1 &
    session=$!
    exec 5>"$dir/in"
    echo "select 'here';" >&5
    eventually 20 grep -q here "$dir/out"
}
mkfifo "$dir/in"
session
keeper=$(pgrep -u smcred -f "$WORLD/smcred/sbin/smcredd")
found() { "$top_builddir/tests/root/secret_search" "$@"; }
in_the_keeper() { # 1: it was found
    found --pid "$keeper" <"$dir/limbs"
    [ $? = 1 ]
}
holds "the keeper has the key" in_the_keeper
holds "and nothing that an operator or a relay can look at" found --uid smcred-alice --uid smcred-relay \
    --tree "$WORLD/home" --tree "$WORLD/log" <"$dir/scalar"
holds "in no order of its bytes" found --uid smcred-alice --uid smcred-relay <"$dir/limbs"

# doctor TEXT: the level of the finding that begins so
doctor() { as_alice smcred doctor --json 2>&1 | jq -r --arg text "$1" '.checks[] | select(.finding | startswith($text)) | .level' | sort -u; }
is "the doctor has seen it" "$(doctor 'clients can verify smcred')" ok
mv "$ca" "$ca.away"
is "and sees that it is gone" "$(doctor 'the certificate of the local CA')" error
mv "$ca.away" "$ca"

# ---- as time goes on ----

kill -KILL "$keeper"
is_in() { [ "$(strict -h "$mysql_host")" = 1 ]; }
holds "after a keeper that died alice verifies, and is in" eventually 20 is_in
holds "by the same CA" cmp "$ca" "$dir/copy.pem"
echo "select 'goes on';" >&5
holds "her session by TLS goes on" eventually 20 grep -q "goes on" "$dir/out"
sed -i "s/^match *= $mysql_host\$/& invoices.internal/" "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
renamed() { [ "$(strict -h invoices.internal)" = 1 ]; }
holds "a target that gets another name is verified by it, by the same relay" eventually 20 renamed
is_constrained() { openssl x509 -in "$ca" -noout -text | grep -q 'DNS:invoices.internal'; }
holds "and the CA vouches for it now" is_constrained
holds "with the same key" cmp <(openssl x509 -in "$ca" -noout -pubkey) <(openssl x509 -in "$dir/copy.pem" -noout -pubkey)
like "who has kept the old certificate is told by his library" "$(as_alice mariadb --no-defaults --ssl-ca="$dir/copy.pem" \
    --ssl-verify-server-cert -h invoices.internal -e 'select 1' 2>&1)" "ERROR 2026*"
echo "select 'and on';" >&5
holds "her session does not mind" eventually 20 grep -q "and on" "$dir/out"
exec 5>&-
wait "$session"
done_testing
