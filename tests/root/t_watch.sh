#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_watch.sh - with `watch` the keeper knows a rotation before a login finds out, at the cost that it may have.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
. "$top_srcdir/tests/root/rotation.sh"

sed -i 's/^\[keeper\]/&\nwatch = 2s\nwatch_calls = 30/' "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"
for _ in 1 2; do query 'select 1' >/dev/null; done
old=$(current)
sandbox rotate "$WORLD"
ours() { [ "$(current)" != "$old" ] && [ -n "$(current)" ]; }
holds "a new version is in the cache, and nobody has logged in" eventually 30 ours
is "alice is in" "$(query 'select 1')" 1
holds "in one attempt" eventually 5 audited '"event":"login"' '"attempt":1' "$(current)"
is "which found nothing out by itself" "$(grep -c '"outcome":"renewed"' "$WORLD_AUDIT")" 0

# looks_each MS SENTENCE: no more of them than one each MS.  Time runs from before one that has come, so the
# next is asked for after that, and each of the others MS later at least, however long its way is.
now_ms() { echo $(($(date +%s%N) / 1000000)); }
looks_are() { [ "$(calls DescribeSecret)" -ge "$1" ]; }
looks_each() {
    local since seen spent may
    since=$(now_ms)
    seen=$(calls DescribeSecret)
    eventually 30 looks_are $((seen + 1))
    seen=$(calls DescribeSecret)
    holds "$2 it looks again and again" eventually 30 looks_are $((seen + 3))
    spent=$(($(calls DescribeSecret) - seen))
    may=$((($(now_ms) - since) / $1 + 1))
    at_most "and no oftener than it may" "$spent" "$may"
}
looks_each 2000 "with watch = 2s, while nothing is rotated,"
pending=$(uuid)
put "$pending" "$WORLD_ROLE" "not set yet" AWSPENDING
looks_each 2000 "while something is rotated,"
sed -i 's/^watch_calls = 30/watch_calls = 15/' "$WORLD/etc/smcred.conf"
reload_keeper
looks_each 4000 "with 15 calls a minute"
sed -i 's/^watch_calls = 15/watch_calls = 30/' "$WORLD/etc/smcred.conf"
reload_keeper
manager UpdateSecretVersionStage "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$pending\"}" >/dev/null

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
