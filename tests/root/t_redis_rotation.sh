#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis_rotation.sh - clients of Redis log in without end while the passwords of a single user and of
# alternating users are rotated: bench/rotation --engine redis, its short form.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
command -v redis-server >/dev/null && id redis >/dev/null 2>&1 || skip_all "needs Redis"
needs_root

rotations=6
[ -z "${SMCRED_LONG:-}" ] || rotations=100
SMCRED_BUILD=$(readlink -f "$top_builddir") TMPDIR=$dir "$top_srcdir/bench/rotation" --engine redis --rotations $rotations \
    --delay-max 1500 --pause 150 --seed 7 >"$dir/figures" 2>"$dir/progress" &
bench=$!
at_exit '[ -z "$bench" ] || { kill "$bench" && wait "$bench"; }'
wait $bench
code=$? bench=
is "eight clients log in while two secrets are rotated, and all is well" "$code $(wc -l <"$dir/figures")" "0 1"
sed 's/^/# /' "$dir/progress" "$dir/figures"
figure() { jq -r ".$1" "$dir/figures"; }
more() { if [ "$2" -gt "$3" ]; then ok "$1"; else not_ok "$1" "$2, not more than $3"; fi; }
is "each rotation came to its end" "$(figure rotations)" $rotations
is "no login failed" "$(figure failed_logins)" 0
more "of those inside the windows, too" "$(figure window_logins)" 0
is "no session from before was broken" "$(figure sessions_broken)" 0
more "and each went on" "$(figure session_queries)" 8
is "Redis saw no more wrong passwords than the budget, in any rotation" "$(figure 'wrong_most <= .budget')" true
done_testing
