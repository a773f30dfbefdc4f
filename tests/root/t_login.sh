#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_login.sh - who is let in, as whom, and what is said and written down about it.
. "$(dirname "$0")/world.sh"
needs_world

is "alice is logged in as the secret's user" "$(query 'select current_user')" "$WORLD_ROLE"
is "to the secret's database" "$(query 'select current_database()')" orders
is "over TLS" "$(query 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')" t
like "under her own name" "$(query 'show application_name')" "*smcred-alice*"
is "a database of her choice" "$(query 'select current_database()' -d archive)" archive
is "her own name is accepted" "$(query 'select current_user' -U smcred-alice)" "$WORLD_ROLE"
is "so is the target's user" "$(query 'select current_user' -U "$WORLD_ROLE")" "$WORLD_ROLE"
said=$(query 'select 1' -U postgres)
like "another user is refused" "$said" "*FATAL:*"
like "and the targets that fit are named" "$said" "*orders*"
is "the target's socket needs no shim" \
    "$(as_alice env -u LD_PRELOAD psql -XAtqh "$WORLD/run/orders" -c 'select current_user' 2>&1)" "$WORLD_ROLE"

said=$(as_mallory psql -XAtqh "$WORLD_HOST" -c 'select 1' 2>&1)
like "mallory is refused" "$said" "*FATAL:*smcred-mallory*"
like "and the rule is named" "$said" "*target orders: allow*"
like "on the target's socket too" \
    "$(as_mallory env -u LD_PRELOAD psql -XAtqh "$WORLD/run/orders" -c 'select 1' 2>&1)" "*target orders: allow*"
fails "nobody gets in without us" as_alice env -u LD_PRELOAD psql -wXAtqc 'select 1' \
    "host=127.0.0.1 port=$WORLD_PORT user=$WORLD_ROLE dbname=orders sslmode=require"

holds "the audit log has alice's login" audited smcred-alice '"orders"' "$WORLD_SECRET"
holds "and mallory's refusal, with the rule" audited smcred-mallory 'target orders: allow'
if command -v jq >/dev/null; then
    holds "every line of it is JSON" jq -e . "$WORLD_AUDIT"
fi
is "one call to Secrets Manager was enough" "$(calls GetSecretValue)" 1
done_testing
