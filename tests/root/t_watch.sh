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

# Five secrets in one call.
for i in 1 2 3 4; do
    printf '{"username":"app","password":"of %s","host":"%s"}' "$i" "$WORLD_HOST" | smcred secret create "many/$i" >/dev/null
    printf '[target many%s]\nsecret = many/%s\nallow = smcred-alice\nallow_value = smcred-alice\n' "$i" "$i" >>"$WORLD/etc/smcred.conf"
done
sed -i 's/^watch = 2s/watch = 2s\nwatch_batch = yes\nttl = 1h/' "$WORLD/etc/smcred.conf"
reloads=$(grep -c "reloaded: " "$WORLD_LOG/keeper.log")
sandbox reload "$WORLD"
reloaded() { [ "$(grep -c "reloaded: " "$WORLD_LOG/keeper.log")" -gt "$reloads" ]; }
holds "the configuration is read" eventually 20 reloaded
smcred refresh --all >/dev/null
smcred refresh --all >/dev/null # what is read twice is in use
listed() { [ "$(calls ListSecrets)" -ge "$1" ]; }
holds "they are looked at in lists" eventually 30 listed 3 # by then each has had its first look
looks=$(calls DescribeSecret)
lists=$(calls ListSecrets)
holds "which goes on" eventually 60 listed $((lists + 5))
is "and nothing else is asked where nothing changes" "$(calls DescribeSecret)" "$looks"
printf '{"username":"app","password":"new","host":"%s"}' "$WORLD_HOST" | smcred secret put many/2 >/dev/null
lists=$(calls ListSecrets)
looked() { [ "$(calls DescribeSecret)" -gt "$looks" ]; }
holds "a secret that has changed gets a look of its own" eventually 30 looked
holds "and lists go on" eventually 60 listed $((lists + 3))
is "it is one" "$(calls DescribeSecret)" $((looks + 1))
done_testing
