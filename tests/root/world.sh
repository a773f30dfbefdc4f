# SPDX-License-Identifier: LGPL-2.1-or-later
# world.sh - TAP, and a world of scripts/sandbox to test in.  Sourced first by t_*.sh; skips without root.
# A test is of PostgreSQL unless $engine says mariadb or redis; t_X_mariadb.sh says so, and is t_X.sh then.
#
# shellcheck shell=bash disable=SC2154 # top_srcdir and top_builddir come from make, WORLD_* from the world
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}" "${top_builddir:=$top_srcdir/build/plain}"
export top_srcdir top_builddir
. "$top_srcdir/tests/lib/tap.sh" || exit 99
: "${engine:=postgres}"
. "$top_srcdir/tests/root/$engine.sh" || exit 99
trap 'exit 143' TERM INT HUP # so that the trap on EXIT ends the world
chmod 755 "$dir" # operators walk through it

sandbox() {
    SMCRED_BUILD=$top_builddir "$top_srcdir/scripts/sandbox" "$@"
}

needs_root() {
    [ "$(id -u)" = 0 ] || skip_all "needs root: a world has users of its own"
    [ -z "${SMCRED_SKIP_ROOT:-}" ] || skip_all "SMCRED_SKIP_ROOT is set"
    [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null)" ] || skip_all "needs PostgreSQL"
    needs_engine
}

# needs_world [ENGINE]: brings up the world of this test, beside PostgreSQL with that engine, and reads its env
needs_world() {
    needs_root
    [ "$engine" = postgres ] || set -- "$engine"
    at_exit "sandbox down '$dir/world'"
    if ! sandbox up "$dir/world" "$@" >"$dir/up.log" 2>&1; then
        not_ok "a world comes up" "$(cat "$dir/up.log")"
        done_testing
        exit 1
    fi
    . "$dir/world/env"
    about_engine
}

# make_user, make_master, make_twin, alter USER PASSWORD: past smcred
make_user() { in_the_database "$(sql_of_user "$@")" >/dev/null; }
make_master() { in_the_database "$(sql_of_master "$@")" >/dev/null; } # who may make users
make_twin() { in_the_database "$(sql_of_twin "$@")" >/dev/null; }     # USER_clone, as good as USER
alter() { in_the_database "$(sql_of_password "$@")" >/dev/null; }

# holds SENTENCE COMMAND...: the command succeeds
holds() {
    local said
    if said=$("${@:2}" 2>&1); then ok "$1"; else not_ok "$1" "$said"; fi
}

# fails SENTENCE COMMAND...: the command does not
fails() {
    local said
    if said=$("${@:2}" 2>&1); then not_ok "$1" "$said"; else ok "$1"; fi
}

# session [OPTION...]: alice opens one; lives SENTENCE: it answers; session_ends: what it had heard is session_said
beats=0
session() {
    mkfifo "$dir/session.in"
    client "$@" <"$dir/session.in" >"$dir/session.out" 2>&1 &
    session_pid=$!
    exec 5>"$dir/session.in"
}
lives() {
    beats=$((beats + 1))
    echo "select 'beat $beats';" >&5
    holds "$1" eventually 20 grep -q "beat $beats$" "$dir/session.out"
}
session_ends() {
    exec 5>&-
    wait "$session_pid"
    session_said=$(cat "$dir/session.out")
    rm "$dir/session.in" "$dir/session.out"
}
# session_is_told SENTENCE PATTERN: it has ended by itself, and hears that when it speaks
session_is_told() {
    echo "select 'still here';" >&5
    session_ends
    like "$1" "$session_said" "*$2*"
}
in_again() { [ "$(query 'select 1')" = 1 ]; }

# current: the version that the keeper has as AWSCURRENT; of another target's secret it may have one, too
current() {
    smcred status --json | jq -r ".cache[] | select(.secret == \"$WORLD_SECRET\" and .stage == \"AWSCURRENT\") | .version"
}

# keeper_pid, relay_pids: children of the parent that the sandbox started
child_pids() { pgrep -P "$(cut -d' ' -f1 "$WORLD/pids/keeper")" "$@"; }
keeper_pid() { child_pids -u smcred; }
relay_pids() { child_pids -u smcred-relay; }
# another_keeper PID: it has taken over from that one
another_keeper() { [ -n "$(keeper_pid)" ] && [ "$(keeper_pid)" != "$1" ] && smcred status; }

# audited TEXT...: some audit line has all of them, soon
audited() {
    local text
    grep_all() {
        local lines
        lines=$(cat "$WORLD_AUDIT")
        for text in "$@"; do
            lines=$(grep -F -- "$text" <<<"$lines") || return 1
        done
    }
    eventually 3 grep_all "$@"
}

# search [OPTION...]: secret_search for the present password; the secret comes by descriptor
search() {
    "$top_builddir/tests/root/secret_search" "$@" <"$WORLD_PASSWORD_FILE"
}

# calls OPERATION [SECRET]: how many times Secrets Manager's trail says it was asked, rotation functions aside
calls() {
    grep "\"eventName\":\"$1\"" "$WORLD_TRAIL" | grep -F -- "${2:-}" | grep -vc secretsmanager-rotation
}
