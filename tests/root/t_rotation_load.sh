#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotation_load.sh - clients log in without end while passwords are rotated: bench/rotation, its short form.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_root

rotations=8
[ -z "${SMCRED_LONG:-}" ] || rotations=100
SMCRED_BUILD=$(readlink -f "$top_builddir") TMPDIR=$dir "$top_srcdir/bench/rotation" --engine "$engine_served" --rotations $rotations \
    --delay-max 3000 --pause 150 --seed 7 >"$dir/figures" 2>"$dir/progress" &
bench=$!
at_exit '[ -z "$bench" ] || { kill "$bench" && wait "$bench"; }'
wait $bench
code=$? bench=
is "eight clients log in while two secrets are rotated, and all is well" "$code $(wc -l <"$dir/figures")" "0 1"
sed 's/^/# /' "$dir/progress" "$dir/figures"
figure() { jq -r ".$1" "$dir/figures"; }
is "each rotation came to its end" "$(figure rotations)" $rotations
is "no login failed" "$(figure failed_logins)" 0
more() { if [ "$2" -gt "$3" ]; then ok "$1"; else not_ok "$1" "$2, not more than $3"; fi; }
more "of those inside the windows, too" "$(figure window_logins)" $rotations
is "no session from before was broken" "$(figure sessions_broken)" 0
more "and each went on" "$(figure session_queries)" 8
is "the database saw no more wrong passwords than the budget, in any rotation" \
    "$(figure 'wrong_most <= .budget')" true
done_testing
