#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_single.sh - a user of MariaDB changes its own password, and nobody in between learns it.
. "$top_srcdir/tests/rotate/mysql_world.sh" || exit 1
needs_world
logs() { cat "$dir"/my/general "$dir"/my/log "$dir"/my/binlog.*; }
refusals() { grep -c 'Access denied' "$dir/my/general"; }
says() { like "$1" "$code $out$err" "$2 $3"; } # says SENTENCE CODE PATTERN: of the last run

create db "$(secret_of app first '"note": "kept"')" >/dev/null
first=$(holder db AWSCURRENT)
rotate mariadb --single-user --secret-id db --all-steps "${here[@]}"
says "a whole rotation succeeds" 0 '*createSecret*setSecret*AWSCURRENT*testSecret*query*finishSecret*'
agrees db "the database and AWSCURRENT have the same password"
like "the old one is refused" "$(query app first 'select 1')" '*Access denied*'
is "a new version is current" "$(holder db AWSPREVIOUS)" "$first"
password=$(member db password)
is "no password is in the database's logs" "$(logs | grep -acF -- "$password")" 0
like "which have seen a hash" "$(cat "$dir/my/general")" "*SET PASSWORD = '\\*????????????????????????????????????????'*"
unlike "nor is it in what was said" "$out$err" "*$password*"
failed=0
for _ in 1 2 3; do
    rotate --secret-id db --all-steps "${here[@]}" # the secret says engine and strategy
    [ "$code" = 0 ] && [ "$(query app "$(member db password)" 'select 1')" = 1 ] || failed=$((failed + 1))
done
is "three more in a row do too" "$failed" 0

# ---- each step alone, and twice; broken off after each ----
step() { rotate --secret-id db --step "$1" "${here[@]}"; }
before=$(member db password)
step createSecret && step createSecret
is "the database has the old password until setSecret" "$code $(query app "$before" 'select 1')" "0 1"
step setSecret
is "after it the new one" "$code $(query app "$(member db password AWSPENDING)" 'select 1')" "0 1"
changes() { grep -c 'SET PASSWORD' "$dir/my/general"; }
changed=$(changes)
step setSecret
is "setSecret again finds its work done" "$code $(changes)" "0 $changed"
step testSecret && step testSecret
is "testSecret can be repeated" "$code" 0
step finishSecret
agrees db "finishSecret ends it"
for last in createSecret setSecret testSecret; do
    for step in createSecret setSecret testSecret; do
        step $step
        [ $step != $last ] || break
    done
    token=$(holder db AWSPENDING)
    rotate --secret-id db --all-steps "${here[@]}"
    is "broken off after $last, a rotation goes on with the same version" "$code $(holder db AWSCURRENT)" "0 $token"
    agrees db "and ends well"
done
put db "$(secret_of app "somebody's idea")"
rotate --secret-id db --all-steps "${here[@]}"
says "where AWSCURRENT is refused, AWSPREVIOUS lets in" 0 '*AWSPREVIOUS*'
agrees db "and both agree again"
rotate --secret-id db --all-steps --exclude-characters x "${here[@]}"
agrees db "a password with quotes and backslashes works too"
rotate --secret-id db --all-steps "${here[@]}"

# ---- whom we talk to ----
drop_pending() {
    call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(holder db AWSPENDING)\"}" >/dev/null
}
connects() { grep -c 'Connect.*app@' "$dir/my/general"; }
seen=$(connects)
rotate --secret-id db --all-steps --ca-file "$dir/tls/other.pem" --hostaddr 127.0.0.1
says "a certificate of another CA" 3 '*certificate*'
rotate --secret-id db --all-steps --hostaddr 127.0.0.1
says "or of one that this system does not trust" 3 '*certificate*'
rotate --secret-id db --all-steps --ca-file /nonexistent --hostaddr 127.0.0.1
says "a file of CAs that is not there" 3 '*'
drop_pending
value=$(value db)
put db "${value/$host/other.internal}"
rotate --secret-id db --all-steps "${here[@]}"
says "a certificate of another name" 3 '*'
drop_pending
put db "${value/$host/127.0.0.1}"
rotate --secret-id db --all-steps --ca-file "$dir/tls/ca.pem"
says "an address that is not in it" 3 '*'
drop_pending
put db "$value"
is "none of them was told so much as a user's name" "$(connects)" "$seen"
rotate --secret-id db --all-steps --ca-file "$dir/tls/ca.pem"
says "a name that does not resolve" 3 '*'

stop_mariadb
rotate --secret-id db --all-steps "${here[@]}"
says "a database that is down" 3 '*setSecret*'
start_mariadb --skip-ssl
rotate --secret-id db --all-steps "${here[@]}"
says "a database without TLS is not talked to in plain" 3 '*SSL is required*'
is "nor told a user's name" "$(connects)" "$seen"
put db "$(secret_of app "$(member db password)" '"ssl": "false"')"
rotate --secret-id db --step setSecret "${here[@]}"
says "unless the secret says so, and it is on this machine" 0 '*has the new password*'
rotate --secret-id db --all-steps "${here[@]}"
is "which is whole then" "$code$err" 0
put db "$(secret_of app "$(member db password)")"
stop_mariadb
start_mariadb

# ---- accounts ----
account() { # account NAME IDENTIFIED: a user and its secret
    sql "create user $1@'127.%' identified $2; grant select on orders.* to $1@'127.%'"
    create "$1" "$(secret_of "$1" first)" >/dev/null
    rotate --secret-id "$1" --all-steps "${here[@]}"
}
if [ ${#plugins[@]} = 1 ]; then
    account curve "via ed25519 using password('first')"
    says "a user of ed25519" 0 '*finishSecret*'
    agrees curve "which lets in with the new password"
    like "is told its hash too" "$(sql "show create user curve@'127.%'")" '*VIA ed25519 USING*'
    is "and no password" "$(logs | grep -acF -- "$(member curve password)")" 0
    account twice "via ed25519 using password('first') or mysql_native_password using password('first')"
    says "a user of two passwords would keep an old one" 1 '*"twice" has two passwords*'
else
    skip "a user of ed25519" "the server has no such plugin"
fi
account socket "via unix_socket or mysql_native_password using password('first')"
says "a user with another way in" 0 '*finishSecret*'
agrees socket "has the new password"
like "and keeps the other way" "$(sql "show create user socket@'127.%'")" '*VIA unix_socket OR mysql_native_password*'
account locked "by 'first' account lock"
says "a locked user" 1 '*account is locked*'
account expired "by 'first' password expire"
says "one whose password has expired" 1 '*password of "expired" has expired*'
account homeless "by 'first'"
sql "revoke all on orders.* from homeless@'127.%'"
rotate --secret-id homeless --all-steps "${here[@]}"
says "one that may not enter the secret's database" 1 "*Access denied for user * to database 'orders'*"
sql "create user ''@'127.%' identified by 'first'"
create nobody "$(secret_of nobody first)" >/dev/null
sql "grant select on orders.* to ''@'127.%'"
rotate --secret-id nobody --all-steps "${here[@]}"
says "an anonymous user is not the one that was meant" 1 '*takes "nobody" for another user*'
user='o`d"d'\''\d'
sql "create user 'o\`d\"d''\\\\d'@'127.%' identified by 'first'; grant all on orders.* to 'o\`d\"d''\\\\d'@'127.%'"
create odd "$(secret_of 'o`d\"d'\''\\d' first)" >/dev/null
rotate --secret-id odd --all-steps "${here[@]}"
is "an odd name is a name" "$code$err $(query "$user" "$(member odd password)" 'select 1')" "0 1"

# ---- Unix sockets ----
sql "create user near@localhost identified via mysql_native_password using password('first'); grant all on orders.* to near@localhost;
    create user nearer@localhost identified via mysql_native_password using password('first') or unix_socket; grant all on orders.* to nearer@localhost"
here_is() { secret_of "$1" first | sed "s|$host|$dir/my/s|"; }
create near "$(here_is near)" >/dev/null
rotate --secret-id near --all-steps
says "a Unix socket needs no TLS" 0 '*finishSecret*'
create nearer "$(here_is nearer)" >/dev/null
rotate --secret-id nearer --all-steps
says "but a user that it lets in without a password proves none" 1 '*lets "nearer" in without a password, by unix_socket*'

# ---- unknown states ----
rotate --secret-id db --step createSecret "${here[@]}"
sql "set password for app@'127.%' = password('nobody knows this one')"
before=$(refusals)
rotate --secret-id db --all-steps "${here[@]}"
says "a password that nobody knows" 1 '*Unable to log into database with previous, current, or pending secret of secret arn db*'
is "costs one attempt for each version" "$(($(refusals) - before))" 3
unlike "and no value is said" "$out$err" "*$(member db password)*"
sql "set password for app@'127.%' = password('$(member db password)')"
MYSQL_HOST=nowhere MYSQL_TCP_PORT=1 MYSQL_PWD=wrong LIBMYSQL_PLUGINS=nonsense MARIADB_PLUGIN_DIR=/nonexistent \
    rotate --secret-id db --all-steps "${here[@]}"
is "set to that of AWSCURRENT, it goes on, whatever the environment says" "$code$err" 0
agrees db "and ends well"
rotate postgres --secret-id db --all-steps "${here[@]}"
says "another engine than the secret's" 1 "*Database engine must be set to 'postgres'*\"mariadb\""

# ---- plugins that look at passwords, and cannot look at a hash ----
for plugin in simple_password_check password_reuse_check; do
    if [ ! -e /usr/lib/mysql/plugin/$plugin.so ]; then
        skip "$plugin" "the server has no such plugin"
        continue
    fi
    sql "install soname '$plugin'"
    before=$(member db password)
    rotate --secret-id db --all-steps "${here[@]}"
    says "$plugin takes no hash, and it is said what is in the way" 1 '*setSecret*strict*password*validation*smcred-rotate(1)*'
    is "the password is as it was" "$(query app "$before" 'select 1')" 1
    token=$(holder db AWSPENDING)
    sql "set global strict_password_validation = off"
    rotate --secret-id db --all-steps "${here[@]}"
    is "with strict_password_validation off, the same rotation goes on" "$code$err $(holder db AWSCURRENT)" "0 $token"
    agrees db "and ends well"
    sql "set global strict_password_validation = on; uninstall soname '$plugin'"
done
done_testing
