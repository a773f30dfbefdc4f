#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mysql_grammar.sh - what a MySQL 8 is told, and what a hostile server does not get.
. "$top_srcdir/tests/rotate/manager.sh" || exit 1
command -v python3 >/dev/null || skip_all "python3 is not installed"
engine=mysql
host=127.0.0.1
double_pid=
end_world() {
    end_server
    end_double
}
end_double() { [ -z "$double_pid" ] || { kill "$double_pid" && wait "$double_pid"; } 2>/dev/null; }
start_double() { # start_double [MODE]
    end_double
    rm -f "$dir/port" "$dir/my/statements" "$dir/my/loot"
    python3 "$top_srcdir/tests/rotate/mysql_double.py" "$dir/my" "$@" >"$dir/port" 2>"$dir/double.err" &
    double_pid=$!
    eventually 20 test -s "$dir/port"
    port=$(cat "$dir/port")
}
at_exit end_world
mkdir -p "$dir/my/answers"
start_server || { not_ok "smcred-server starts" "$(cat "$dir/server.log")"; done_testing; exit 1; }
says() { like "$1" "$code $out$err" "$2 $3"; } # says SENTENCE CODE PATTERN: of the last run
said() { cat "$dir/my/statements" 2>/dev/null; }
users() { printf '%s\n' "$@" >"$dir/my/users"; }
secret_here() { secret_of "$1" "$2" "\"ssl\":false${3:+,$3}"; }

# ---- single user ----
users "app first"
start_double
create db "$(secret_here app first)" >/dev/null
rotate --secret-id db --all-steps --exclude-characters x
says "a user of MySQL changes its own password" 0 '*finishSecret*'
is "in MySQL's words" "$(said | grep -cF "app: ALTER USER USER() IDENTIFIED BY '")" 1
is "which takes no other right" "$(said | grep -cE 'SHOW CREATE|mysql\.user|SET PASSWORD')" 0
is "with the password of AWSCURRENT, whatever is in it" "app $(member db password)" "$(cat "$dir/my/users")"

users "app first"
start_double sha2
create sha2 "$(secret_here app first)" >/dev/null
rotate --secret-id sha2 --all-steps
says "caching_sha2_password, MySQL 8's own, is known" 0 '*finishSecret*'
is "and has the new password" "app $(member sha2 password)" "$(cat "$dir/my/users")"

users "app first"
start_double require-current
create current "$(secret_here app first)" >/dev/null
rotate --secret-id current --all-steps
says "a user that must say its present password says it" 0 '*finishSecret*'
is "which it logged in with" "$(said | grep -c "REPLACE 'first'\$")" 1
is "and has the new one" "app $(member current password)" "$(cat "$dir/my/users")"

# ---- alternating users ----
users "app first" "root roots" "app_clone old"
cat >"$dir/my/answers/show_create_user.app" <<'ANSWER'
CREATE USER `app`@`%` IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$it\'s `a` "salt"WITH' DEFAULT ROLE `reader`@`%`,`odd ON``role`@`%` REQUIRE SUBJECT '/CN=app WITH' WITH MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 2 PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT
ANSWER
cat >"$dir/my/answers/show_grants.app" <<'ANSWER'
GRANT PROCESS, SHOW VIEW ON *.* TO `app`@`%` WITH GRANT OPTION
GRANT BACKUP_ADMIN,SYSTEM_VARIABLES_ADMIN ON *.* TO `app`@`%`
REVOKE INSERT ON `mysql`.* FROM `app`@`%`
GRANT SELECT (`from`, `to`) ON `orders`.`odd ``TO`` table` TO `app`@`%`
GRANT EXECUTE ON FUNCTION `orders`.`f` TO `app`@`%`
GRANT PROXY ON `other`@`%` TO `app`@`%`
GRANT `reader`@`%`,`odd ON``role`@`%` TO `app`@`%` WITH ADMIN OPTION
ANSWER
cat >"$dir/my/answers/show_create_user.app_clone" <<'ANSWER'
CREATE USER `app_clone`@`%` IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$other' REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT
ANSWER
cat >"$dir/my/answers/show_grants.app_clone" <<'ANSWER'
GRANT USAGE ON *.* TO `app_clone`@`%`
REVOKE DELETE ON `mysql`.* FROM `app_clone`@`%`
GRANT EXECUTE ON FUNCTION `orders`.`f` TO `app_clone`@`%`
GRANT DROP ON `old`.* TO `app_clone`@`%` WITH GRANT OPTION
GRANT `former`@`%` TO `app_clone`@`%`
ANSWER
master=$(create master "$(secret_here root roots)")
put db "$(secret_here app first "\"masterarn\":\"$master\"")"
start_double
put db "$(secret_here app first "\"masterarn\":\"$master\"")"
put master "$(secret_here root roots)"
rotate --secret-id db --all-steps
is "a superuser makes the twin equal" "$code$err $(member db username)" "0 app_clone"
is "in these words, the password last" "$(said | sed -n 's/^root: //p' | grep -E '^(CREATE|ALTER|GRANT|REVOKE|SET (PASS|DEF))' | sed "s/IDENTIFIED BY '.*'/IDENTIFIED BY 'NEW'/")" \
    "$(cat <<'WORDS'
CREATE USER IF NOT EXISTS 'app_clone'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$it\'s `a` "salt"WITH'
ALTER USER 'app_clone'@'%' IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$it\'s `a` "salt"WITH' REQUIRE SUBJECT '/CN=app WITH' WITH MAX_QUERIES_PER_HOUR 5 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 2 PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT
GRANT DELETE ON `mysql`.* TO 'app_clone'@'%'
REVOKE GRANT OPTION ON `old`.* FROM 'app_clone'@'%'
REVOKE DROP ON `old`.* FROM 'app_clone'@'%'
REVOKE `former`@`%` FROM 'app_clone'@'%'
GRANT PROCESS, SHOW VIEW ON *.* TO 'app_clone'@'%' WITH GRANT OPTION
GRANT BACKUP_ADMIN,SYSTEM_VARIABLES_ADMIN ON *.* TO 'app_clone'@'%'
REVOKE INSERT ON `mysql`.* FROM 'app_clone'@'%'
GRANT SELECT (`from`, `to`) ON `orders`.`odd ``TO`` table` TO 'app_clone'@'%'
GRANT PROXY ON `other`@`%` TO 'app_clone'@'%'
GRANT `reader`@`%`,`odd ON``role`@`%` TO 'app_clone'@'%' WITH ADMIN OPTION
ALTER USER 'app_clone'@'%' DEFAULT ROLE `reader`@`%`,`odd ON``role`@`%`
ALTER USER 'app_clone'@'%' IDENTIFIED BY 'NEW'
WORDS
)"

# ---- a server that wants more than it may have ----
users "app first"
start_double clear
create hostile "$(secret_here app first)" >/dev/null
rotate --secret-id hostile --all-steps
says "a server that asks for the password in clear is refused" '[13]' '*setSecret*failed*'
is "and does not get it" "$(cat "$dir/my/loot" 2>/dev/null | grep -cF -e first -e "$(member hostile password AWSPENDING)")" 0
start_double infile
create greedy "$(secret_here app first)" >/dev/null
rotate --secret-id greedy --all-steps
like "one that asks for a file of ours" "$code $(said)" '[13] app: SET SESSION*'
unlike "gets none" "$(cat "$dir/my/loot" 2>/dev/null)" "*root:*"
done_testing
