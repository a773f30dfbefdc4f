#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_alternating.sh - a superuser sets the password of the user's twin, which is as good as the user.
. "$top_srcdir/tests/rotate/world.sh" || exit 1
needs_world

sql "create role master login createrole createdb password 'masters'" >/dev/null
master=$(create master "$(secret_of master masters)")
create db "$(secret_of app first "\"masterarn\":\"$master\"")" >/dev/null
sql "create table shelf (name text); create schema own authorization app; create role reader;
    grant select on shelf to reader; grant reader to app" orders >/dev/null
sql "alter role app connection limit 7 valid until '2099-01-02' createdb;
    alter role app set search_path = 'own', 'Odd, \"name\"', public;
    alter role app set work_mem = '77kB';
    alter role app in database orders set my.setting = 'it''s \$1'" >/dev/null
attributes() {
    sql "select rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
        rolconnlimit, rolvaliduntil from pg_roles where rolname = '$1'"
}
settings() {
    sql "select datname, entry from pg_db_role_setting s left join pg_database d on d.oid = setdatabase,
        unnest(setconfig) entry where setrole = '$1'::regrole and entry not like 'role=%' order by 1, 2"
}
as_current() { query "$(member db username)" "$(member db password)" "$1"; }
turn() { rotate postgres --alternating-users --secret-id db --all-steps "${here[@]}"; }

turn
like "a setting that the superuser may not give is named" "$code $err" '1 *the setting my.setting of "app"*42501*'
sql 'grant set on parameter my.setting to master' >/dev/null
turn
is "the first rotation makes the twin" "$code$err $(member db username)" "0 app_clone"
agrees db "which is let in"
is "the user before it still is" "$(query app first 'select 1')" 1
is "the twin has the user's attributes" "$(attributes app_clone)" "$(attributes app)"
is "and settings" "$(settings app_clone)" "$(settings app)"
is "lists of names among them" "$(as_current 'show search_path')" "$(query app first 'show search_path')"
is "of each database" "$(as_current 'show my.setting')" "it's \$1"
is "it acts as the user" "$(as_current 'select session_user, current_user')" 'app_clone|app'
is "so it may what the user may by membership" "$(as_current 'select count(*) from public.shelf')" 0
is "what it makes belongs to the user" \
    "$(as_current 'create table own.made (); select tableowner from pg_tables where tablename = $$made$$')" app
is "it may drop what the user made" "$(query app first 'create table own.old ()'; as_current 'drop table own.old')" ""
is "no password is in the database's log" "$(grep -cF -- "$(member db password)" "$dir/pg/log")" 0

turn
is "the second one is the user's turn" "$code$err $(member db username)" "0 app"
agrees db "who is let in"
is "with what it was before" "$(settings app | wc -l)" 3
old=$(member db password AWSPREVIOUS)
is "while the twin still is" "$(query app_clone "$old" 'select 1')" 1

# What is changed for the user meanwhile, the twin gets at its next turn.
sql "alter role app connection limit 9 nocreatedb; alter role app reset work_mem; alter role app set search_path = ''" >/dev/null
turn
is "what was changed for the user is changed for its twin at its turn" "$code$err $(attributes app_clone)" "0$err $(attributes app)"
is "settings too" "$(settings app_clone)" "$(settings app)"
is "an empty list among them" "$(as_current 'show search_path')" '""'
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

# ---- nobody is led astray ----
refuses() { # refuses SENTENCE PATTERN: createSecret is done, setSecret fails so
    step setSecret
    like "$1" "$code $err" "1 $2"
}
[ "$(member db username)" = app ] || turn
forge() { # forge SED: a pending version, changed
    token=$(uuid)
    put db "$(value db | sed "$1")" AWSPENDING "$token"
}
forge 's/"username":"app"/"username":"postgres"/'
refuses "a pending version of another user is refused" '*Attempting to modify user "postgres" other than *"app_clone"*'
forge 's/"username":"app"/"username":"app_clone"/; s/"host":"[^"]*"/"host":"evil.example"/'
refuses "one of another host too" '*"evil.example" other than current host "orders-db.internal"*'
forge "s/\"username\":\"app\"/\"username\":\"app_clone\"/; s/\"port\":$port/\"port\":1/"
refuses "one of another port too" '*names another host, hostaddr or port*'
forge 's/"username":"app"/"username":"app_clone"/'
put db "$(value db | sed 's/"password":"[^"]*"/"password":"guessed"/')"
refuses "a current version that does not let in too" '*using current credentials for secret db*'
like "before the master's secret is read" \
    "$("$top_builddir/smcred-server" trail --dir "$dir/store" --secret master | tail -n 1)" '*GetSecretValue*'
call UpdateSecretVersionStage "{\"SecretId\":\"db\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"$(holder db AWSPREVIOUS)\",\"RemoveFromVersionId\":\"$(holder db AWSCURRENT)\"}" >/dev/null
turn
is "put right, it goes on" "$code" 0
turn

sql "alter role $(member db username) password 'behind our back'" >/dev/null
turn
like "nor does a user whose password somebody changed" "$code $err" '1 *Unable to log into database using current credentials*'
drifted=$(member db username)
rotate --secret-id db --alternating-users --all-steps --mend "${here[@]}"
like "unless it is to be mended" "$code $out$err" '0 *given the other one*back*'
agrees db "the twin is let in"
like "and whoever changed it is not" "$(query "$drifted" 'behind our back' 'select 1')" '*password authentication failed*'
is "for the user has its own password back" "$(query "$drifted" "$(member db password AWSPREVIOUS)" 'select 1')" 1
turn

create victim "$(secret_of plain first "\"masterarn\":\"$master\"")" >/dev/null
sql "create role plain login password 'first'; create role plain_clone login superuser password 'hers'" >/dev/null
rotate --secret-id victim --all-steps "${here[@]}"
like "a role that only has the twin's name is left alone" "$code $err" '1 *"plain_clone" is there and has nothing to do with "plain"*'
sql "drop role plain_clone" >/dev/null
put master "$(secret_of master masters | sed 's/"host":"[^"]*"/"host":"other.example"/')"
rotate --secret-id victim --step setSecret "${here[@]}"
like "the master's password goes to no other host than its secret says" \
    "$code $err" '1 *host "orders-db.internal" is not the same host as that of master "other.example"*'
put master '{"username":"master","password":"masters"}'
rotate --secret-id victim --step setSecret "${here[@]}"
like "nor where it says none" "$code $err" '1 *names no host*--host*'
rotate --secret-id victim --step setSecret --host $host "${here[@]}"
is "unless the command line says it" "$code$err" 0
put master "$(secret_of master wrong)"
sql "alter role plain_clone password 'changed'" >/dev/null
rotate --secret-id victim --step setSecret "${here[@]}"
like "a master's password that is none" "$code $err" "1 *using credentials in master secret $master*password authentication failed*"
put master "$(secret_of app_clone "$(member db password AWSPREVIOUS)")"
rotate --secret-id victim --step setSecret "${here[@]}"
like "a master without the right" "$code $err" '1 *permission denied*42501*'
put master "$(secret_of master masters)"
rotate --secret-id victim --all-steps "${here[@]}"
is "and at last a good one" "$code$err $(member victim username)" "0 plain_clone"

# ---- what the master may not give ----
sql "create role walker login bypassrls password 'first'" >/dev/null
create walker "$(secret_of walker first "\"masterarn\":\"$master\"")" >/dev/null
rotate --secret-id walker --all-steps "${here[@]}"
like "an attribute that only a superuser may give is named" "$code $err" \
    '1 *"walker_clone" cannot be given the BYPASSRLS of "walker"*have a superuser give it*'
is "and there is no half of a twin" "$(sql "select count(*) from pg_roles where rolname = 'walker_clone'")" 0
sql "create role walker_clone login bypassrls; grant walker to walker_clone" >/dev/null
rotate --secret-id walker --all-steps "${here[@]}"
is "given by hand, it is no obstacle" "$code$err" 0
agrees walker "and the twin is let in"

# ---- nothing of a user's own making runs as the superuser ----
password=$(member walker password)
query walker_clone "$password" "select set_config('search_path', 'a;alter role walker superuser', false);
    alter role walker set search_path from current" >/dev/null
rotate --secret-id walker --all-steps "${here[@]}"
rotate --secret-id walker --all-steps "${here[@]}"
is "a setting that looks like a statement is none" \
    "$code$err $(sql "select rolsuper from pg_roles where rolname = 'walker'")" "0 f"
is "and is copied as it is" "$(settings walker_clone)" "$(settings walker)"

create long "$(secret_of "$(printf 'x%.0s' $(seq 58))" first "\"masterarn\":\"$master\"")" >/dev/null
rotate --secret-id long --all-steps "${here[@]}"
like "a name too long for a twin" "$code $err" '1 *Unable to clone user, username length with _clone appended would exceed 63 characters*'
rotate --alternating-users --secret-id master --all-steps "${here[@]}"
like "no masterarn" "$code $err" '1 *masterarn key is missing from secret JSON*'
done_testing
