#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_clients.sh - real clients of MySQL and MariaDB, as the operator alice, through the shim and at the
# target's socket, and what her option files may say.  A client that is not installed skips aloud.
. "$(dirname "$0")/../root/world.sh"
needs_root
command -v mariadb-install-db >/dev/null && id mysql >/dev/null 2>&1 || skip_all "needs MariaDB"
needs_world mariadb

work=$dir
home=$work/home
install -d -m 700 -o smcred-alice "$home"
host=$WORLD_MARIADB_HOST role=$WORLD_MARIADB_ROLE socket=$WORLD/run/billing/mysql.sock
who='select substring_index(current_user(), "@", 1)'
in_mariadb -e 'create table billing.paid (id int primary key); insert into billing.paid values (1), (2), (3)'

shim() { timeout 120 as_alice env HOME="$home" "$@" 2>&1 </dev/null; }
plain() { timeout 120 as_alice env -u LD_PRELOAD HOME="$home" "$@" 2>&1 </dev/null; }
have() { as_alice sh -c "command -v $1" >/dev/null 2>&1; }
imports() { as_alice env -u LD_PRELOAD /usr/bin/python3 -c "import $1" >/dev/null 2>&1; }
maodbc=$(find /usr/lib -name libmaodbc.so 2>/dev/null | head -n 1)
connector=/usr/share/java/mariadb-java-client.jar

# Each of these takes the place as HOST or as the socket's path.
cat >"$work/client.py" <<'END'
import importlib, sys
module, place = importlib.import_module(sys.argv[1]), sys.argv[2]
where = {"unix_socket": place} if place.startswith("/") else {"host": place}
connection = module.connect(user="smcred-alice", database="billing", **where)
cursor = connection.cursor()
cursor.execute('select substring_index(current_user(), "@", 1)')
print(cursor.fetchone()[0], end=" ")
cursor.execute("select count(*) from paid where id > %s", (1,))
print(cursor.fetchone()[0])
END
cat >"$work/Jdbc.java" <<'END'
import java.sql.*;
public class Jdbc {
    public static void main(String[] args) throws Exception {
        String where = args[0].startsWith("/") ? "jdbc:mariadb:///billing?localSocket=" + args[0] : "jdbc:mariadb://" + args[0] + "/billing";
        try (Connection connection = DriverManager.getConnection(where, "smcred-alice", "");
             PreparedStatement statement = connection.prepareStatement("select count(*) from paid where id > ?")) {
            statement.setInt(1, 1);
            ResultSet rows = statement.executeQuery();
            rows.next();
            System.out.println(rows.getInt(1));
        }
    }
}
END
chmod 644 "$work"/*.py "$work"/*.java

# matrix WAY PLACE OPTION: OPTION is what leads the command line clients there
matrix() {
    local way=$1 at=$2 option=$3 client module
    for client in mariadb mysql; do
        is "$way: $client" "$($way $client --no-defaults -NB "$option" -e "$who")" "$role"
    done
    is "$way: mariadb-admin" "$($way mariadb-admin --no-defaults "$option" ping)" "mysqld is alive"
    like "$way: mariadb-check" "$($way mariadb-check --no-defaults "$option" billing)" "billing.paid*OK"
    like "$way: mariadb-show" "$($way mariadb-show --no-defaults "$option" billing)" "*paid*"
    for client in mysql_native_password caching_sha2_password client_ed25519 mysql_clear_password; do
        is "$way: --default-auth=$client" "$($way mariadb --no-defaults -NB "$option" --default-auth=$client -e "$who")" "$role"
    done
    is "$way: -p with a password of her own" "$($way mariadb --no-defaults -NB "$option" -pmine -e "$who")" "$role"
    is "$way: --compress" "$($way mariadb --no-defaults -NB "$option" --compress -e "$who")" "$role"
    for module in MySQLdb pymysql; do
        if imports $module; then
            is "$way: $module" "$($way /usr/bin/python3 "$work/client.py" $module "$at")" "$role 2"
        else
            skip "$way: $module" "not installed"
        fi
    done
    if have mycli; then
        like "$way: mycli" "$($way mycli "$option" -P 3306 -u smcred-alice -D billing -e "$who")" "*$role*"
    else
        skip "$way: mycli" "not installed"
    fi
    is "$way: smcred connect" "$($way smcred connect billing -NB -e "$who")" "$role"
    if have isql && [ -n "$maodbc" ]; then
        module="SERVER=$at"
        [ "$way" = shim ] || module="SOCKET=$at"
        like "$way: isql with odbc-mariadb" "$($way sh -c "echo 'select count(*) from paid' | isql -b -k \
            'DRIVER=$maodbc;$module;UID=smcred-alice;DATABASE=billing'")" "*3*"
    else
        skip "$way: isql with odbc-mariadb" "not installed"
    fi
    if perl -MDBD::mysql -e 1 2>/dev/null; then
        module="host=$at"
        [ "$way" = shim ] || module="mysql_socket=$at"
        is "$way: DBD::mysql" "$($way /usr/bin/perl -MDBI -e 'my $db = DBI->connect("dbi:mysql:database=billing;$ARGV[0]",
            "smcred-alice", undef, {RaiseError => 1}); print $db->selectrow_array("select count(*) from paid where id > ?", undef, 1)' "$module")" 2
    else
        skip "$way: DBD::mysql" "not installed"
    fi
    if [ "$way" = shim ] && have javac && [ -e $connector ]; then
        like "$way: JDBC, MariaDB's" "$($way java -cp $connector "$work/Jdbc.java" "$at")" "*2"
    else
        skip "$way: JDBC, MariaDB's" "no javac or no connector, or it wants JNA for a Unix socket"
    fi
}
matrix shim "$host" "--host=$host"
matrix plain "$socket" "--socket=$socket"

# ---- what an operator may have set leads nowhere else, and brings no other credential ----

like "--protocol=tcp" "$(shim mariadb --no-defaults -NB --protocol=tcp -h "$host" -e "$who")" "$role"
like "the port as it is typed" "$(shim mariadb --no-defaults -NB -h "$host" -P 3306 -e "$who")" "$role"
like "the database's own port" "$(shim mariadb --no-defaults -NB -h "$host" -P "$WORLD_MARIADB_PORT" -e "$who")" "$role"
like "MYSQL_PWD is not used" "$(shim env MYSQL_PWD=wrong mariadb --no-defaults -NB -h "$host" -e "$who")" "$role"
like "MYSQL_HOST" "$(shim env MYSQL_HOST="$host" mariadb --no-defaults -NB -e "$who")" "$role"
printf '[client]\nhost=%s\npassword=wrong\n' "$host" | as_alice tee "$home/.my.cnf" >/dev/null
like "an option file's host, and not its password" "$(shim mariadb -NB -e "$who")" "$role"
printf '[client]\nuser=root\n' | as_alice tee "$home/.my.cnf" >/dev/null
like "an option file's user is refused aloud" "$(shim mariadb -NB -h "$host" -e "$who")" "ERROR 1045*smcred: target billing logs in as*not as*root*"
printf '[client]\nssl-verify-server-cert\n' | as_alice tee "$home/.my.cnf" >/dev/null
unlike "who insists on TLS to this host gets an error, and no plain connection" "$(shim mariadb -NB -h "$host" -e "$who")" "$role"
done_testing
