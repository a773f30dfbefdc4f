#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_watch.sh - with `watch` the keeper knows a rotation before a login finds out, at the cost that it may have.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
current() { smcred status --json | jq -r '.cache[] | select(.stage == "AWSCURRENT") | .version'; }

sed -i 's/^\[keeper\]/&\nwatch = 2s\nwatch_calls = 30/' "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"
for _ in 1 2; do query 'select 1' >/dev/null; done
old=$(current)
fetched=$(calls GetSecretValue)
began=$(date +%s)
looks=$(calls DescribeSecret)
sandbox rotate "$WORLD" # asks for values and maps of its own
ours() { [ "$(current)" != "$old" ] && [ -n "$(current)" ]; }
holds "a new version is in the cache, and nobody has logged in" eventually 30 ours
is "alice is in" "$(query 'select 1')" 1
holds "in one attempt" eventually 5 audited '"event":"login"' '"attempt":1' "$(current)"
is "which found nothing out by itself" "$(grep -c '"outcome":"renewed"' "$WORLD_AUDIT")" 0
spent=$(($(calls DescribeSecret) - looks))
may=$((($(date +%s) - began) / 2 + 2 + 5)) # one each 2 s, and what the rotation itself needs
if [ "$spent" -le "$may" ]; then ok "and no look was one too many"; else not_ok "and no look was one too many" "$spent of $may"; fi
done_testing
