#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_prove.sh - a version is proven by a login of the keeper's own: asked for, and by itself (canary = yes).
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
command -v python3 >/dev/null || skip_all "no python3"
needs_world
install -m 644 "$top_srcdir/tests/keeper/control_client.py" "$dir/client.py" # where alice may read it
prove() { python3 "$dir/client.py" "$SMCRED_SOCKET" prove target=orders; }
queries() { in_the_database "select count(*) from pg_stat_activity where application_name like '%canary%'"; }

like "an administrator has a version proven" "$(prove)" "*\"outcome\": \"proven\"*"
audited '"event":"login"' '"rule":"target orders: a canary"' '"operator":"smcred"' && ok "the audit log has that login" || not_ok "the audit log has that login"
is "and status says when" "$(smcred status --json | jq -r '.versions[] | "\(.verdict) \(.user) \(.at | test("^20.*Z$"))"')" "proven $WORLD_ROLE true"
nobody_left() { [ "$(queries)" = 0 ]; }
holds "which is over" eventually 20 nobody_left
like "nobody else may ask for it" \
    "$(as_alice python3 "$dir/client.py" "$WORLD/run/control.sock" prove target=orders)" "*denied*"

sed -i "/^\[target orders\]/a canary = yes" "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"
is "alice is in" "$(query 'select 1')" 1
sandbox rotate "$WORLD"
smcred refresh orders >/dev/null
holds "a new version is proven by itself" eventually 20 grep -q "target=orders version=.* is proven" "$WORLD_LOG/keeper.log"

# A version that the database has never heard of.
jq -c '.password = "of nobody"' "$WORLD/private/secret.json" 2>/dev/null >"$dir/wrong" ||
    printf '{"engine":"postgres","host":"%s","port":%s,"username":"%s","password":"of nobody","dbname":"orders"}' \
        "$WORLD_HOST" "$WORLD_PORT" "$WORLD_ROLE" >"$dir/wrong"
smcred secret put "$WORLD_SECRET" --from-file "$dir/wrong" >/dev/null
smcred refresh orders >/dev/null
holds "one that does not log in raises an alarm" eventually 30 grep -q "alarm: version .* of target orders does not log in" "$WORLD_LOG/keeper.log"
audited '"event":"alarm"' '"target":"orders"' '"version":' && ok "in the audit log too" || not_ok "in the audit log too"
is "and the one before goes on serving" "$(query 'select 1')" 1
done_testing
