#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_sshd.sh - sshd with pam_smcred: in by a password that Secrets Manager holds, by a key with account
# and session alone, out when the keeper says so, and within the deadline when it says nothing.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/sshd.sh"
command -v sshd >/dev/null || skip_all "needs openssh-server"
needs_world
needs_pam

# ---- a Secrets Manager with her password, a policy, a service, and an sshd of that name ----
pam_secrets bastion/users/$pam_user
pam_service sshd /usr/sbin/sshd <<'E2'
auth     required MODULE secret=bastion/users/%u timeout=1s
account  required MODULE timeout=1s
account  required pam_permit.so
session  optional pam_loginuid.so
session  required MODULE timeout=1s
session  required pam_permit.so
E2
pam_policy "$service" "allow = $pam_user" "secrets = bastion/users/*"
sandbox reload "$WORLD"

needs_sshd

# ---- the keeper decides ----
enters() { [ "$(ssh_with "$@" id -un 2>"$dir/said")" = $pam_user ]; }
holds "she is in by her password" eventually 1 enters password right
holds "and by keyboard-interactive" enters keyboard-interactive right
holds "and by her key, with account and session alone" enters publickey wrong
fails "not by a wrong password" enters password wrong
fails "nor by keyboard-interactive with one" enters keyboard-interactive wrong
holds "the audit log has who came, by what, from where" audited pam_check "$service" $pam_user 127.0.0.1 allowed
holds "and who did not" audited pam_check "$service" $pam_user refused

# Every login has a session, and its end is its own.
login=$(ssh_with publickey wrong 'sleep 1' 2>/dev/null; grep '"pam_open"' "$WORLD_AUDIT" | tail -n 1 |
    sed 's/.*"login":"\([0-9a-f]*\)".*/\1/')
holds "a login by key has a session, with her name and peer" \
    audited '"pam_open"' "\"login\":\"$login\"" '"login_rhost":"127.0.0.1"' "\"human\":\"$pam_user\""
holds "which is closed when she goes" audited '"pam_close"' "\"login\":\"$login\""
is "once" "$(grep '"pam_close"' "$WORLD_AUDIT" | grep -c "\"login\":\"$login\"")" 1
pam_policy "$service" "allow = root" "secrets = bastion/users/*"
sandbox reload "$WORLD"
is_out() { ! enters publickey wrong; }
holds "who is not in allow is kept out, with a key that is right" eventually 1 is_out
fails "and with a password that is" enters password right
pam_policy "$service" "allow = $pam_user" "secrets = bastion/users/*"
sandbox reload "$WORLD"
holds "until allow says so again" eventually 1 enters publickey wrong

# ---- a keeper that says nothing: nobody is in, nobody waits ----
silent_ways() {
    milliseconds ssh_with password right id -un
    is "$1 her password is not taken" "$took_status" 255
    in_time "within the deadline" "$took_ms" 4000
    milliseconds ssh_with publickey wrong id -un
    is "$1 nor her key" "$took_status" 255
    in_time "within the deadline" "$took_ms" 4000
}
keeper_stops
silent_ways "while the keeper is stopped"
sed -i 's/socket=/fail=ignore &/; /^auth/i auth sufficient pam_succeed_if.so user = nobody' "/etc/pam.d/$service"
fails "fail=ignore lets nobody in by itself" enters password right
sed -i '/^auth.*required/a auth required pam_permit.so' "/etc/pam.d/$service"
holds "but what stands after it may" enters password wrong
keeper_goes_on
fails "and the keeper's no counts again as soon as it goes on" enters password wrong
sandbox stop "$WORLD" keeper
holds "without a keeper it is the same" enters password wrong
sed -i 's/fail=ignore //' "/etc/pam.d/$service"
silent_ways "without a keeper"
sandbox start "$WORLD" keeper
holds "as soon as it is back she is in" eventually 1 enters password right
holds "by her key, too" enters publickey wrong

# ---- what sshd loads for it ----
objects() {
    local pid
    ssh_with publickey wrong 'sleep 60' >/dev/null 2>&1 &
    eventually 20 session_process
    pid=$(session_process)
    sed -n 's/.* \(\/[^ ]*\.so[^ ]*\).*/\1/p' "/proc/$pid/maps" | sort -u
    kill "$pid" # and ssh hears of it
    wait
}
session_process() { pgrep -f "^sshd: $pam_user \[priv\]|$service: $pam_user \[priv\]" | head -n 1 | grep .; }
with=$(objects)
like "sshd has loaded pam_smcred" "$with" "*pam_smcred.so*"
sed -i '/pam_smcred/d; $a session required pam_permit.so\naccount required pam_permit.so\nauth required pam_permit.so' "/etc/pam.d/$service"
is "and nothing else for its sake" "$(comm -13 <(objects) <(printf '%s\n' "$with") | grep -v pam_loginuid)" "$pam_module"
done_testing
