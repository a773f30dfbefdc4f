# SPDX-License-Identifier: LGPL-2.1-or-later
# tap.sh - TAP for shell tests, and a directory of their own.  Sourced first by t_*.sh and check_*.sh.
#
# $dir goes away at the end, after every line given to at_exit has run.
set -u
dir=$(mktemp -d) || exit 1
tap_count=0
tap_at_exit=
# shellcheck disable=SC2154 # dir is set above
trap 'eval "$tap_at_exit"; rm -rf "$dir"' EXIT

# at_exit COMMAND: evaluated at the end, the last one first
at_exit() { tap_at_exit="$1; $tap_at_exit"; }

ok() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

# not_ok SENTENCE LINE...: the lines are diagnostics
not_ok() {
    tap_count=$((tap_count + 1))
    echo "not ok $tap_count - $1"
    shift
    printf '%s\n' "$@" | sed 's/^/# /'
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# is SENTENCE FOUND EXPECTED
is() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "found: $2" "expected: $3"; fi
}

# like SENTENCE FOUND PATTERN, a pattern of the shell
like() {
    # shellcheck disable=SC2254 # the pattern is one
    case $2 in
    $3) ok "$1" ;;
    *) not_ok "$1" "found: $2" "expected like: $3" ;;
    esac
}

# unlike SENTENCE FOUND PATTERN
unlike() {
    # shellcheck disable=SC2254 # the pattern is one
    case $2 in
    $3) not_ok "$1" "found: $2" "expected unlike: $3" ;;
    *) ok "$1" ;;
    esac
}

# empty SENTENCE FOUND: what was found is the complaint
empty() {
    if [ -z "$2" ]; then ok "$1"; else not_ok "$1" "$2"; fi
}

# A port below those that the kernel gives away by itself, and free just now.
free_port() {
    perl -MIO::Socket::INET -e '
        my $port;
        do { $port = 10000 + int rand 20000 }
            until IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => $port);
        print "$port\n"'
}

# in_time SENTENCE MS LIMIT_MS: a limit is one of a machine at rest.  On a busy one, passing it is said
# aloud and fails nobody: it would tell of the machine's other work.
in_time() {
    local load
    read -r load _ </proc/loadavg
    if [ "$2" -lt "$3" ]; then
        ok "$1"
    elif [ "${load%.*}" -ge "$(nproc)" ]; then
        skip "$1" "the machine is busy, load $load; it took $2 ms"
    else
        not_ok "$1" "it took $2 ms"
    fi
}

# eventually SECONDS COMMAND...: true as soon as the command is.  The seconds are those of a machine at
# rest; a busy one is given ten times as many.
eventually() {
    local patience=$(($1 * 200))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $((patience -= 1)) -gt 0 ] || return 1
        sleep 0.05
    done
}

# What failed, the harness reads from the lines; an exit status too would count it twice.
done_testing() { echo "1..$tap_count"; }
