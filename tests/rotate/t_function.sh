#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_function.sh - smcred-server runs smcred-rotate: RotateSecret, through interruptions of every step.
. "$top_srcdir/tests/rotate/world.sh" || exit 1
needs_world
lambda=arn:aws:lambda:us-east-1:000000000000:function

# function_of NAME OPTION...: a script as an administrator would write one, registered.  A file NAME.kill
# says when each of its steps is killed, once: before its work, or after it is done; or always.
function_of() {
    local name=$1
    cat >"$dir/$name" <<SCRIPT
#!/bin/bash
event=\$(cat)
step=\$(sed 's/.*"Step":"\([a-zA-Z]*\)".*/\1/' <<<"\$event")
echo "\$step" >>"$dir/$name.steps"
die_if() {
    [ "\$(cat "$dir/$name.kill" 2>/dev/null)" = "\$1" ] && [ ! -e "$dir/$name.\$step.\$1" ] || return
    [ "\$1" = always ] || touch "$dir/$name.\$step.\$1"
    kill -9 \$\$
}
die_if always
die_if before
SMCRED_MODULE_DIR=$SMCRED_MODULE_DIR "$top_builddir/smcred-rotate" ${here[*]} ${*:2} <<<"\$event" || exit
die_if after
exit 0
SCRIPT
    chmod 755 "$dir/$name"
}
register() { # register [OPTION...] ARN PATH
    local as=()
    [ "$(id -u)" != 0 ] || as=(--user root)
    "$top_builddir/smcred-server" function register --dir "$dir/store" "${as[@]}" "$@" && return
    not_ok "a function is registered"
    done_testing
    exit 1
}

rotate_secret() { # rotate_secret NAME [MEMBERS]: begins a rotation; sets token
    token=$(uuid)
    call RotateSecret "{\"SecretId\":\"$1\",\"ClientRequestToken\":\"$token\"${2:+,$2}}" >"$dir/answer"
}
is_done() { [ "$(holder "$1" AWSCURRENT)" = "$token" ] && [ -z "$(holder "$1" AWSPENDING)" ]; }
# A rotation that waits after a failure begins anew when it is asked for; once for each failure.  One that
# has moved AWSCURRENT is no obstacle to another one.
asked=0
is_done_when_asked() {
    local failed answer next
    failed=$(grep -c ' failed: ' "$dir/server.log")
    if [ "$failed" -gt $asked ]; then
        asked=$failed next=$(uuid)
        answer=$(call RotateSecret "{\"SecretId\":\"$1\",\"ClientRequestToken\":\"$next\"}")
        [[ $answer != *"$next"* ]] || token=$next
    fi
    is_done "$1"
}
ends_well() { # ends_well NAME SENTENCE
    if eventually 6 is_done "$1"; then ok "$2"; else not_ok "$2" "$(tail -n 5 "$dir/server.log")"; fi
}

# ---- single user ----
function_of single postgres --single-user
register "$lambda:single" "$dir/single"
create db "$(secret_of app first)" >/dev/null
rotate_secret db "\"RotationLambdaARN\":\"$lambda:single\""
ends_well db "RotateSecret rotates"
agrees db "the database and AWSCURRENT have the same password"
is "in four steps" "$(tr '\n' ' ' <"$dir/single.steps")" "createSecret setSecret testSecret finishSecret "
failed=0
for _ in 1 2 3; do
    rotate_secret db
    eventually 6 is_done db && [ "$(query app "$(member db password)" 'select 1')" = 1 ] || failed=$((failed + 1))
done
is "three more in a row do too" $failed 0
like "the server's log says what was done" "$(cat "$dir/server.log")" '*setSecret says*app* has the new password*'
is "and has no password" "$(grep -cF -- "$(member db password)" "$dir/server.log")" 0
rotate_secret db '"RotateImmediately":false'
eventually 6 grep -q 'testSecret says' <(tail -n 3 "$dir/server.log")
settled() { [ -z "$(holder db AWSPENDING)" ]; }
eventually 6 settled
agrees db "RotateImmediately=false tests what there is"

# killed NAME WHEN SECRET SENTENCE: each step of one rotation is
killed() {
    echo "$2" >"$dir/$1.kill"
    rotate_secret "$3"
    if eventually 6 is_done_when_asked "$3"; then ok "$4"; else not_ok "$4" "$(tail -n 5 "$dir/server.log")"; fi
    is "four times" "$(find "$dir" -name "$1.*.$2" | wc -l)" 4
    agrees "$3" "and the database and AWSCURRENT have the same password"
}
killed single before db "killed before each step, a rotation ends"
killed single after db "killed after each step too"
echo always >"$dir/single.kill"
rotate_secret db
given_up() {
    is_done_when_asked db
    grep -q 'failed again' "$dir/server.log"
}
eventually 6 given_up
rm "$dir/single.kill"
rotate --secret-id db --all-steps "${here[@]}"
is "one that the server has given up is ended by hand" "$code $(holder db AWSCURRENT)" "0 $token"
agrees db "and the database and AWSCURRENT have the same password"
rotate_secret db
ends_well db "and the next one is the server's again"

# ---- alternating users, both of whom the secret asks for itself ----
sql "create role master login createrole password 'masters'; create role shop login password 'first'" >/dev/null
master=$(create master "$(secret_of master masters)")
create pair "$(secret_of shop first "\"masterarn\":\"$master\"")" >/dev/null
function_of both
register --reads "$master" "$lambda:both" "$dir/both"
names=
for _ in 1 2 3; do
    rotate_secret pair "\"RotationLambdaARN\":\"$lambda:both\""
    eventually 6 is_done pair
    names="$names $(member pair username)"
    [ "$(query "$(member pair username)" "$(member pair password)" 'select 1')" = 1 ] || names="$names refused"
done
is "two users take turns" "$names" " shop_clone shop shop_clone"
killed both after pair "killed after each step, it is the next one's turn"
rm "$dir/both.kill"
register "$lambda:both" "$dir/both"
rotate_secret pair
said() { grep -q "$1" "$dir/server.log"; }
if eventually 6 said 'setSecret says.*AccessDenied\|setSecret says.*not authorized'; then
    ok "without --reads, the master's secret is refused"
else
    not_ok "without --reads, the master's secret is refused" "$(tail -n 5 "$dir/server.log")"
fi
done_testing
