# SPDX-License-Identifier: LGPL-2.1-or-later
# bastion.sh - a bastion's day: alice comes by ssh with a password that Secrets Manager holds, goes to her database, and
# there again as somebody else, through two rotations.  Sourced by ./demo, in a subshell, with a world up.
#
# shellcheck shell=bash disable=SC2154 # say and fail are the demo's, WORLD_* the world's, the rest of the files below
. tests/lib/tap.sh
. tests/root/pam.sh
. tests/root/sshd.sh
set +e # as tests are; whoever fails says so
trap 'exit 143' TERM INT HUP
skip_all() { fail "$1"; }
chmod 755 "$dir"
other=smcred-mallory

# What an administrator sets up, once: two services of PAM, what they may ask, a line for sudo, and an sshd.
set_up() {
    needs_pam
    pam_service sudo <<'END'
auth     required MODULE secret=bastion/users/%u
account  required pam_permit.so
session  required MODULE quiet
END
    pam_policy "$service" "secrets = bastion/users/*"
    (umask 337 && printf '%s\n' "Defaults:$pam_user pam_service=$service, !lecture" \
        "$pam_user ALL=($other) ALL" >"/etc/sudoers.d/$service")
    at_exit "rm -f /etc/sudoers.d/$service"
    printf 'SMCRED_INDEX DEFAULT=%s\n' "$SMCRED_INDEX" >"$dir/env"
    pam_service sshd /usr/sbin/sshd <<END
auth     required MODULE secret=bastion/users/%u
account  required MODULE
session  optional pam_loginuid.so
session  required pam_env.so conffile=$dir/env
session  required MODULE shim=$SMCRED_PRELOAD
END
    pam_policy "$service" "allow = $pam_user" "secrets = bastion/users/*" "end_sessions = yes"
    sed -i "s/^allow  *= .*/allow = $pam_user $other/" "$WORLD/etc/smcred.conf"
    scripts/sandbox reload "$WORLD"
    printf '%s' "$pam_password" | smcred secret create bastion/users/$pam_user >/dev/null
    needs_sshd
}

# types TEXT: what alice types, into her terminal
types() {
    sleep 0.3 # her prompt comes first
    printf '%s\n' "$1" >&6
}

# shown PATTERN [TIMES]: it comes to stand on her screen
shown() {
    eventually 4 is_shown "$1" "${2:-1}" && return
    cat "$dir/screen" >&2
    fail "alice does not see: $1"
}
is_shown() { [ "$(grep -c -- "$1" "$dir/screen")" -ge "$2" ]; }

# goes_to_the_database TURN PASSWORD: as herself, and as somebody else; her own password, a file, she types for sudo only
goes_to_the_database() {
    types "psql -h $WORLD_HOST -c \"select 'herself: ' || current_user\""
    shown "herself: $WORLD_ROLE" "$1"
    types "sudo -k -u $other $PGBIN/psql -XAtq -P pager=off -h $WORLD/run/orders -c \"select 'by sudo: ' || current_user\"; echo back"
    shown "password for $pam_user" "$1"
    types "$(cat "$dir/$2")"
    shown "by sudo: $WORLD_ROLE" "$1"
    shown "^back" "$1" # sudo reads what is typed until it is gone
}

say "A bastion's day.  alice's own password is in Secrets Manager, too: sshd and sudo ask smcred by pam_smcred.so"
set_up
sed "s|$pam_module.*control.sock|pam_smcred.so|; s/^/    /" "/etc/pam.d/$service"
mkfifo "$dir/typed"
TERM=dumb ssh_input=$dir/typed ssh_with password right -tt >"$dir/screen" 2>&1 &
ssh_pid=$!
exec 6>"$dir/typed"
at_exit "kill $ssh_pid 2>/dev/null"
shown "psql -h $WORLD_HOST"
types "set +o emacs; echo ready" # an editor of lines would cut long ones
shown "^ready"
types "PATH=$PGBIN:\$PATH; alias psql='psql -XAtq -P pager=off'"
goes_to_the_database 1 right
scripts/sandbox rotate-secret "$WORLD" >/dev/null
printf 'another battery staple' >"$dir/new"
smcred secret put bastion/users/$pam_user <"$dir/new" >/dev/null
types "# now both are rotated, the database's password and mine"
goes_to_the_database 2 new
types "exit"
exec 6>&-
if ! wait "$ssh_pid"; then
    cat "$dir/screen" >&2
    fail "alice's login ended badly"
fi
tr -d '\r' <"$dir/screen" | grep -vE 'Could not chdir|emacs|^ready|^back' | sed 's/^/    /'

say "Two rotations, no login lost.  And who was it, by sudo, too?"
grep '"event":"login"' "$WORLD_AUDIT" | grep -F "\"operator\":\"$other\"" | grep -F "\"human\":\"$pam_user\"" |
    tail -n 1 | tee -a /dev/stderr | grep -q '"login_rhost":"127.0.0.1"' || fail "the audit log does not know that it was alice"
if ssh_with password right true >/dev/null 2>&1; then
    fail "alice's old password still opens the door"
fi
echo "alice's old password is out"
