#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_services.sh - sudo, su, login, cron and vsftpd with pam_smcred: each lets in and keeps out as the keeper
# says, and when it says nothing nobody waits, and fail= decides.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/host.sh"
needs_root
needs_world
needs_pam
needs_host

# ---- services, all alike, and a policy for each ----
for service in sudo su login cron vsftpd other; do
    sed "s|MODULE|$pam_line timeout=1s|" >"$host/etc/pam.d/$service" <<'E2'
auth     required MODULE secret=bastion/users/%u
auth     required pam_permit.so
account  required MODULE
account  required pam_permit.so
session  required MODULE quiet
session  required pam_permit.so
E2
    pam_policy "$service" "allow = $pam_user" "secrets = bastion/users/*"
done
sed -i '/^auth.*MODULE\|^auth.*pam_smcred/d' "$host/etc/pam.d/cron" # nobody types
fail_is() { sed -i "s/ fail=[a-z]*//; s/timeout=/fail=$1 &/" "$host"/etc/pam.d/*; }
pam_secrets bastion/users/$pam_user
sandbox reload "$WORLD"
find_ways

for way in "${ways[@]}"; do
    holds "$way: in by what Secrets Manager holds" eventually 1 "enters_$way" right
    fails "$way: not by anything else" "enters_$way" wrong
    holds "$way: the keeper was asked for that service" audited "\"asked_service\":\"$way\"" '"outcome":"allowed"'
done
sandbox reload "$WORLD"

# nobody_decides HOW: while no keeper answers
nobody_decides() {
    for way in "${ways[@]}"; do
        fail_is closed
        cron_tries=40 milliseconds "enters_$way" right
        if [ "$took_status" = 0 ]; then not_ok "$way: $1, fail=closed keeps out"; else ok "$way: $1, fail=closed keeps out"; fi
        [[ $way = cron ]] || in_time "$way: and nobody waits" "$took_ms" 12000
        fail_is ignore
        holds "$way: $1, fail=ignore leaves it to the others" "enters_$way" right
    done
}
keeper_stops
nobody_decides "with a keeper that is stopped"
keeper_goes_on
sandbox stop "$WORLD" keeper
nobody_decides "without a keeper"
done_testing
