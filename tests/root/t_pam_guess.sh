#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_guess.sh - guessing at sshd: after so many wrong passwords for somebody from one host, or from one host for
# everybody, not even the right one is looked at; others, and from elsewhere, come in as before.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/sshd.sh"
command -v sshd >/dev/null || skip_all "needs openssh-server"
needs_world
needs_pam
bystander=smcred-mallory
pam_secrets bastion/users/$pam_user bastion/users/$bystander
pam_service sshd /usr/sbin/sshd <<'E2'
auth     required MODULE secret=bastion/users/%u
account  required pam_permit.so
session  required pam_permit.so
E2
pam_policy "$service" "secrets = bastion/users/*" "tries = 3" "tries_window = 6h"
sandbox reload "$WORLD"
needs_sshd

# enters USER HOST PASSWORD [WAY]: HOST is the last number of a loopback address to come from
enters() {
    [ "$(ssh_user=$1 ssh_with "${4:-password}" "$3" -b "127.0.0.$2" id -un 2>"$dir/said")" = "$1" ]
}
# refused USER HOST TEXT: how many audit lines of a password that was not let in say so
refused() {
    grep '"event":"pam_check"' "$WORLD_AUDIT" | grep -F "\"asked_user\":\"$1\"" | grep -F "\"asked_rhost\":\"127.0.0.$2\"" |
        grep '"outcome":"refused"' | grep -cF -- "$3"
}

holds "she is in by her password" eventually 1 enters $pam_user 1 right
for _ in 1 2 3; do enters $pam_user 1 wrong; done
is "three wrong ones are looked at, and refused" "$(refused $pam_user 1 'the password is wrong')" 3
fails "then not even the right one lets in" enters $pam_user 1 right
like "sshd says no more than before" "$(cat "$dir/said")" "*Permission denied*"
fails "nor by keyboard-interactive" enters $pam_user 1 right keyboard-interactive
is "these were not looked at, and that is written down" "$(refused $pam_user 1 'too many wrong passwords')" 2
is "with nobody else's beside them" "$(refused $pam_user 1 '')" 5
holds "from another host she is in" enters $pam_user 2 right
holds "and from hers somebody else" enters $bystander 1 right
fails "her own are not given back by that" enters $pam_user 1 right

# at_once COMMAND...: in the background, for all_are_done
at_once() {
    "$@" &
    guesses+=($!)
}
all_are_done() {
    wait "${guesses[@]}"
    guesses=()
}
guesses=()

# One password for everybody, whoever they may be.
for i in $(seq 12); do at_once enters "guessed-$i" 3 wrong; done
all_are_done
is "names tried on spec count for their host" \
    "$(grep -F '"asked_user":"guessed-' "$WORLD_AUDIT" | grep -F '"asked_rhost":"127.0.0.3"' | grep -c '"outcome":"refused"')" 12
fails "which then lets in nobody" enters $bystander 3 right
is "as is written down" "$(refused $bystander 3 'too many wrong passwords')" 1
holds "from elsewhere they are in" enters $bystander 4 right

# Whoever has many hosts, or may say so.
for host in 5 6 7 8 9 10 11 12 13 14; do
    for _ in 1 2 3; do at_once enters $bystander $host wrong; done
    all_are_done
done
is "thirty wrong ones for somebody, from ten hosts, are looked at" \
    "$(grep -F "\"asked_user\":\"$bystander\"" "$WORLD_AUDIT" | grep -c 'the password is wrong')" 30
fails "and are as many as there may be, from wherever" enters $bystander 15 right
holds "for her they are none" enters $pam_user 15 right
empty "no password is in any log" "$(grep -rlF "$pam_password" "$WORLD_LOG" "$dir/sshd.log")"
done_testing
