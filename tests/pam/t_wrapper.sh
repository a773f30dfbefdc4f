#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_wrapper.sh - pamtester under pam_wrapper, without root, through a whole libpam to a real smcredd: what each entry
# point's answers look like to an application.
# shellcheck source=tests/keeper/pam_world.sh
. "$(dirname "$0")/../keeper/pam_world.sh"
here=$(dirname "$0")/../keeper
command -v pamtester >/dev/null || skip_all "needs pamtester"
wrapper=$(find /usr/lib /usr/lib64 -maxdepth 2 -name libpam_wrapper.so 2>/dev/null | head -n 1)
[ -n "$wrapper" ] || skip_all "needs pam_wrapper"
module=$top_builddir/.libs/pam_smcred.so
[ -e "$module" ] || skip_all "built without shared objects, or without Linux-PAM"
! ldd "$module" | grep -q "lib[a-z]*san\.so" || skip_all "a sanitizer is in the module, and not in pamtester"

mkdir "$dir/pam.d"
# service NAME OPTION...: our lines alone; ten seconds, unless they say otherwise
service() {
    [[ " $*" == *" timeout="* ]] || set -- "$@" timeout=10s
    for type in auth account session password; do
        echo "$type required $module socket=$dir/run/control.sock secret=users/%u ${*:2}"
    done >"$dir/pam.d/$1"
}
service door
service shut
service tried
service first use_first_pass
service broken secrets=users/%u
service twice fail=ignore fail=closed
service ignoring fail=ignore timeout=1s
service permitting fail=ignore timeout=1s
for type in auth account session password; do echo "$type required pam_permit.so"; done >>"$dir/pam.d/permitting"

hash=$(openssl passwd -6 -salt saltsalt 'hashed one')
printf '{"users/%s": {"password": "correct horse"}, "users/hash": {"password": "%s"}, "users/nothing": {"username": "x"},
 "users/gone": {"password": "correct horse"}}' "$me" "$hash" >"$dir/secrets.json"
{
    printf '[keeper]\nsources = file\nmodule_dir = %s\nadmin = %s\n[file]\npath = %s\n[audit]\nfile = %s\n' \
        "$top_builddir/.libs" "$me" "$dir/secrets.json" "$dir/audit.jsonl"
    printf '[pam]\ncallers = %s\ntries = 1000\nsecrets = users/*\nallow = %s\n' "$me" "$me"
    printf '[pam shut]\nallow = no-such-user\n[pam tried]\ntries = 1\ntries_window = 30d\n'
} >"$dir/smcred.conf"
start_keeper

# by SERVICE USER WORD OPERATION...: what pamtester says, the word typed at every prompt; "eof": nothing ever is
by() {
    { [ "$3" = eof ] || printf '%s\n' "$3" "$3" "$3"; } | env LD_PRELOAD="$wrapper" PAM_WRAPPER=1 PAM_WRAPPER_SERVICE_DIR="$dir/pam.d" \
        ASAN_OPTIONS=verify_asan_link_order=0 pamtester "$1" "$2" "${@:4}" 2>&1
}
right='correct horse'
like "the right password is right" "$(by door "$me" "$right" authenticate)" '*successfully authenticated*'
like "so it is for a hash" "$(by door hash 'hashed one' authenticate)" '*successfully authenticated*'
like "another one is AUTH_ERR" "$(by door "$me" wrong authenticate)" '*Authentication failure*'
like "nothing is, too" "$(by door "$me" '' authenticate)" '*Authentication failure*'
like "and what is no password" "$(by door nothing x authenticate)" '*Authentication failure*'
like "who is not there is USER_UNKNOWN" "$(by door nobody-here x authenticate)" '*User not known*'
like "so is who has an impossible name" "$(by door ../users/x x authenticate)" '*User not known*'
like "an end of input is CONV_ERR" "$(by door "$me" eof authenticate)" '*Conversation error*'
by tried hash wrong authenticate >/dev/null
like "too many tries are MAXTRIES" "$(by tried hash 'hashed one' authenticate)" '*maximum number of retries*'
client revoke kind=secret name=users/gone >/dev/null
like "what is revoked is AUTH_ERR" "$(by door gone "$right" authenticate)" '*Authentication failure*'
like "use_first_pass without one is AUTH_ERR" "$(by first "$me" "$right" authenticate)" '*Authentication failure*'

like "credentials are set" "$(by door "$me" '' setcred)" '*credential info*set*'
like "who may come may" "$(by door "$me" '' acct_mgmt)" '*account management done*'
like "who may not is PERM_DENIED, in words" "$(by shut "$me" '' acct_mgmt)" '*may not come in by shut*Permission denied*'
like "a session opens and closes" "$(by door "$me" '' open_session close_session)" '*opened a session*closed*'
like "where nobody may open one it is SESSION_ERR" "$(by door no-such-user '' open_session)" '*remove an entry for the specified session*'
like "what is there twice is SERVICE_ERR" "$(by twice "$me" "$right" authenticate)" '*Error in service module*'
like "so is what is wrong" "$(by broken "$me" "$right" authenticate)" '*Error in service module*'
for operation in acct_mgmt open_session chauthtok; do
    like "at $operation, too" "$(by broken "$me" "$right" $operation)" '*Error in service module*'
done
like "a new password that is no good is AUTHTOK_ERR, in words" "$(by door "$me" "$right" chauthtok)" \
    '*the new password lacks*Authentication token manipulation error*'

kill "$parent"
wait "$parent" 2>/dev/null
like "without a keeper it is AUTHINFO_UNAVAIL" "$(by door "$me" "$right" authenticate)" '*cannot retrieve authentication info*'
like "for account, too" "$(by door "$me" '' acct_mgmt)" '*cannot retrieve authentication info*'
like "SESSION_ERR for a session" "$(by door "$me" '' open_session)" '*remove an entry for the specified session*'
like "TRY_AGAIN for a new password" "$(by door "$me" "$right" chauthtok)" '*Failed preliminary check by password service*'
like "fail=ignore lets nobody in by itself" "$(by ignoring "$me" "$right" authenticate)" '*Permission denied*'
like "what stands after it may" "$(by permitting "$me" "$right" authenticate acct_mgmt open_session close_session)" \
    '*successfully authenticated*account management done*opened a session*closed*'
is "no password is in the log" "$(grep -lE 'correct horse|hashed one' "$dir/audit.jsonl" "$dir/log")" ""
done_testing
