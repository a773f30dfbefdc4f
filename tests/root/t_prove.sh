#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_prove.sh - a version is proven by a login of the keeper's own: asked for, and by itself (canary = yes).
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
command -v python3 >/dev/null || skip_all "no python3"
needs_world
install -m 644 "$top_srcdir/tests/keeper/control_client.py" "$dir/client.py" # where alice may read it
prove() { python3 "$dir/client.py" "$SMCRED_SOCKET" prove "target=$WORLD_TARGET"; }

like "an administrator has a version proven" "$(prove)" "*\"outcome\": \"proven\"*"
audited '"event":"login"' '"rule":"target '"$WORLD_TARGET"': a canary"' '"operator":"smcred"' && ok "the audit log has that login" || not_ok "the audit log has that login"
is "and status says when" "$(smcred status --json | jq -r '.versions[] | "\(.verdict) \(.user) \(.at | test("^20.*Z$"))"')" "proven $WORLD_ROLE true"
nobody_left() { [ "$(open_sessions "$WORLD_ROLE")" = 0 ]; }
holds "which is over" eventually 20 nobody_left
like "nobody else may ask for it" \
    "$(as_alice python3 "$dir/client.py" "$WORLD/run/control.sock" prove "target=$WORLD_TARGET")" "*denied*"

sed -i "/^\[target $WORLD_TARGET\]/a canary = yes" "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"
is "alice is in" "$(query 'select 1')" 1
sandbox rotate "$WORLD" "$engine"
smcred refresh "$WORLD_TARGET" >/dev/null
holds "a new version is proven by itself" eventually 20 grep -q "target=$WORLD_TARGET version=.* is proven" "$WORLD_LOG/keeper.log"

# A version that the database has never heard of.
jq -c '.password = "of nobody"' "$WORLD/private/secret.json" 2>/dev/null >"$dir/wrong" ||
    printf '{"engine":"%s","host":"%s","port":%s,"username":"%s","password":"of nobody","dbname":"%s"}' \
        "$engine_rotated" "$WORLD_HOST" "$WORLD_PORT" "$WORLD_ROLE" "$WORLD_DATABASE" >"$dir/wrong"
smcred secret put "$WORLD_SECRET" --from-file "$dir/wrong" >/dev/null
smcred refresh "$WORLD_TARGET" >/dev/null
holds "one that does not log in raises an alarm" eventually 30 grep -q "alarm: version .* of target $WORLD_TARGET does not log in" "$WORLD_LOG/keeper.log"
audited '"event":"alarm"' '"target":"'"$WORLD_TARGET"'"' '"version":' && ok "in the audit log too" || not_ok "in the audit log too"
is "and the one before goes on serving" "$(query 'select 1')" 1
done_testing
