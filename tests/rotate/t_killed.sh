#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_killed.sh - smcred-rotate is killed before each thing that it says to Secrets Manager or to the database, in
# all of its steps: some version lets in at any time, and what is begun anew goes on with it and ends well.
. "$top_srcdir/tests/rotate/${world:-world.sh}" || exit 1
command -v strace >/dev/null || skip_all "no strace"
strace -qq -o /dev/null -e inject=write:signal=KILL:when=999 true 2>/dev/null || skip_all "strace may not trace here"
needs_world

killed() ( # killed NAME AT: that many things it would have said.  False: it came to its end.
    exec 2>/dev/null # of the shell, who has been killed
    strace -f -qq -o "$dir/trace" -e trace=sendto,sendmsg,write -e "inject=sendto,sendmsg,write:signal=KILL:when=$2" \
        "$top_builddir/smcred-rotate" --secret-id "$1" --all-steps "${here[@]}" >"$dir/out" 2>"$dir/err" </dev/null
    [ $? = 137 ]
)
lets_in() { [ "$(query "$(member "$1" username "$2")" "$(member "$1" password "$2")" 'select 1')" = 1 ]; }
# everywhere NAME: each time from the beginning
everywhere() {
    local name=$1 at=0 nobody='' unfinished='' cached='' others='' pending
    while killed "$name" $((at += 1)); do
        pending=$(holder "$name" AWSPENDING)
        [ "$pending" != "$(holder "$name" AWSCURRENT)" ] || pending='' # by hand, that label goes last
        lets_in "$name" AWSCURRENT || lets_in "$name" AWSPENDING || nobody="$nobody $at"
        rotate --secret-id "$name" --all-steps "${here[@]}"
        [ "$code" = 0 ] && lets_in "$name" AWSCURRENT || unfinished="$unfinished $at: $err"
        [ "$engine" != redis ] || lets_in "$name" AWSPREVIOUS || cached="$cached $at"
        [ -z "$pending" ] || [ "$(holder "$name" AWSCURRENT)" = "$pending" ] || others="$others $at"
        [ $at -lt 90 ] || break # versions of a secret in a day
    done
    if [ $at -ge 8 ] && [ $at -lt 90 ]; then ok "killed before each of $((at - 1)) things that it says"; else not_ok "killed $at times" "$(cat "$dir/err")"; fi
    empty "some version lets in, wherever that was" "$nobody"
    empty "begun anew, it ends well" "$unfinished"
    empty "so that who knows only the version before is let in, where two passwords may be right" "$cached"
    empty "with the version that was pending" "$others"
    is "and nothing is left of it" "$(holder "$name" AWSPENDING)" ""
}
[ "$engine" != redis ] || acl acl setuser app on '>first' '~*' '&*' +@all >/dev/null
create db "$(secret_of app first)" >/dev/null
everywhere db

case $engine in
postgres) sql "create role master login createrole password 'masters'; create role shop login password 'first'" ;;
redis)
    acl acl setuser master on '>masters' '~*' '&*' +@all >/dev/null
    acl acl setuser shop on '>first' '~*' '&*' +@all -@admin >/dev/null
    ;;
*) sql "create user master@'127.%' identified by 'masters'; grant all on *.* to master@'127.%' with grant option;
    create user shop@'127.%' identified by 'first'; grant all on orders.* to shop@'127.%'" ;;
esac
master=$(create master "$(secret_of master masters)")
create pair "$(secret_of shop first "\"masterarn\":\"$master\"")" >/dev/null
everywhere pair
done_testing
