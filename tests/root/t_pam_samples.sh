#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_samples.sh - the files of etc/pam.d as they are, in /etc/pam.d of a host of the test's own, and the real
# sshd, sudo, su, login, cron, vsftpd and PostgreSQL by them: each lets in, keeps out, and does what it says when
# there is no keeper.
# shellcheck disable=SC2034 # sshd.sh reads sshd_run
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/host.sh"
. "$(dirname "$0")/sshd.sh"
needs_root
needs_world
needs_pam
needs_host
host_has_samples

# ---- what the samples ask for: secrets, and a policy for each service ----
role=ledger_app
pam_secrets bastion/users/$pam_user ftp/$pam_user prod/orders/$role
for service in sshd sudo su login cron; do
    pam_policy $service "allow = $pam_user" "secrets = bastion/users/*"
done
pam_policy vsftpd "allow = $pam_user" "secrets = ftp/*"
pam_policy smcred-postgresql "callers = postgres" "secrets = prod/orders/*"
sandbox reload "$WORLD"

# ---- sshd and PostgreSQL beside the ways of host.sh ----
enters_sshd() { [ "$(ssh_with "${ssh_way:-password}" "$1" id -un 2>"$dir/said")" = $pam_user ]; }
enters_postgresql() {
    [ "$(PGPASSWORD=$(cat "$dir/$1") PGSSLROOTCERT=$WORLD_CA env -u LD_PRELOAD "$PGBIN/psql" -XAtqw -c 'select current_user' \
        "host=$WORLD_HOST hostaddr=127.0.0.1 port=$WORLD_PORT user=$role dbname=orders sslmode=verify-full connect_timeout=60" \
        2>"$dir/said")" = $role ]
}
find_ways
if command -v sshd >/dev/null; then
    sshd_run=("${host_run[@]}" "$(command -v sshd)")
    needs_sshd
    ways+=(sshd)
else
    skip sshd "needs sshd"
fi
in_the_database "create role $role login" >/dev/null # without a password
sed -i "1i hostssl all $role 127.0.0.1/32 pam pamservice=smcred-postgresql" "$WORLD/pg/data/pg_hba.conf"
sandbox stop "$WORLD" postgres
SMCRED_BUILD=$top_builddir on_host "$top_srcdir/scripts/sandbox" start "$WORLD" postgres
ways+=(postgresql)

for way in "${ways[@]}"; do
    case $way in postgresql) service=smcred-postgresql ;; *) service=$way ;; esac
    holds "$way: in by what Secrets Manager holds" eventually 1 "enters_$way" right
    fails "$way: not by anything else" "enters_$way" wrong
    holds "$way: the keeper was asked for that service" audited "\"asked_service\":\"$service\"" '"outcome":"allowed"'
done
if [[ " ${ways[*]} " = *" sshd "* ]]; then
    ssh_way=publickey holds "sshd: by a key, with account and session alone" enters_sshd wrong
    ssh_way=keyboard-interactive holds "sshd: by keyboard-interactive" enters_sshd right
    ssh_way=keyboard-interactive fails "sshd: not with anything else" enters_sshd wrong
fi

# ---- without a keeper ----
local_password='the one of this host'
printf '%s\n' "$local_password" >"$dir/local"
host_knows $pam_user "$local_password"
for way in sudo su login; do
    [[ " ${ways[*]} " = *" $way "* ]] || continue
    fails "$way: while the keeper answers the host's own password is none" "enters_$way" local
done
sandbox stop "$WORLD" keeper
for way in sudo login; do
    [[ " ${ways[*]} " = *" $way "* ]] || continue
    fails "$way: without a keeper nobody is in by what Secrets Manager holds" "enters_$way" right
    holds "$way: but by the host's own password" "enters_$way" local
done
[[ " ${ways[*]} " != *" cron "* ]] || holds "cron: without a keeper jobs run" enters_cron right
for way in su sshd; do
    [[ " ${ways[*]} " = *" $way "* ]] || continue
    fails "$way: without a keeper nobody is in, whatever they know" "enters_$way" local
done
is "su: save by root" "$(on_host su -s /bin/sh $pam_user -c 'id -un' 2>&1)" $pam_user
for way in vsftpd postgresql; do
    [[ " ${ways[*]} " = *" $way "* ]] || continue
    fails "$way: without a keeper nobody is in" "enters_$way" right
done
done_testing
