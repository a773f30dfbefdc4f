#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_peers.sh - Oracle's own MySQL: every way to log in that MariaDB has not, and its own clients.
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/oracle_mysql.sh"
needs_oracle_mysql
clients_world
start_oracle_mysql shop-db.internal --skip-name-resolve || { not_ok "MySQL starts" "$(tail -n 20 "$dir/mysqld.log")"; done_testing; exit; }
echo "# $(cat "$dir/mysqld.version")"

# ---- accounts and targets ----

# account NAME PLUGIN: with a random password, and a secret of that name
account() {
    local password
    password=$(openssl rand -hex 16)
    printf '%s' "$password" >"$WORLD/private/$1"
    in_mysql <<<"create user $1 identified with $2 by '$password'; grant all on shop.* to $1; grant all on attic.* to $1;"
    value "$1" "$password" | smcred secret create "$1" >/dev/null
}
value() { # of a secret: USER PASSWORD [MEMBER]
    printf '{"engine":"mysql","host":"shop-db.internal","port":%s,"username":"%s","password":"%s","dbname":"shop"%s}' "$mysql_port" "$1" "$2" "${3:+,$3}"
}
# target NAME SECRET LINE...
target() {
    printf '[target %s]\nengine = mysql\nsecret = %s\nallow = smcred-alice\n' "$1" "$2" >"$WORLD/etc/conf.d/$1.conf"
    printf '%s\n' "${@:3}" >>"$WORLD/etc/conf.d/$1.conf"
    chmod 644 "$WORLD/etc/conf.d/$1.conf"
}
in_mysql -e 'create database shop; create database attic; create table shop.paid (id int primary key, note text, raw varbinary(32));
    insert into shop.paid with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000)
    select i, concat("ä", md5(i)), unhex(md5(i)) from n'
account sha2 caching_sha2_password
account sha256 sha256_password
account native mysql_native_password
cp "$mysql_home/run/data/public_key.pem" "$WORLD/etc/mysql.pem"
openssl genrsa 2048 2>/dev/null | openssl rsa -pubout -out "$WORLD/etc/other.pem" 2>/dev/null
chmod 644 "$WORLD/etc/mysql.pem" "$WORLD/etc/other.pem"
tls=("hostaddr = 127.0.0.1" "tls = verify-full" "ca_file = $WORLD_CA")
plain=("hostaddr = 127.0.0.1" "tls = disable")
for method in sha2 sha256 native; do
    target $method $method "${tls[@]}"
    target $method-plain $method "${plain[@]}"
    target $method-pinned $method "${plain[@]}" "server_public_key = $WORLD/etc/mysql.pem"
    target $method-local $method "host = $mysql_socket"
    target $method-kept $method "${tls[@]}" "keep_connection = 5m"
done
target sha256-local-pinned sha256 "host = $mysql_socket" "server_public_key = $WORLD/etc/mysql.pem"
target sha2-astray sha2 "${plain[@]}" "server_public_key = $WORLD/etc/other.pem"
target sha2-replica sha2 "${tls[@]}" "replication = yes"
target sha2-silent sha2 "${tls[@]}" "cleartext = no"
printf 'match = shop-db.internal\n' >>"$WORLD/etc/conf.d/sha2.conf"
chmod 644 "$WORLD"/etc/conf.d/*
sandbox reload "$WORLD"
holds "the targets are there" eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"

# at TARGET [STATEMENT] [OPTION...]: alice's client, and what it says
at() {
    as_alice env -u LD_PRELOAD "$mysql_home/bin/mysql" --no-defaults -NBS "$WORLD/run/$1/mysql.sock" "${@:3}" \
        -e "${2:-select substring_index(current_user(), '@', 1)}" 2>&1
}
forget() { in_mysql -e 'flush privileges'; } # whose password it has seen

# ---- every method ----

forget
like "in full, over verified TLS" "$(at sha2 'show status like "Ssl_version"')" "*TLSv1.3"
is "by the fast path from then on, which needs no TLS" "$(at sha2-plain)" sha2
forget
like "in full without TLS and without a pinned key: no password is sent" "$(at sha2-plain)" \
    "ERROR 1045 (28000)*smcred: *server_public_key must say which that is*"
is "in full under the pinned key" "$(at sha2-pinned)" sha2
is "and then fast, there too" "$(at sha2-plain)" sha2
forget
like "a key that is not the server's opens nothing" "$(at sha2-astray)" "ERROR 1045 (28000)*Access denied for user 'sha2'*"
like "cleartext = no" "$(at sha2-silent)" "ERROR 1045 (28000)*smcred: *cleartext = no forbids*"
is "in full over a Unix socket" "$(at sha2-local)" sha2
is "sha256_password over verified TLS" "$(at sha256)" sha256
is "sha256_password under the pinned key" "$(at sha256-pinned)" sha256
like "sha256_password with neither" "$(at sha256-plain)" "ERROR 1045 (28000)*smcred: *server_public_key must say which that is*"
like "to which a Unix socket is no better than TCP" "$(at sha256-local)" "ERROR 1045 (28000)*smcred: *server_public_key must say which that is*"
is "so it wants the key there, too" "$(at sha256-local-pinned)" sha256
for way in native native-plain native-pinned native-local; do
    is "mysql_native_password: $way" "$(at $way)" native
done

# ---- over a connection that was kept ----

# kept NAME STATEMENT: what a client of the target NAME-kept says over the connection that the one before has left
kept() {
    local first second
    for _ in {1..50}; do # one that comes before the server has answered the relay has a connection of its own
        first=$(at "$1-kept" 'set @a = 5; select connection_id()')
        second=$(at "$1-kept" "select connection_id(); $2")
        [ "$first" != "$(head -n 1 <<<"$second")" ] || break
        sleep 0.05
    done
    [ "$first" = "$(head -n 1 <<<"$second")" ] || echo "never the same: $first, $second"
    tail -n +2 <<<"$second"
}
for method in sha2 sha256 native; do
    is "a login over a kept connection, with the human's name and nothing of the one before: $method" \
        "$(kept $method "select substring_index(current_user(), '@', 1), @a, current_role(), attr_value
            from performance_schema.session_account_connect_attrs where attr_name = 'smcred_operator' and processlist_id = connection_id()")" \
        "$method	NULL	NONE	smcred-alice"
done
at sha2-kept "set profiling = 1; select 'hers'" >/dev/null
empty "no profile of its statements" "$(at sha2-kept 'show profiles')"
at sha2-kept "set optimizer_trace = 'enabled=on'; select 'hers'" >/dev/null
for _ in 1 2 3; do traced+=$(at sha2-kept 'select query from information_schema.optimizer_trace'); done
empty "nor what its optimizer was traced with" "$traced"

# ---- verdicts ----

# renew NAME [PLUGIN]: another password, in MySQL and in the secret, behind the keeper's back
renew() {
    local password
    password=$(openssl rand -hex 16)
    in_mysql <<<"alter user $1 identified ${2:+with $2 }by '$password'"
    value "$1" "$password" | smcred secret put "$1" >/dev/null
}
version_of() { smcred secret get-metadata "$1" --json | jq -r '.VersionIdsToStages | to_entries[] | select(.value | index("AWSCURRENT")) | .key'; }
# logged_in_with NAME: the audit log says that its present version did
logged_in_with() { audited '"event":"login"' "\"$1\"" "$(version_of "$1")"; }
for way in sha2 sha2-pinned sha2-kept sha256 sha256-pinned sha256-kept native native-kept; do
    [[ $way != *-kept ]] || kept "${way%-*}" 'select 1' >/dev/null
    renew "${way%-*}"
    is "a password that was changed since costs no login: $way" "$(at $way)" "${way%-*}"
    holds "which was the new version's" logged_in_with "${way%-*}"
done
renew sha2 sha256_password
is "an account that is given another method meanwhile" "$(at sha2)" sha2
renew sha2 caching_sha2_password
is "and back" "$(at sha2)" sha2

in_mysql <<<"alter user native identified by 'unknown'"
like "a password that no version has: MySQL's own words" "$(at native)" "ERROR 1045 (28000)*Access denied for user 'native'@*"
holds "which the audit log has" audited '"native"' "Access denied for user 'native'@" '"refused"'
renew native
is "until there is one" "$(at native)" native
in_mysql -e 'alter user sha256 account lock'
like "a locked account" "$(at sha256)" "ERROR 3118 (HY000)*Access denied for user 'sha256'@*Account is locked*"
in_mysql -e 'alter user sha256 account unlock'
is "until it is unlocked" "$(at sha256)" sha256
in_mysql -e 'alter user sha2 password expire'
like "an expired password" "$(as_alice env -u LD_PRELOAD mariadb --no-defaults -S "$WORLD/run/sha2/mysql.sock" -e 'select 1' 2>&1)" \
    "ERROR 1862 (HY000)*Your password has expired*"
renew sha2
is "until there is another" "$(at sha2)" sha2
in_mysql -e 'update mysql.user set host = "10.9.9.9" where host = "%"; flush privileges'
like "a host that is none of its accounts'" "$(at sha2)" "ERROR 1130 (HY000)*Host '127.0.0.1' is not allowed to connect to this MySQL server"
like "as MariaDB's client shows it" "$(as_alice env -u LD_PRELOAD mariadb --no-defaults -S "$WORLD/run/sha2/mysql.sock" -e 'select 1' 2>&1)" \
    "ERROR 1130 (HY000)*Host '127.0.0.1' is not allowed to connect to this MySQL server"
in_mysql -e 'update mysql.user set host = "%" where host = "10.9.9.9"; flush privileges'
is "until it is one" "$(at sha2)" sha2
like "an unknown database" "$(at sha2 'select 1' -D nowhere)" "ERROR 1044 (42000)*Access denied for user 'sha2'@*to database 'nowhere'"

# ---- smcred-rotate, in MySQL's grammar ----

# function_of NAME OPTION [OPTION OF ITS REGISTRATION...]: for rotations
function_of() {
    printf '#!/bin/sh\nexport SMCRED_MODULE_DIR=%s\nexec %s/smcred/bin/smcred-rotate mysql %s --ca-file %s --hostaddr 127.0.0.1\n' \
        "$SMCRED_MODULE_DIR" "$WORLD" "$2" "$WORLD_CA" >"$WORLD/etc/rotate-$1"
    chmod 755 "$WORLD/etc/rotate-$1"
    setpriv --reuid=smcred-server --regid=smcred-server --init-groups smcred-server function register --dir "$WORLD/server" "${@:3}" \
        "$arn$1" "$WORLD/etc/rotate-$1"
}
arn=arn:aws:lambda:us-east-1:000000000000:function:
value master masters | smcred secret create master >/dev/null
master=$(smcred secret get-metadata master --json | jq -r .ARN)
function_of single --single-user
function_of turns --alternating-users --reads "$master"
# rotate NAME FUNCTION: to the end of all four steps
rotate() {
    curl -fsS --max-time 60 --aws-sigv4 aws:amz:us-east-1:secretsmanager -K <(printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY") \
        -H "X-Amz-Target: secretsmanager.RotateSecret" -H 'Content-Type: application/x-amz-json-1.1' \
        --data-binary "{\"SecretId\":\"$1\",\"ClientRequestToken\":\"$(cat /proc/sys/kernel/random/uuid)\",\"RotationLambdaARN\":\"$arn$2\"}" \
        "$AWS_ENDPOINT_URL_SECRETS_MANAGER/" >/dev/null && eventually 60 rotated "$1"
}
rotated() { ! smcred secret get-metadata "$1" --json | grep -q AWSPENDING; }

# One that must say the present password to change it, and two whose users take turns.
account strict caching_sha2_password
account turns_sha2 caching_sha2_password
account turns_sha256 sha256_password
in_mysql <<<'alter user strict password require current; create user master identified by "masters";
    grant all on *.* to master with grant option'
for name in turns_sha2 turns_sha256; do
    value $name "$(cat "$WORLD/private/$name")" "\"masterarn\":\"$master\"" | smcred secret put $name >/dev/null
done
for name in strict turns_sha2 turns_sha256; do target $name $name "${tls[@]}"; done
sandbox reload "$WORLD"
some() { [ "$(at "$1")" = "$1" ]; }
# crowd NAME: logs in, one after the other, until that is enough
crowd() {
    local count=0 said
    while [ -e "$dir/crowded" ]; do
        said=$(at "$1" 'select 1') && [ "$said" = 1 ] || echo "$1: $said" >>"$dir/failed"
        count=$((count + 1))
    done
    echo "$1 $count" >>"$dir/logins"
}
for name in sha2 sha256 native strict turns_sha2 turns_sha256; do
    holds "it logs in before: $name" eventually 20 some $name
    touch "$dir/crowded"
    crowd $name &
    crowd=$!
    case $name in
    turns_*) turns=("turns ${name}_clone" "turns $name") ;;
    *) turns=("single $name") ;;
    esac
    for turn in "${turns[@]}"; do
        before=$(version_of $name)
        holds "RotateSecret goes to its end: $name" rotate $name "${turn% *}"
        unlike "with another version" "$(version_of $name)" "$before"
        smcred refresh $name >/dev/null # a user whose turn it is not is as good until then
        is "which logs in" "$(at $name)" "${turn#* }"
        holds "and no other does" logged_in_with $name
    done
    rm "$dir/crowded"
    wait $crowd
done
empty "nobody's login failed before, in or after a rotation" "$(cat "$dir/failed" 2>/dev/null)"
echo "# logins: $(xargs <"$dir/logins")"
is "and there were some in each" "$(awk '$2 > 1' "$dir/logins" | wc -l)" 6
like "an account keeps its method" "$(in_mysql -e 'show create user sha2')" "*caching_sha2_password*"
like "of each kind" "$(in_mysql -e 'show create user sha256')" "*sha256_password*"
like "and its twin has it" "$(in_mysql -e 'show create user turns_sha256_clone')" "*'sha256_password'*"
like "who must say the present one still must" "$(in_mysql -e 'show create user strict')" "*PASSWORD REQUIRE CURRENT"

# ---- Oracle's own clients ----

as_shim() { as_alice "$mysql_home/bin/$1" --no-defaults -h shop-db.internal "${@:2}" 2>&1; }
is "mysql, through the shim" "$(as_shim mysql -NBe 'select database()')" shop
for method in mysql_native_password caching_sha2_password sha256_password mysql_clear_password; do
    is "--default-auth=$method" "$(as_shim mysql --default-auth=$method --enable-cleartext-plugin -NBe 'select 7')" 7
    is "and with a password of her own" "$(as_shim mysql --default-auth=$method --enable-cleartext-plugin -pmine -NBe 'select 7' | grep -v Warning)" 7
done
is "--compress gets none, and does without" "$(as_shim mysql --compress -NBe 'show session status like "Compression"' | grep -v WARNING)" "Compression	OFF"
is "as does one that likes zstd best" "$(as_shim mysql --compression-algorithms=zstd,zlib,uncompressed -NBe 'show session status like "Compression"')" "Compression	OFF"
like "one that insists on it says so" "$(as_shim mysql --compression-algorithms=zstd -NBe 'select 1')" "ERROR 2066*"
like "as does one that insists on TLS" "$(as_shim mysql --ssl-mode=REQUIRED -NBe 'select 1')" "ERROR 2026*"
is "resetconnection" "$(as_shim mysql -NB <<<"set @x = 7;
resetconnection
select coalesce(@x, 'gone'), database();")" "gone	shop"
in_login_file() { as_alice env HOME="$home" "$mysql_home/bin/mysql_config_editor" set --login-path="$1" --skip-warn "${@:2}" </dev/null; }
in_login_file client --host=127.0.0.1 --port=1 --user=root # which --no-defaults does not skip
is "smcred connect, whatever a login file says" "$(socket smcred connect --program "$mysql_home/bin/mysql" sha2 --no-defaults -NBe 'select database()')" shop
is "a typed host goes over it" "$(shim "$mysql_home/bin/mysql" -h shop-db.internal -P 3306 -u smcred-alice -NBe 'select database()')" shop
like "the rest is what it says" "$(shim "$mysql_home/bin/mysql" -h shop-db.internal -P 3306 -NBe 'select database()')" \
    "ERROR 1045 (28000)*smcred: target sha2 logs in as*not as*root*"
in_login_file ours --host=shop-db.internal --port=3306 --user=smcred-alice
is "--login-path" "$(shim "$mysql_home/bin/mysql" --login-path=ours -NBe 'select database()')" shop
rm "$home/.mylogin.cnf"
in_mysql -e 'set global local_infile = on; create table shop.imported like shop.paid;
    grant session_variables_admin on *.* to sha2' # mysqlimport sets one
in_mysql -e 'select id, note from shop.paid where id <= 100' >"$work/imported.txt"
checksum() { in_mysql -e "checksum table $1" | cut -f2; }
# matrix OPTION...: Oracle's clients, this $way, which is OPTIONs to them
matrix() {
    local bin=$mysql_home/bin to=(--no-defaults "$@")
    is_client "mysql, Oracle's"
    does "-e" "$($way "$bin/mysql" "${to[@]}" -NBe 'select substring_index(current_user(), "@", 1), database()')" "sha2	shop"
    is_client "mysqladmin, Oracle's"
    does "ping" "$($way "$bin/mysqladmin" "${to[@]}" ping)" "mysqld is alive"
    is_client "mysqldump to mysql, Oracle's"
    in_mysql -e 'drop database attic; create database attic'
    does "a round trip" "$($way sh -c "$bin/mysqldump ${to[*]} --no-tablespaces --set-gtid-purged=OFF shop | $bin/mysql ${to[*]} -D attic")" ""
    does "all of it" "$(checksum attic.paid)" "$(checksum shop.paid)"
    is_client "mysqlimport, Oracle's"
    in_mysql -e 'truncate shop.imported'
    does "--local" "$($way "$bin/mysqlimport" "${to[@]}" --local --columns=id,note shop "$work/imported.txt")" "shop.imported: Records: 100 *"
    is_client "mysqlslap, Oracle's"
    does "eight at once" "$($way "$bin/mysqlslap" "${to[@]}" -u smcred-alice --create-schema=shop --concurrency=8 --number-of-queries=800 \
        --query='select * from paid where id = 77')" "*Number of clients running queries: 8*"
}
way=shim
matrix -h shop-db.internal
way=seccomp # many targets have the server's address, and this one has the stand-in
matrix -h "$(as_alice getent ahostsv4 shop-db.internal | sed -n '1s/ .*//p')" -P 3306
way=socket
matrix -S "$WORLD/run/sha2/mysql.sock"
table_is_kept t_mysql_peers.sh
as_shim mysqldump --no-tablespaces --set-gtid-purged=OFF shop >"$dir/dump"

# From here on its target has TLS for clients, which these take wherever it is offered.
echo "local_tls = yes" >>"$WORLD/etc/conf.d/sha2.conf"
sandbox reload "$WORLD"
has_tls() { as_shim mysql --ssl-mode=REQUIRED -NBe 'select 1' >/dev/null; }
holds "with local_tls, one that insists on TLS is in" eventually 20 has_tls
verify() { as_shim mysql --ssl-mode=VERIFY_IDENTITY --ssl-ca="$1" -NBe 'select 7'; }
is "--ssl-mode=VERIFY_IDENTITY" "$(verify "$WORLD/run/local-ca.pem")" 7
like "another CA is refused" "$(verify "$WORLD_CA")" "ERROR 2026*"
is "without TLS as before" "$(as_shim mysql --ssl-mode=DISABLED -NBe 'select 7')" 7
as_shim mysqldump --no-tablespaces --set-gtid-purged=OFF shop >"$dir/tls.dump"
is "a dump over TLS is the same" "$(grep -av '^-- ' "$dir/tls.dump" | cksum)" "$(grep -av '^-- ' "$dir/dump" | cksum)"

in_mysql -e 'grant replication slave on *.* to sha2'
log=$(in_mysql -e 'show binary logs' | sed -n '1s/\t.*//p')
binlog() {
    as_alice env -u LD_PRELOAD "$mysql_home/bin/mysqlbinlog" --no-defaults -R -t -S "$WORLD/run/$1/mysql.sock" "$log" 2>&1
}
like "mysqlbinlog" "$(binlog sha2-replica | head -c 100000)" "*create table shop.paid*"
like "which is refused where the target says nothing of replication" "$(binlog sha2)" "*permits no replication connections*"

cat >"$dir/change_user.py" <<'END'
import ctypes, sys
library, place = ctypes.CDLL(sys.argv[1]), sys.argv[2].encode()
for name in "mysql_init", "mysql_real_connect", "mysql_store_result":
    getattr(library, name).restype = ctypes.c_void_p
library.mysql_fetch_row.restype = ctypes.POINTER(ctypes.c_char_p)
library.mysql_error.restype = ctypes.c_char_p
mysql = ctypes.c_void_p(library.mysql_init(None))
assert library.mysql_real_connect(mysql, None, b"smcred-alice", None, None, 0, place, ctypes.c_ulong(0)), library.mysql_error(mysql)
def ask(what):
    assert library.mysql_query(mysql, b"select " + what) == 0, library.mysql_error(mysql)
    result = ctypes.c_void_p(library.mysql_store_result(mysql))
    word = library.mysql_fetch_row(result)[0].decode()
    library.mysql_free_result(result)
    return word
words = [ask(b"@a := 7")]
for password in None, b"her own":
    assert library.mysql_change_user(mysql, b"smcred-alice", password, b"attic") == 0, library.mysql_error(mysql)
    words += [ask(b"coalesce(@a, 0)"), ask(b"database()"), ask(b"@a := 8")]
assert library.mysql_change_user(mysql, b"root", b"x", None) != 0
words += [str(library.mysql_errno(mysql)), library.mysql_error(mysql).decode().split(":")[0], ask(b"@a")]
assert library.mysql_reset_connection(mysql) == 0
words += [ask(b"coalesce(@a, 0)")]
print(*words)
END
is "mysql_change_user" "$(as_alice env -u LD_PRELOAD python3 "$dir/change_user.py" "$mysql_home/lib/libmysqlclient.so.21" "$WORLD/run/sha2/mysql.sock" 2>&1)" \
    "7 0 attic 8 0 attic 8 1045 smcred 8 0"
renew sha2
is "after a rotation" "$(as_alice env -u LD_PRELOAD python3 "$dir/change_user.py" "$mysql_home/lib/libmysqlclient.so.21" "$WORLD/run/sha2/mysql.sock" 2>&1)" \
    "7 0 attic 8 0 attic 8 1045 smcred 8 0"

as_shim mysql -NBe 'select sleep(120)' >"$dir/slept" &
sleeper=$!
sleeping() { in_mysql -e 'show processlist' | grep -q 'sleep(120)'; }
eventually 20 sleeping
kill -INT "$(pgrep -u smcred-alice -f 'sleep\(120\)')"
awake() { ! sleeping; }
holds "Ctrl-C ends the query" eventually 20 awake
wait "$sleeper"

rm -f "$dir/in" && mkfifo "$dir/in"
as_shim mysql -nNB --skip-reconnect <"$dir/in" >"$dir/out" &
session=$!
exec 5>"$dir/in"
echo "select 'here';" >&5
eventually 20 grep -q here "$dir/out"
holds "the secret is revoked" smcred revoke secret sha2 --reason "it is on a wiki page"
gone() { ! in_mysql -e 'show processlist' | grep -q '^[0-9]*.sha2'; }
holds "its sessions end" eventually 20 gone
echo "select 'still here';" >&5
exec 5>&-
wait "$session"
like "and are told why" "$(cat "$dir/out")" "*ERROR 1053*smcred: *wiki page*"
like "nobody gets in" "$(at sha2)" "ERROR 1045 (28000)*smcred: *wiki page*"
done_testing
