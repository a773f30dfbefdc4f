#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_alternating.sh - in MariaDB, a superuser makes the user's twin as good as the user.
. "$top_srcdir/tests/rotate/mysql_world.sh" || exit 1
needs_world
says() { like "$1" "$code $out$err" "$2 $3"; } # says SENTENCE CODE PATTERN: of the last run
at="@'127.%'"
sql "create user master$at identified by 'masters'; grant all on *.* to master$at with grant option;
    grant proxy on ''@'%' to master$at with grant option"
master=$(create master "$(secret_of master masters)")
with_master() { secret_of "$1" "$2" "\"masterarn\":\"$master\""; }
create db "$(with_master app first)" >/dev/null
sql "create table orders.shelf (name text, price int); create procedure orders.count_them() select count(*) from orders.shelf;
    create user other$at identified by 'x'; create role reader; create role 'odd role'; create role empty_one;
    grant select on orders.shelf to reader;
    grant reader to master$at with admin option; grant 'odd role' to master$at with admin option;
    grant empty_one to master$at with admin option;
    revoke all on orders.* from app$at;
    grant select, insert on orders.* to app$at with grant option; grant select (name), update (price) on orders.shelf to app$at;
    grant execute on procedure orders.count_them to app$at; grant proxy on other$at to app$at;
    grant process on *.* to app$at; grant reader to app$at with admin option; grant 'odd role' to app$at;
    set default role reader for app$at;
    alter user app$at require ssl with max_user_connections 7 max_statement_time 60 password expire interval 90 day;
    create user app@'10.%' identified by 'elsewhere'"
# rights USER, limits USER: without its name and hash
rights() { sql "show grants for $1$at" | sed "s/\`$1\`@/X@/; s/'\*[0-9A-F]*'/H/" | sort; }
limits() { sql "show create user $1$at" | sed "s/\`$1\`@/X@/; s/'\*[0-9A-F]*'/H/; s/USING '[^']*'/USING H/"; }
turn() { rotate mariadb --alternating-users --secret-id db --all-steps "${here[@]}"; }
as_current() { query "$(member db username)" "$(member db password)" "$1"; }
same() { # same SENTENCE
    is "$1" "$(rights app_clone) $(limits app_clone)" "$(rights app) $(limits app)"
}

before=$(rights app; limits app)
turn
is "the first rotation makes the twin" "$code$err $(member db username)" "0 app_clone"
agrees db "which is let in"
is "the user before it still is" "$(query app first 'select 1')" 1
same "the twin has the user's rights, roles and limits"
like "which are what was given" "$(rights app_clone)" "*EXECUTE ON PROCEDURE*PROXY*reader*ADMIN OPTION*SET DEFAULT ROLE*"
like "limits among them" "$(limits app_clone)" "*REQUIRE SSL WITH*MAX_USER_CONNECTIONS 7*INTERVAL 90 DAY*"
is "it begins with the user's role" "$(as_current 'select current_role()')" reader
is "the user is as before" "$(rights app; limits app)" "$before"
is "no password is in the database's logs" \
    "$(cat "$dir"/my/general "$dir"/my/log "$dir"/my/binlog.* | grep -acF -- "$(member db password)")" 0

turn
is "the second one is the user's turn" "$code$err $(member db username)" "0 app"
agrees db "who is let in"
is "with what it was before" "$(rights app; limits app)" "$before"
is "while the twin still is" "$(query app_clone "$(member db password AWSPREVIOUS)" 'select 1')" 1
is "users of that name from elsewhere are not touched" \
    "$(sql "select count(*) from mysql.user where user = 'app_clone'; select password = password('elsewhere') from mysql.user where user = 'app' and host = '10.%'")" "1
1"

# ---- what is changed for the user meanwhile, the twin gets at its next turn ----
sql "revoke insert on orders.* from app$at; revoke grant option on orders.* from app$at; revoke process on *.* from app$at;
    revoke execute on procedure orders.count_them from app$at; revoke proxy on other$at from app$at;
    revoke admin option for reader from app$at; set default role none for app$at; revoke 'odd role' from app$at; grant empty_one to app$at;
    grant delete on orders.* to app$at; alter user app$at require none with max_user_connections 0 max_queries_per_hour 10000"
turn
is "what was changed for the user is changed for its twin at its turn" "$code$err $(member db username)" "0 app_clone"
same "rights that were taken too"
changes() { grep -cE 'Query[[:space:]]+(GRANT|REVOKE|SET DEFAULT|ALTER USER|CREATE USER)' "$dir/my/general"; }
turn
changed=$(changes)
turn
is "an equal twin is not made once more" "$code$err $(member db username) $(changes)" "0 app_clone $changed"
failed=0
for _ in 1 2 3; do
    turn
    [ "$code" = 0 ] && [ "$(as_current 'select 1')" = 1 ] || failed=$((failed + 1))
done
is "three more in a row succeed" $failed 0

# ---- step by step, broken off ----
step() { rotate --secret-id db --step "$1" "${here[@]}"; }
for last in createSecret setSecret testSecret; do
    for step in createSecret setSecret testSecret; do
        step $step && step $step
        [ $step != $last ] || break
    done
    token=$(holder db AWSPENDING)
    turn
    is "broken off after $last, a rotation goes on with the same version" "$code $(holder db AWSCURRENT)" "0 $token"
    agrees db "and ends well"
done
[ "$(member db username)" = app ] || turn
# Broken off inside setSecret, between any two statements: the twin is there, and not ready.
sql "drop user app_clone$at; create user app_clone$at identified by password '$(sql "select password from mysql.user where user = 'app' and host = '127.%'")'"
turn
is "a twin that was left half made" "$code$err $(member db username)" "0 app_clone"
same "becomes whole"
turn
sql "drop user app_clone$at; grant super on *.* to app$at; revoke super on *.* from master$at"
turn
says "a right that the superuser cannot give is named" 1 "*\"'app_clone'@'127.%'\" cannot be given or lose SUPER*ON \\*.\\**"
like "and nobody is let in before all is there" \
    "$(query app_clone "$(member db password AWSPENDING)" 'select 1')" '*Access denied*'
sql "grant super on *.* to master$at"
turn
is "given it, it goes on" "$code$err $(member db username)" "0 app_clone"
same "and the twin is whole"

# A function that is killed in the middle: everybody who changes users waits for this lock.
mkfifo "$dir/in"
mariadb --no-defaults -N -B -n -S "$dir/my/s" -u root <"$dir/in" >"$dir/lock" 2>&1 &
exec 5>"$dir/in"
turn
sql "drop user app_clone$at"
step createSecret
echo "flush tables with read lock; select 'held';" >&5
eventually 20 grep -q held "$dir/lock"
"$top_builddir/smcred-rotate" --secret-id db --step setSecret "${here[@]}" >"$dir/out" 2>"$dir/err" &
function=$!
waits() { [ "$(sql "select count(*) from information_schema.processlist where info like 'CREATE USER%' and state <> ''")" = 1 ]; }
if eventually 20 waits; then ok "setSecret waits for who holds the database"; else not_ok "setSecret waits" "$(cat "$dir/err")"; fi
kill -9 $function
wait $function 2>/dev/null
echo "unlock tables;" >&5
exec 5>&-
wait $!
turn
is "killed there, the rotation goes on" "$code$err $(member db username)" "0 app_clone"
same "and the twin is whole"

# ---- nobody is led astray ----
[ "$(member db username)" = app ] || turn
put db "$(value db | sed "s/\"username\":\"app\"/\"username\":\"root\"/")" AWSPENDING "$(uuid)"
step setSecret
says "a pending version of another user is refused" 1 '*Attempting to modify user "root" other than *"app_clone"*'
sql "create user root_clone$at identified by 'mine'; create user root$at identified by 'x'; grant all on *.* to root$at;
    grant select on orders.* to root_clone$at"
create thief "$(with_master root_clone mine)" >/dev/null
rotate --secret-id thief --all-steps "${here[@]}"
says "nobody gets rights by being called NAME_clone" 1 "*\"'root'@'127.%'\" may do what \"'root_clone'@'127.%'\" may not (ALL PRIVILEGES ON \\*.\\*)*"
put db "$(secret_of app guessed "\"masterarn\":\"$master\"")"
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(holder db AWSPENDING)\"}" >/dev/null
turn
says "a current version that does not let in" 1 '*using current credentials for secret db*'
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"$(holder db AWSPREVIOUS)\",\"RemoveFromVersionId\":\"$(holder db AWSCURRENT)\"}" >/dev/null
put master "$(secret_of master masters | sed 's/"host":"[^"]*"/"host":"other.example"/')"
turn
says "the master's password goes to no other host than its secret says" 1 '*is not the same host as that of master "other.example"*'
put master "$(secret_of master wrong)"
turn
says "a master's password that is none" 1 "*using credentials in master secret $master*"
put master "$(secret_of master masters)"
turn
is "and at last a good one" "$code$err" 0

# ---- other accounts ----
pair() { # pair NAME IDENTIFIED
    sql "create user $1$at identified $2; grant select on orders.* to $1$at"
    create "$1" "$(with_master "$1" first)" >/dev/null
    rotate --secret-id "$1" --all-steps "${here[@]}"
}
if [ ${#plugins[@]} = 1 ]; then
    pair curve "via ed25519 using password('first')"
    says "a pair of ed25519" 0 '*finishSecret*'
    agrees curve "which is let in"
    is "and alike" "$(limits curve_clone)" "$(limits curve)"
    pair twice "via ed25519 using password('first') or mysql_native_password using password('first')"
    says "a user of two passwords has no twin" 1 '*"twice" has two passwords*'
    is "nor half of one" "$(sql "select count(*) from mysql.user where user = 'twice_clone'")" 0
else
    skip "a pair of ed25519" "the server has no such plugin"
fi
pair socket "via unix_socket or mysql_native_password using password('first')"
like "another way in is one of the twin too" "$code$err $(limits socket_clone)" '0 *VIA unix_socket OR mysql_native_password*'
create long "$(with_master "$(printf 'x%.0s' $(seq 75))" first)" >/dev/null
rotate --secret-id long --all-steps "${here[@]}"
says "a name too long for a twin" 1 '*username length with _clone appended would exceed 80 characters*'

# ---- a password that was changed in a session ----
create one "$(secret_of one first)" >/dev/null
sql "create user one$at identified by 'changed'; grant all on orders.* to one$at; grant reader to one$at"
mend() { rotate --secret-id "$1" --single-user --all-steps --mend --masterarn master "${here[@]}"; }
mend one
says "is mended" 0 '*finishSecret*'
agrees one "and rotated"
sql "set password for one$at = password('changed'); grant process on *.* to reader"
mend one
says "not of one who has special rights by a role" 1 '*special rights*'
sql "revoke process on *.* from reader; grant select on mysql.* to one$at"
mend one
says "or by the system's database" 1 '*special rights*'
sql "revoke select on mysql.* from one$at; create user one@'10.%' identified by 'x'"
mend one
says "nor where it is not sure who it was" 1 '*several users "one"*'
sql "drop user one@'10.%'"
mend one
says "else it is" 0 '*finishSecret*'
done_testing
