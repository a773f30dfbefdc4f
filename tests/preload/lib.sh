# shellcheck shell=bash disable=SC2154,SC2034 # automake sets top_*
# SPDX-License-Identifier: LGPL-2.1-or-later
# lib.sh - a world for the shim: an index, a keeper that is not one, and TAP.  Sourced by t_*.sh.
#
# $dir is a directory that goes away; $index the index in it, with two targets:
#   orders    orders-db.internal:5432, its second port 6432, 127.83.0.1, 127.99.0.1:5432, [fd00:99::1]:5432
#   billing   orders-db.internal:5433 and billing-db.internal:5432, 127.83.0.2
shim=$top_builddir/preload/libsmcred_preload.so
here=$top_builddir/tests/preload
# A sanitized probe loads its own runtime; that it is not first is fine.
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
sanitized() { ldd "$here/probe" | grep -q 'lib[a-z]*san\.so'; }

dir=$(mktemp -d) || exit 1
index=$dir/index
keeper_pid=
trap 'stop_keeper; rm -rf "$dir"' EXIT

tests=0
ok() { tests=$((tests + 1)); echo "ok $tests - $1"; }
not_ok() { tests=$((tests + 1)); echo "not ok $tests - $1"; }
skip() { tests=$((tests + 1)); echo "ok $tests - $1 # SKIP $2"; }
done_testing() { echo "1..$tests"; }

# is SENTENCE FOUND EXPECTED
is() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        not_ok "$1"
        printf '%s\n' "found: $2" "expected: $3" | sed 's/^/# /'
    fi
}

# like SENTENCE FOUND PATTERN, a pattern of the shell
like() {
    # shellcheck disable=SC2053,SC2254 # the pattern is one
    case $2 in
    $3) ok "$1" ;;
    *)
        not_ok "$1"
        printf '%s\n' "found: $2" "expected like: $3" | sed 's/^/# /'
        ;;
    esac
}

write_index() {
    local umask
    umask=$(umask)
    umask 022 # one that others may write is none
    "$here/index_writer" "$index" "$dir/control.sock" <<END
target orders $dir/orders/.s.PGSQL.5432 1 127.83.0.1 5432
target billing $dir/billing/.s.PGSQL.5432 1 127.83.0.2 5432
target cache $dir/cache/redis.sock 3 127.83.0.3 6379
name orders-db.internal 5432 orders
name orders-db.internal 6432 orders
name orders-db.internal 5433 billing
name billing-db.internal 5432 billing
name localhost 5439 orders
name cache.internal 6379 cache
address 127.99.0.1 5432 orders
address 127.0.0.9 5432 orders
address fd00:99::1 5432 orders
${1-}
END
    umask "$umask"
}

# start_keeper CHARACTER: one at a time; it ends with our end of its standard input.
start_keeper() {
    local said
    stop_keeper
    [ -p "$dir/leash" ] || mkfifo "$dir/leash" "$dir/said"
    "$here/fake_keeper" "$dir" "$1" orders billing <"$dir/leash" >"$dir/said" &
    keeper_pid=$!
    exec 8>"$dir/leash" 9<"$dir/said"
    read -r -t 60 said <&9
    [ "$said" = ready ] || { echo "Bail out! the fake keeper does not start"; exit 1; }
}

stop_keeper() {
    [ -n "$keeper_pid" ] || return 0
    exec 8>&- 9<&-
    wait "$keeper_pid" 2>/dev/null
    keeper_pid=
}

# with COMMAND...: under the shim.
with() { env SMCRED_INDEX="$index" LD_PRELOAD="$shim" "$@" 2>&1 8>&- 9<&-; }
