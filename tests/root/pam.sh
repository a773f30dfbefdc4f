# SPDX-License-Identifier: LGPL-2.1-or-later
# pam.sh - services of PAM in a world, each under a name that no other test has.  Sourced after world.sh.
#
# shellcheck shell=bash disable=SC2154 # $dir comes from tap.sh, WORLD_* from the world
pam_user=smcred-alice
pam_password='correct horse battery'
pam_services=()
at_exit 'for pam_service in "${pam_services[@]}"; do rm -f "/etc/pam.d/$pam_service"; done'

# needs_pam: the module that the world has, $pam_module, and $pam_line with its options; and what is typed, in
# the files right and wrong of $dir
needs_pam() {
    pam_module=$(find "$WORLD/smcred" -name pam_smcred.so)
    [ -n "$pam_module" ] || skip_all "built without Linux-PAM"
    pam_line="$pam_module socket=$WORLD/run/control.sock"
    printf '%s\n' "$pam_password" >"$dir/right"
    echo wrong >"$dir/wrong"
}

# pam_secrets NAME...: secrets, each with the password
pam_secrets() {
    local name
    for name in "$@"; do
        printf '%s' "$pam_password" | smcred secret create "$name" >/dev/null
    done
}

# pam_service NAME PROGRAM: makes smcred-PID-NAME of the lines on stdin, where MODULE is our module; and if
# there is a PROGRAM, one of that name, which PAM takes for the service.  Sets $service.
pam_service() {
    service=smcred-$$-$1
    pam_services+=("$service")
    sed "s|MODULE|$pam_line|" >"/etc/pam.d/$service"
    [ -z "${2:-}" ] || ln -sf "$2" "$dir/$service"
}

# pam_policy SERVICE LINE...: its section, from now on
pam_policy() {
    printf '%s\n' "[pam $1]" "${@:2}" >"$WORLD/etc/conf.d/$1.conf"
    chmod 644 "$WORLD/etc/conf.d/$1.conf"
}

# keeper_pids: the keeper and its parent
keeper_pids() {
    local parent
    parent=$(cut -d ' ' -f 1 "$WORLD/pids/keeper")
    echo "$parent" "$(pgrep -P "$parent" -x smcredd-keeper)"
}

# keeper_stops, keeper_goes_on: as by Ctrl-Z
keeper_stops() {
    # shellcheck disable=SC2046 # words
    kill -STOP $(keeper_pids)
}
keeper_goes_on() {
    # shellcheck disable=SC2046 # words
    kill -CONT $(keeper_pids)
}

# milliseconds COMMAND...: how long it took; its output in $dir/said, its status in $took_status
milliseconds() {
    local begun
    begun=$(date +%s%N)
    "$@" >"$dir/said" 2>&1
    took_status=$?
    took_ms=$((($(date +%s%N) - begun) / 1000000))
}

# delete_secret NAME [at-once]: it is to be deleted, in seven days unless at once
delete_secret() {
    local when='"RecoveryWindowInDays":7'
    [ -z "${2:-}" ] || when='"ForceDeleteWithoutRecovery":true'
    curl -sS --max-time 20 --aws-sigv4 aws:amz:us-east-1:secretsmanager \
        -K <(printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY") \
        -H 'X-Amz-Target: secretsmanager.DeleteSecret' -H 'Content-Type: application/x-amz-json-1.1' \
        -d "{\"SecretId\":\"$1\",$when}" "$AWS_ENDPOINT_URL_SECRETS_MANAGER/" >/dev/null
}
