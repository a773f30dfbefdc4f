#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotate.sh - smcred rotate: started, watched, proven; and what it says when that does not come to its end.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world

is "alice is in" "$(query 'select 1')" 1
old=$(current)
rotated=$(smcred rotate "$WORLD_TARGET" --json 2>"$dir/err")
code=$?
is "an administrator rotates a target's secret" "$code $(jq -r '.outcome, .secret' <<<"$rotated" | xargs)" "0 rotated $WORLD_SECRET"
like "its steps have their times" "$(jq -r '.steps | map(select(.took_ms >= 0).step) | join(" ")' <<<"$rotated")" "started *current proven"
is "the new version was proven by a login" \
    "$(jq -r '.proof | "\(.outcome) \(.user)"' <<<"$rotated") $(jq -r '.proof.version == .version' <<<"$rotated")" "proven $WORLD_ROLE true"
unlike "and is a new one" "$(jq -r .version <<<"$rotated")" "$old"
is "the keeper has it already" "$(current)" "$(jq -r .version <<<"$rotated")"
is "alice is in" "$(query 'select 1')" 1
like "people read a line for each step" "$(smcred rotate "$WORLD_TARGET")" "*started*version*current*proven*logged in as $WORLD_ROLE*"
is "alice is in" "$(query 'select 1')" 1
as_alice smcred rotate "$WORLD_TARGET" >"$dir/out" 2>&1
is "nobody else may" "$? $(cat "$dir/out")" "1 smcred rotate: only an administrator may rotate a secret"
smcred rotate nothing >"$dir/out" 2>&1
is "nor what is no target" "$? $(cat "$dir/out")" "1 smcred rotate: no target has that name"
rotated=$(smcred rotate "$WORLD_TARGET" --wait 0 --json)
is "it can be started and left alone" "$(jq -r .outcome <<<"$rotated")" started
there() { smcred refresh "$WORLD_TARGET" >/dev/null; [ "$(current)" = "$(jq -r .version <<<"$rotated")" ]; }
holds "which ends by itself" eventually 60 there

# The database goes away: the function cannot do its work.
kill -STOP "$(cut -d' ' -f1 "$WORLD/pids/$engine")"
rotated=$(smcred rotate "$WORLD_TARGET" --wait 2 --json 2>"$dir/err")
is "one that takes its time is slow, not failed" "$? $(jq -r .outcome <<<"$rotated")" "4 slow"
like "and says where to look" "$(cat "$dir/err")" "*still under way*log*"
kill -CONT "$(cut -d' ' -f1 "$WORLD/pids/$engine")"
holds "it ends when the database is back" eventually 90 there
is "alice is in" "$(query 'select 1')" 1

# A function that fails leaves its rotation where it is; asked again, Secrets Manager refuses, and goes on with it.
cp "$WORLD/etc/rotate-$WORLD_TARGET" "$dir/function"
printf '#!/bin/sh\nexit 1\n' >"$WORLD/etc/rotate-$WORLD_TARGET"
failed=$(smcred rotate "$WORLD_TARGET" --wait 3 --json 2>"$dir/err")
is "one whose function fails does not come to its end" "$? $(jq -r .outcome <<<"$failed")" "4 slow"
like "which may be why" "$(cat "$dir/err")" "*function has failed*"
cat "$dir/function" >"$WORLD/etc/rotate-$WORLD_TARGET"
rotated=$(smcred rotate "$WORLD_TARGET" --json 2>"$dir/err")
is "asked again, it is gone on with, to its end" "$? $(jq -r .outcome <<<"$rotated")" "0 rotated"
is "as the version that it was" "$(jq -r '.steps[0].step, .version' <<<"$rotated" | xargs)" "resumed $(jq -r .version <<<"$failed")"
is "alice is in" "$(query 'select 1')" 1
done_testing
