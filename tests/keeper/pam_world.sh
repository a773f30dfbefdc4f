# pam_world.sh - a smcredd that pam_smcred could ask, and a client that asks it.  Sourced first by t_pam*.sh.
# shellcheck shell=bash disable=SC2034,SC2154 # top_builddir comes from make, dir from tap.sh; me is theirs
# shellcheck source=tests/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
here=$(dirname "$0")
command -v python3 >/dev/null || skip_all "no python3"
me=$(id -un)
umask 077
export ASAN_OPTIONS=detect_leaks=0 # the keeper may not be traced, not even by itself

# wait_for COMMAND...: until it is true, a minute or so at most
wait_for() {
    local i
    for ((i = 0; i < 600; i++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    return 1
}

# soon SENTENCE PATTERN COMMAND...: what it says becomes like the pattern, however slow the machine
soon() {
    local pattern=$2
    becomes() {
        seen=$("$@")
        # shellcheck disable=SC2053 # the pattern is one
        [[ $seen == $pattern ]]
    }
    wait_for becomes "${@:3}"
    like "$1" "$seen" "$pattern"
}

client() { python3 "$here/control_client.py" "$dir/run/control.sock" "$@" 2>&1; }

# start_keeper: with $dir/smcred.conf; leaves its pid in $parent
start_keeper() {
    local keeper_user=()
    [ "$(id -u)" != 0 ] || keeper_user=(--user root --relay-user root)
    "$top_builddir/smcredd" --config "$dir/smcred.conf" --runtime-dir "$dir/run" \
        --relay-program "$top_builddir/smcred-relay" "${keeper_user[@]}" 2>"$dir/log" </dev/null &
    parent=$!
    at_exit "kill $parent 2>/dev/null; wait $parent 2>/dev/null"
    wait_for grep -q "info: ready" "$dir/log" && return
    not_ok "smcredd starts" "$(cat "$dir/log")"
    done_testing
    exit 1
}
