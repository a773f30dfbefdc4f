#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_registry_clients.sh - clients and drivers as their authors publish them, from pip, npm, Maven and Go,
# of both databases, by each way.  Where a registry or a language is not to be had, its clients skip aloud.
. "$(dirname "$0")/clients.sh"
shopt -s extglob
cp "$top_srcdir"/tests/clients/{client.py,client.js,client.go,Client.java,pom.xml} "$work"
chmod 755 "$work"

fetch pip /usr/bin/python3 -m pip install --disable-pip-version-check --no-cache-dir --retries 0 --timeout 20 \
    --only-binary :all: --target site mysql-connector-python==26.10.0 asyncpg==0.32.0 'psycopg[binary]==3.3.9'
command -v node >/dev/null && fetch npm npm install --no-audit --no-fund --ignore-scripts --cache "$work/npm" \
    --fetch-retries 0 --fetch-timeout 20000 --prefix "$work" pg@8 mysql2@3 mariadb@3
command -v javac >/dev/null && fetch maven sh -c 'mvn -q -B -Dmaven.repo.local="$PWD/m2" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$PWD/jars" && javac -cp "jars/*" -d classes Client.java'
# Compiling as little as it may: it is compiled to be run six times.
command -v go >/dev/null && fetch go env CGO_ENABLED=0 GOFLAGS=-mod=mod sh -c '
    go mod init client && go get github.com/go-sql-driver/mysql@v1 github.com/jackc/pgx/v5@v5 &&
    go build -gcflags="all=-N -l" -o client.static client.go'
clients_world mariadb
ways=(shim seccomp socket)

# driver CLIENT ENGINE NAME COMMAND...: logs in by each way, and asks; COMMAND's own driver of that NAME.  With
# $changes it can change its user, too.
driver() {
    local engine=$2 command=("${@:4}" "$3") host port path
    is_client "$1"
    case $engine in
    postgres) host=$WORLD_HOST port=$WORLD_PORT path=$WORLD/run/orders says="$WORLD_ROLE 42" ;;
    mysql) host=$WORLD_MARIADB_HOST port=$WORLD_MARIADB_PORT path=$WORLD/run/billing/mysql.sock says="$WORLD_MARIADB_ROLE 42" ;;
    esac
    case $3 in
    postgresql | asyncpg) path+=/.s.PGSQL.5432 ;;
    esac
    for way in "${ways[@]}"; do
        if [ -n "$missing" ]; then
            is_missing "$missing"
            continue
        fi
        case $way in
        shim) through_the_shim ;;
        seccomp) asks "${command[@]}" 127.0.0.1 "$port" ;;
        socket)
            asks "${command[@]}" "$path"
            [ -z "${changes-}" ] || changes_user "$says" "${command[@]}" "$path"
            ;;
        esac
    done
}
through_the_shim() {
    case $client in
    Go,*) does_not_reach "$($way "${command[@]}" 127.0.0.1 "$port" | xargs)" "*@(Access denied for|password authentication failed for) user*smcred-alice*" ;;
    *)
        asks "${command[@]}" "$host"
        [ -z "${changes-}" ] || changes_user "$says" "${command[@]}" "$host"
        [ ${#ways[@]} -eq 1 ] || # and each must mean the same by localhost, once
            does "localhost and the database's own port" "$($way "${command[@]}" localhost "$port" | tail -n 1)" "$says"
        ;;
    esac
}
asks() { does "logs in, and asks" "$($way "$@" | tail -n 1)" "$says"; }

missing=
fetched pip || missing="pip cannot install it"
alice_has PYTHONPATH="$work/site" PYTHONDONTWRITEBYTECODE=1
python=(/usr/bin/python3 "$work/client.py")
changes=yes driver "mysql-connector-python" mysql connector "${python[@]}"
changes=yes driver "mysql-connector-python, Oracle's libmysqlclient" mysql connector_c "${python[@]}"
# MySQL 9 comes without the method that MariaDB asks for.
rm -f "$work/site/mysql/vendor/plugin/mysql_native_password.so"
driver "mysql-connector-python, Oracle's libmysqlclient, without mysql_native_password" mysql connector_c "${python[@]}"
driver "psycopg, a wheel with its own libpq" postgres psycopg "${python[@]}"
driver "asyncpg" postgres asyncpg "${python[@]}"

missing=
fetched npm || missing="no node, or npm cannot install it"
alice_has NODE_PATH="$work/node_modules"
driver "node-postgres" postgres pg node "$work/client.js"
changes=yes driver "node, mysql2" mysql mysql2 node "$work/client.js"
changes=yes driver "node, mariadb" mysql mariadb node "$work/client.js"
if [ -z "$missing" ] && [ "$(node -p 'net.getDefaultAutoSelectFamily?.()')" = true ]; then
    is "a host with addresses of both families" "$(shim CLIENT_BOTH=1 node "$work/client.js" pg both "$WORLD_PORT")" "$WORLD_ROLE 42"
else
    skip "a host with addresses of both families" "no node that tries both, or npm cannot install its driver"
fi

alice_has
missing=
fetched maven || missing="no JDK, or Maven cannot fetch it"
java=(java -cp "$work/classes:$work/jars/*" Client)
changes=yes driver "JDBC, MySQL Connector/J" mysql mysql "${java[@]}"
driver "JDBC, MariaDB Connector/J" mysql mariadb "${java[@]}"
driver "JDBC, pgjdbc" postgres postgresql "${java[@]}"

missing=
fetched go || missing="no Go, or it cannot build it"
driver "Go, go-sql-driver/mysql" mysql mysql "$work/client.static"
driver "Go, pgx" postgres pgx "$work/client.static"

# ---- those who insist on TLS, and on a certificate for what they were told ----

chmod 644 "$WORLD/etc/smcred.conf"
for at in "$WORLD_HOST 127.0.0.1:$WORLD_PORT" "$WORLD_MARIADB_HOST 127.0.0.1:$WORLD_MARIADB_PORT"; do
    sed -i "s/^match *= ${at% *}\$/match = $at\nlocal_tls = yes/" "$WORLD/etc/smcred.conf"
done
sandbox reload "$WORLD"
holds "there is a CA of this host" eventually 20 test -s "$WORLD/run/local-ca.pem"
cp "$WORLD/run/local-ca.pem" "$work/ca.pem"
cp "$WORLD_CA" "$work/other.pem"
for ca in "$work/ca.pem" "$work/other.pem"; do
    ! command -v keytool >/dev/null ||
        keytool -importcert -noprompt -storetype PKCS12 -storepass public -file "$ca" -keystore "$ca.p12" >/dev/null 2>&1
done
chmod 644 "$work"/*.pem*
# insists GROUP CLIENT ENGINE NAME COMMAND...: the same by one way, with TLS that it verifies; so it gets nowhere
# with another CA
insists() {
    local place=("$WORLD_HOST")
    [ "$3" = postgres ] || place=("$WORLD_MARIADB_HOST")
    ways=(shim)
    if [ "$1" = go ]; then
        ways=(seccomp)
        [ "$3" = postgres ] && place=(127.0.0.1 "$WORLD_PORT") || place=(127.0.0.1 "$WORLD_MARIADB_PORT")
    fi
    missing=
    fetched "$1" || missing="$1 has not brought it"
    driver "$2" "$3" "$4" env "CLIENT_CA=$work/ca.pem" "${@:5}"
    [ -n "$missing" ] || unlike "${ways[0]}: $2: refuses another CA" \
        "$("${ways[0]}" env "CLIENT_CA=$work/other.pem" "${@:5}" "$4" "${place[@]}" | tail -n 1)" "$says"
}
python=("PYTHONPATH=$work/site" PYTHONDONTWRITEBYTECODE=1 "${python[@]}")
node=("NODE_PATH=$work/node_modules" node "$work/client.js")
insists pip "mysql-connector-python, verifying" mysql connector "${python[@]}"
insists pip "mysql-connector-python, Oracle's libmysqlclient, verifying" mysql connector_c "${python[@]}"
insists pip "asyncpg, verifying" postgres asyncpg "${python[@]}"
insists npm "node-postgres, verifying" postgres pg "${node[@]}"
insists npm "node, mysql2, verifying" mysql mysql2 "${node[@]}"
insists npm "node, mariadb, verifying" mysql mariadb "${node[@]}"
insists maven "JDBC, MySQL Connector/J, verifying" mysql mysql "${java[@]}"
insists maven "JDBC, MariaDB Connector/J, verifying" mysql mariadb "${java[@]}"
insists maven "JDBC, pgjdbc, verifying" postgres postgresql "${java[@]}"
insists go "Go, go-sql-driver/mysql, verifying" mysql mysql "$work/client.static"
insists go "Go, pgx, verifying" postgres pgx "$work/client.static"
table_is_kept t_registry_clients.sh
done_testing
