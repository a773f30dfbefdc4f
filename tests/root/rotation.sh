# SPDX-License-Identifier: LGPL-2.1-or-later
# rotation.sh - for tests of rotations in a world: what people do at Secrets Manager, functions that are
# killed or held where a test says, a crowd that logs in without pause, and what the database counts of it.
# Sourced after world.sh.
#
# shellcheck shell=bash disable=SC2154,SC2034,SC2317,SC2119,SC2120 # WORLD_* come from the world, the rest is the tests'

# ---- Secrets Manager ----

uuid() { cat /proc/sys/kernel/random/uuid; }

# manager OPERATION JSON: a call with the administrator's keys; JSON holds no password of a person's
manager() {
    curl -fsS --max-time 60 --aws-sigv4 aws:amz:us-east-1:secretsmanager \
        -K <(printf 'user = "%s:%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY") \
        -H "X-Amz-Target: secretsmanager.$1" -H 'Content-Type: application/x-amz-json-1.1' \
        --data-binary "$2" "$AWS_ENDPOINT_URL_SECRETS_MANAGER/"
}

# secret_string USER PASSWORD [MEMBERS]: a SecretString of AWS's layout, quoted to stand in JSON
secret_string() {
    local text
    text=$(printf '{"engine":"%s","host":"%s","port":%s,"username":"%s","password":"%s","dbname":"%s"%s}' \
        "$engine_rotated" "$WORLD_HOST" "$WORLD_PORT" "$1" "$2" "$WORLD_DATABASE" "${3:+,$3}")
    printf '"%s"' "${text//\"/\\\"}"
}

# put VERSION USER PASSWORD LABEL [SECRET]
put() {
    manager PutSecretValue "$(printf '{"SecretId":"%s","ClientRequestToken":"%s","VersionStages":["%s"],"SecretString":%s}' \
        "${5:-$WORLD_SECRET}" "$1" "$4" "$(secret_string "$2" "$3")")" >/dev/null
}

# holder LABEL [SECRET]: the version's id
holder() {
    manager DescribeSecret "{\"SecretId\":\"${2:-$WORLD_SECRET}\"}" |
        jq -r --arg stage "$1" '.VersionIdsToStages | to_entries[] | select(.value | index($stage)) | .key'
}

# make_target NAME: one whose secret has that name, too
make_target() {
    printf '[target %s]\nengine = %s\nsecret = %s\nhostaddr = 127.0.0.1\nallow = smcred-alice\nca_file = %s\n' \
        "$1" "$engine_served" "$1" "$WORLD_CA" >"$WORLD/etc/conf.d/$1.conf"
}

# ---- functions ----

steps=$WORLD/steps # NAME.order says where a function stops: "kill after setSecret", "hold before finishSecret"

# function_of NAME OPTION...: what RotateSecret runs, and where it stops when told to, once
function_of() {
    [ -e "$steps" ] || install -d -m 755 -o smcred-server "$steps"
    cat >"$WORLD/etc/$1" <<SCRIPT
#!/bin/bash
at=$steps/$1
event=\$(cat)
step=\$(sed 's/.*"Step":"\([a-zA-Z]*\)".*/\1/' <<<"\$event")
token=\$(sed 's/.*"ClientRequestToken":"\([^"]*\)".*/\1/' <<<"\$event")
echo "\$step \$token" >>"\$at.taken"
stop_if_told() {
    case \$(cat "\$at.order" 2>/dev/null) in
    "kill \$1") mv "\$at.order" "\$at.killed" && kill -9 \$\$ ;;
    "hold \$1") mv "\$at.order" "\$at.held" && while [ -e "\$at.held" ]; do sleep 0.05; done ;;
    esac
}
stop_if_told "before \$step"
export SMCRED_MODULE_DIR=$SMCRED_MODULE_DIR
$WORLD/smcred/bin/smcred-rotate ${*:2} --ca-file $WORLD_CA --hostaddr 127.0.0.1 <<<"\$event" &
echo \$! >"\$at.pid"
wait \$! || exit
stop_if_told "after \$step"
exit 0
SCRIPT
    chmod 755 "$WORLD/etc/$1"
}

arn_of() { echo "arn:aws:lambda:us-east-1:000000000000:function:$1"; }

# register NAME [OPTION...]: so that secrets may name it
register() {
    setpriv --reuid=smcred-server --regid=smcred-server --init-groups \
        "$WORLD/smcred/sbin/smcred-server" function register --dir "$WORLD/server" "${@:2}" "$(arn_of "$1")" "$WORLD/etc/$1"
}

# rotation_of SECRET [MEMBERS]: begins one, or begins the one that has failed anew, which is refused in words
rotation_of() {
    token=$(uuid)
    manager RotateSecret "{\"SecretId\":\"$1\",\"ClientRequestToken\":\"$token\"${2:+,$2}}" >/dev/null 2>&1
}
rotated() { [ -z "$(holder AWSPENDING "$1")" ]; }

# told NAME ORDER SECRET: begins a rotation whose function stops there, and waits until it has
stopped() { [ -e "$steps/$1.killed" ] || [ -e "$steps/$1.held" ]; }
told() {
    rm -f "$steps/$1.killed"
    echo "$2" >"$steps/$1.order"
    chown smcred-server "$steps/$1.order"
    rotation_of "$3"
    eventually 20 stopped "$1"
}
let_go() { rm "$steps/$1.held"; }

# ---- people ----

# crowd COUNT [OPTION...]: so many log in, again and again, until crowd_ends
crowds=0
crowd() {
    local i
    crowds=$((crowds + 1))
    for ((i = 0; i < $1; i++)); do
        while [ -d "$dir" ] && [ ! -e "$dir/crowd.ends" ]; do
            query 'select 1' "${@:2}" | tr '\n' ' '
            echo
            sleep 0.05
        done >"$dir/crowd.$crowds.$i" 2>&1 &
        crowd_pids+=($!)
    done
}
# crowd_at TARGET COUNT: at another one than the world's
crowd_at() {
    # shellcheck disable=SC2046 # words
    crowd "$2" $(to_target "$1")
}
crowd_pids=()
logins() { cat "$dir"/crowd.*.* | wc -l; }
crowd_goes_on() { # until each has logged in twice since, about
    local enough=$(($(logins) + 2 * ${#crowd_pids[@]} + 2))
    more() { [ "$(logins)" -ge "$enough" ]; }
    eventually 60 more
}
crowd_ends() {
    touch "$dir/crowd.ends"
    wait "${crowd_pids[@]}"
    crowd_failures=$(cat "$dir"/crowd.*.* | grep -vx '1 ' | sort | uniq -c)
    crowd_logins=$(logins)
    crowd_pids=()
    rm -f "$dir"/crowd.*
}
no_login_failed() {
    crowd_ends
    empty "$1, in $crowd_logins logins" "$(head -n 5 <<<"$crowd_failures")"
}
# failed_only SENTENCE TEXT: whoever failed was told so
failed_only() {
    crowd_ends
    empty "$1" "$(grep -v "$2" <<<"$crowd_failures" | head -n 5)"
}

# ---- the database ----

# A function tries AWSPENDING before it sets it, which is wrong once for each version: none of smcred's.
tries_of_functions() { cat "$steps"/*.taken 2>/dev/null | grep '^setSecret ' | sort -u | wc -l; }
count_wrong() { before=$(($(refusals) - $(tries_of_functions))); }
wrong() { echo $(($(refusals) - $(tries_of_functions) - before)); }
few_wrong() { # few_wrong TURNS [MORE]: in so many changes of the password, and so many more; in none, as in one
    local limit=$(($1 * wrong_in_a_turn + ${2:-0}))
    [ $limit -ge "$wrong_in_a_turn" ] || limit=$wrong_in_a_turn
    at_most "with $limit wrong passwords at most" "$(wrong)" $limit
}
at_most() { if [ "$2" -le "$3" ]; then ok "$1"; else not_ok "$1" "$2, not $3"; fi; }

# waits_at_most SECONDS: rotation_wait is that from now on
waits_at_most() {
    printf '[keeper]\nrotation_wait = %ss\n' "$1" >"$WORLD/etc/conf.d/wait.conf"
    holds "the keeper is told to wait $1 seconds" reload_keeper
}
reload_keeper() {
    local before_reload
    before_reload=$(grep -c 'reloaded: ' "$WORLD_LOG/keeper.log")
    sandbox reload "$WORLD"
    keeper_reloaded() { [ "$(grep -c 'reloaded: ' "$WORLD_LOG/keeper.log")" -gt "$before_reload" ]; }
    eventually 20 keeper_reloaded
}
