#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis.sh - a user of Redis has its current and its last password, and no other.
. "$top_srcdir/tests/rotate/redis_world.sh" || exit 1
needs_world
says() { like "$1" "$code $out$err" "$2 $3"; } # says SENTENCE CODE PATTERN: of the last run
pings() { query "$1" "$2" ping; }
lets_in() { is "$1" "$(pings "$2" "$3")" PONG; }
passwords() { acl acl list | grep "^user $1 " | grep -o '#[0-9a-f]*' | wc -l; }

# ---- a superuser of its own, which may change itself ----
acl acl setuser boss on '>first' '~*' '&*' +@all >/dev/null
create boss "$(secret_of boss first)" >/dev/null
acl monitor >"$dir/monitor" &
monitor=$!
eventually 20 grep -q OK "$dir/monitor"
rotate redis --single-user --secret-id boss --all-steps "${here[@]}"
says "a whole rotation succeeds" 0 '*createSecret*setSecret*AWSCURRENT to change it (*testSecret*query*finishSecret*'
lets_in "AWSCURRENT lets in" boss "$(member boss password)"
lets_in "and so does the one before" boss first
is "which are all" "$(passwords boss)" 2
eventually 20 grep -q PING "$dir/monitor"
acl slowlog get 100 >"$dir/slowlog"
is "no password is where others look on" \
    "$(cat "$dir/monitor" "$dir/slowlog" "$dir/r/log" "$dir/r/users" | grep -cF -- "$(member boss password)")" 0
kill $monitor && wait $monitor 2>/dev/null
previous=$(member boss password)
rotate --secret-id boss --all-steps "${here[@]}"
lets_in "after the next one the new one lets in" boss "$(member boss password)"
lets_in "the one before too" boss "$previous"
like "and the first one not any more" "$(pings boss first)" '*WRONGPASS*'
stop_redis
start_redis
lets_in "the server remembers it" boss "$(member boss password)"

# ---- an application, which may not; its superuser does it ----
master=$(create master "$(secret_of root roots)")
acl acl setuser app on '>first' '~app:*' '&app*' +@read +set '(~log:* +append)' >/dev/null
create app "$(secret_of app first)" >/dev/null
step() { rotate --single-user --secret-id app --step "$1" "${here[@]}"; }
turn() { rotate --single-user --masterarn "$master" --secret-id app --all-steps "${here[@]}"; }
rules() { acl acl list | grep "^user $1 " | sed "s/^user $1 //; s/#[0-9a-f]* //g; s/sanitize-payload //"; }
before=$(rules app)
rotate --single-user --secret-id app --all-steps "${here[@]}"
says "a user without rights cannot change itself" 1 '*NOPERM*takes more rights*'
turn
says "but the superuser can" 0 '*set by the superuser of masterarn*finishSecret*'
is "the new password lets in" "$(query app "$(member app password)" get app:x)" ""
is "and the old one" "$(query app first get app:x)" ""
is "with the rights it had" "$(rules app)" "$before"
failed=0
for _ in 1 2 3; do
    old=$(member app password)
    turn
    [ "$code" = 0 ] && [ "$(query app "$(member app password)" set app:x 1)" = OK ] &&
        [ "$(query app "$old" set app:x 1)" = OK ] || failed=$((failed + 1))
done
is "three more in a row do too" "$failed" 0
put app "$(secret_of app "$(member app password)" "\"masterarn\":\"$master\"")"
for last in createSecret setSecret testSecret; do
    for step in createSecret setSecret testSecret; do
        step $step && step $step
        [ $step != $last ] || break
    done
    token=$(holder app AWSPENDING)
    turn
    is "broken off after $last, a rotation goes on with the same version" "$code $(holder app AWSCURRENT)" "0 $token"
    is "and ends well" "$(query app "$(member app password)" set app:x 1)" OK
done
put app "$(secret_of app "somebody's idea" "\"masterarn\":\"$master\"")"
turn
says "where AWSCURRENT is refused, AWSPREVIOUS lets in" 0 '*finishSecret*'
is "and all agree again" "$(query app "$(member app password)" set app:x 1)" OK

# ---- whom we talk to ----
drop_pending() {
    call UpdateSecretVersionStage "{\"SecretId\":\"boss\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$(holder boss AWSPENDING)\"}" >/dev/null
}
commands() { acl info commandstats | sed -n 's/^cmdstat_auth:calls=\([0-9]*\).*/\1/p'; }
seen=$(commands)
rotate --secret-id boss --all-steps --ca-file "$dir/tls/other.pem" --hostaddr 127.0.0.1
says "a certificate of another CA" 3 '*certificate verify failed*'
rotate --secret-id boss --all-steps --hostaddr 127.0.0.1
says "or of one that this system does not trust" 3 '*certificate verify failed*'
rotate --secret-id boss --all-steps --ca-file /nonexistent --hostaddr 127.0.0.1
says "a file of CAs that is not there" 1 '*CA certificates*'
drop_pending
value=$(value boss)
put boss "${value/$host/other.internal}"
rotate --secret-id boss --all-steps "${here[@]}"
says "a certificate of another name" 3 '*certificate verify failed*'
drop_pending
put boss "${value/$host/127.0.0.1}"
rotate --secret-id boss --all-steps --ca-file "$dir/tls/ca.pem"
says "an address that is not in it" 3 '*certificate verify failed*'
drop_pending
put boss "$value"
is "none of them was told a user's name" "$(commands)" "$((seen + 1))" # that of asking
rotate --secret-id boss --step createSecret "${here[@]}"
stop_redis
rotate --secret-id boss --all-steps "${here[@]}"
says "a server that is down" 3 '*setSecret*Connection refused*'
start_redis --tls-port 0 --port "$port"
rotate --secret-id boss --all-steps "${here[@]}"
says "a server without TLS is not talked to in plain" 3 '*no TLS*'
put boss "$(secret_of boss "$(member boss password)" '"ssl": false')"
rotate --secret-id boss --all-steps "${here[@]}"
says "unless the secret says so, and it is on this machine" 0 '*finishSecret*'
stop_redis
start_redis
put boss "$(secret_of boss "$(member boss password)" | sed "s|$host|$dir/r/s|")"
rotate --secret-id boss --all-steps
says "a Unix socket needs no TLS" 0 '*finishSecret*'

# ---- unknown states ----
step createSecret
acl acl setuser app resetpass '>nobody knows this one' >/dev/null
rotate --single-user --secret-id app --all-steps "${here[@]}"
says "a password that nobody knows" 1 '*Unable to log into database with previous, current, or pending secret*'
rotate --single-user --mend --secret-id app --all-steps "${here[@]}"
says "is mended" 0 "*given AWSCURRENT's back*finishSecret*"
is "and rotated" "$(query app "$(member app password)" set app:x 1) $(passwords app)" "OK 2"
acl acl setuser boss resetpass '>nobody knows this one' >/dev/null
for _ in 1 2; do put boss "$(secret_of boss "$(member boss password)")"; done
rotate --single-user --mend --masterarn master --secret-id boss --all-steps "${here[@]}"
says "not of one who has special rights" 1 '*"boss" has special rights (ACL SETUSER)*'
acl acl setuser open on nopass '~*' +@all >/dev/null
create open "$(secret_of open first)" >/dev/null
rotate --secret-id open --all-steps "${here[@]}"
says "a user that any password lets in proves none" 1 '*lets "open" in with any password*'
acl acl setuser open -@all +ping >/dev/null
rotate --masterarn master --single-user --secret-id open --step setSecret "${here[@]}"
is "one that may not be asked is thought to have it" "$code" 0

# ---- alternating users ----
acl acl setuser turn on '>first' '~t:*' '&t*' +@write '(~log:* +append)' >/dev/null
create turn "$(secret_of turn first "\"masterarn\":\"$master\"")" >/dev/null
rotate --secret-id turn --all-steps "${here[@]}"
is "with alternating users a twin is made" "$code$err $(member turn username)" "0 turn_clone"
is "which is let in" "$(query turn_clone "$(member turn password)" set t:x 1)" OK
is "with the same rules" "$(rules turn_clone)" "$(rules turn)"
rotate --secret-id turn --all-steps "${here[@]}"
is "the second one is the user's turn" "$code$err $(query turn "$(member turn password)" set t:x 1)" "0 OK"
acl acl setuser turn -@write +@read >/dev/null
rotate --secret-id turn --all-steps "${here[@]}"
is "what was changed for the user is changed for its twin" "$code$err $(rules turn_clone)" "0 $(rules turn)"
acl acl setuser turn +@all >/dev/null
rotate --secret-id turn --all-steps "${here[@]}"
says "nobody gets rights by being called NAME_clone" 1 '*have not the same rules*'

# ---- a server that forgets ----
stop_redis
sed -i '/^aclfile/d' "$dir/r/conf"
echo "user root on >roots ~* &* +@all" >>"$dir/r/conf"
echo "user forgetful on >first ~* &* +@all" >>"$dir/r/conf"
start_redis
create forgetful "$(secret_of forgetful first)" >/dev/null
rotate --secret-id forgetful --all-steps "${here[@]}"
says "without an aclfile the step says what is left to do" 0 '*memory alone, until CONFIG REWRITE*finishSecret*'
done_testing
