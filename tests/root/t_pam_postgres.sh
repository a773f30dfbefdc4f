#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_postgres.sh - PostgreSQL with "pam" in pg_hba.conf and pam_smcred behind it: Secrets Manager holds the
# only password there is, so that a rotation is one call and no ALTER ROLE.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
needs_world
needs_pam
role=ledger_app secret=prod/ledger/ledger_app

put() { printf '{"username":"%s","password":"%s"}' "$role" "$1"; }
put first | smcred secret create $secret >/dev/null
in_the_database "create role $role login" # without a password
pam_service postgres <<'E2'
auth    required MODULE secret=prod/ledger/%u timeout=1s
account required pam_permit.so
E2
pam_policy "$service" "callers = postgres" "secrets = prod/ledger/*"
sandbox reload "$WORLD"
sed -i "1i hostssl all $role 127.0.0.1/32 pam pamservice=$service" "$WORLD/pg/data/pg_hba.conf"
in_the_database 'select pg_reload_conf()' >/dev/null

# enters PASSWORD [ROLE]: psql is in
enters() {
    [ "$(PGPASSWORD=$1 PGSSLROOTCERT=$WORLD_CA env -u LD_PRELOAD "$PGBIN/psql" -XAtqw -c 'select current_user' \
        "host=$WORLD_HOST hostaddr=127.0.0.1 port=$WORLD_PORT user=${2:-$role} dbname=orders sslmode=verify-full connect_timeout=60" \
        2>"$dir/said")" = "${2:-$role}" ]
}
holds "psql is in by the password in Secrets Manager" eventually 1 enters first
fails "not by another one" enters wrong
like "and the database says so itself" "$(cat "$dir/said")" "*PAM authentication failed*$role*"
fails "not without one" enters ''
fails "nor by one of 64 kB" enters "$(head -c 65536 /dev/zero | tr '\0' x)"
holds "the keeper was asked by the database's own user" audited pam_check "$service" $role '"operator":"postgres"'

put second | smcred secret put $secret >/dev/null
holds "after a rotation the new one is in, and nobody altered the role" eventually 1 enters second
fails "and the old one is out" enters first
sed -i 's/timeout=1s/grace=1h &/' "/etc/pam.d/$service"
holds "unless there is grace for it" enters first
is "the role has no password at all" \
    "$(in_the_database "select rolpassword is null from pg_authid where rolname = '$role'")" t

# A name that somebody types leads to no other secret.
in_the_database 'create role "ledger_app/../x" login' >/dev/null
sed -i "1i hostssl all \"ledger_app/../x\" 127.0.0.1/32 pam pamservice=$service" "$WORLD/pg/data/pg_hba.conf"
in_the_database 'select pg_reload_conf()' >/dev/null
fails "no role's name leads to another's secret" enters second 'ledger_app/../x'

sed -i 's/callers = postgres/callers = daemon/' "$WORLD/etc/conf.d/$service.conf"
sandbox reload "$WORLD"
is_out() { ! enters second; }
holds "who is no caller of the service gets no answer" eventually 1 is_out
sed -i 's/callers = daemon/callers = postgres/' "$WORLD/etc/conf.d/$service.conf"
sandbox reload "$WORLD"
holds "and postgres is one again" eventually 1 enters second

keeper_stops
milliseconds enters second
is "while the keeper is stopped nobody is in" $took_status 1
in_time "and nobody waits" "$took_ms" 4000
sed -i 's/timeout=1s/fail=ignore &/' "/etc/pam.d/$service"
fails "fail=ignore lets nobody in by itself" enters second
keeper_goes_on
holds "as soon as it goes on it counts" eventually 1 enters second
sandbox stop "$WORLD" keeper
fails "without a keeper nobody is in by it, either" enters second
sed -i '/^auth.*smcred/a auth required pam_permit.so' "/etc/pam.d/$service"
holds "but what stands after it may let in" enters whatever
sed -i '/^auth.*permit/d; s/fail=ignore //' "/etc/pam.d/$service"
milliseconds enters second
is "without a keeper nobody is in" $took_status 1
in_time "and nobody waits" "$took_ms" 4000
sandbox start "$WORLD" keeper
holds "and with one, as before" eventually 1 enters second

delete_secret $secret
sandbox stop "$WORLD" keeper && sandbox start "$WORLD" keeper # nothing cached
fails "a secret that is to be deleted admits nobody" enters second
done_testing
