# lib.sh - what the shell tests of this directory share.  Sourced; speaks TAP.
ask=$top_builddir/tests/sources/ask
modules=$top_builddir/.libs
dir=$(mktemp -d)
pids=()
count=0
failures=0
# LeakSanitizer's tracer crashes now and then in a program that has loaded modules; the unit tests,
# which link them, watch for leaks.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

cleanup() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$dir"
}
trap cleanup EXIT

skip_all() { # WHY
    echo "1..0 # SKIP $1"
    exit 0
}
need() { command -v "$1" >/dev/null || skip_all "there is no $1"; }
need_modules() {
    [ -e "$modules/libsmcred_source_file.so" ] || skip_all "this build has no shared modules"
}

# result CODE SENTENCE [WHAT WAS SEEN]
result() {
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        failures=$((failures + 1))
        echo "not ok $count - $2"
        [ -z "${3:-}" ] || sed 's/^/# /' <<<"$3"
    fi
}
finish() {
    echo "1..$count"
    exit "$((failures > 0))"
}

# start_server PORT_FILE LOG_FILE [CERT KEY]
start_server() {
    /usr/bin/python3 "$top_srcdir/tests/sources/hostile.py" "$@" 2>"$dir/server.err" &
    pids+=($!)
    local _
    for _ in $(seq 1200); do
        [ -e "$1" ] && return
        read -rt 0.05 <> <(:) || :
    done
    echo "Bail out! the server did not start: $(cat "$dir/server.err")"
    exit 1
}

make_ca() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=CA of a test" \
        -keyout "$1.key" -out "$1.crt" 2>/dev/null
}
make_cert() { # CA NAME HOST
    local san="DNS:$3"
    case $3 in *[!0-9.]*) ;; *) san="IP:$3" ;; esac
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
        -keyout "$2.key" -out "$2.csr" 2>/dev/null
    openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=$san") -out "$2.crt" 2>/dev/null
}
