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

# What explain says of TLS is what the database sees.
printf '[target local]\nsecret = %s\nmatch = local-db.internal\nhost = %s\nallow = smcred-alice\nca_file = %s\n' \
    "$WORLD_SECRET" "$WORLD_PG_SOCKET" "$WORLD_CA" >"$WORLD/etc/conf.d/local.conf"
chmod 644 "$WORLD/etc/conf.d/local.conf"
sandbox reload "$WORLD"
explained() { as_alice smcred explain --host "$1" | sed -n "s/^$2  *//p"; }
with_tls() { as_alice psql -XAtqh "$1" -c 'select ssl from pg_stat_ssl where pid = pg_backend_pid()' 2>&1; }
in_locally() { [ "$(with_tls local-db.internal)" = f ]; }
holds "at the database's Unix socket alice is in, without TLS" eventually 20 in_locally
is "as explain says" "$(explained local-db.internal tls)" disable
is "which says verify-full of the other" "$(explained "$WORLD_HOST" tls) $(with_tls "$WORLD_HOST")" "verify-full t"
is "and the address that it is dialled at" "$(explained "$WORLD_HOST" hostaddr)" 127.0.0.1
done_testing
