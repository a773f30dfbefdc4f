# server_world.sh - sourced by t_*.sh: a server of one's own, signed requests, TAP.
# shellcheck shell=bash
set -u
server=${top_builddir:-.}/smcred-server
world=$(mktemp -d)
pid=
tests=0
trap stop_world EXIT

stop_world() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
    [ -z "$pid" ] || wait "$pid" 2>/dev/null
    rm -rf "$world"
}

ok() { # ok STATUS NAME
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then echo "ok $tests - $2"; else echo "not ok $tests - $2"; fi
}

skip() { # skip NAME WHY
    tests=$((tests + 1))
    echo "ok $tests - $1 # SKIP $2"
}

init_store() {
    "$server" --init "$world/store" > "$world/env" || { echo "Bail out! --init failed"; exit 1; }
    # shellcheck disable=SC1091
    . "$world/env"
}

start_server() { # start_server [OPTIONS]: sets pid and url
    : > "$world/out"
    "$server" --dir "$world/store" --listen 127.0.0.1:0 "$@" > "$world/out" 2>> "$world/log" &
    pid=$!
    for _ in $(seq 1200); do
        url=$(sed -n 's/^listening on //p' "$world/out")
        [ -z "$url" ] || return 0
        sleep 0.05
    done
    echo "Bail out! the server did not start"
    exit 1
}

register() { # register [OPTIONS] ARN PATH: a rotation function, as whoever runs the test
    "$server" function register --dir "$world/store" --user "$(id -un)" "$@"
}

stop_server() { # answers the server's exit code
    kill "$pid"
    wait "$pid"
    local code=$?
    pid=
    return $code
}

# patiently CONDITION...: within half a minute
patiently() {
    for _ in $(seq 300); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}

uuid() { cat /proc/sys/kernel/random/uuid; }

# The keys go through a pipe, as an argument list can be read by anybody.
call() { # call OPERATION BODY [CURL OPTIONS]
    local operation=$1 body=$2
    shift 2
    curl -sS -m 60 --aws-sigv4 aws:amz:us-east-1:secretsmanager -K - \
        -H 'Content-Type: application/x-amz-json-1.1' \
        -H "X-Amz-Target: secretsmanager.$operation" --data-binary "$body" "$@" "$url/" \
        <<< "user=\"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
}

answers() { # answers NAME PATTERN OPERATION BODY [CURL OPTIONS]
    local name=$1 pattern=$2 answer
    shift 2
    answer=$(call "$@")
    if [[ $answer == *"$pattern"* ]]; then ok 0 "$name"; else
        ok 1 "$name"
        echo "# $answer"
    fi
}

finish() { echo "1..$tests"; }
