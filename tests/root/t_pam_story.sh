#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_story.sh - a bastion's day in one login: alice comes by ssh with a password that Secrets Manager holds,
# is told her databases, types psql and no password, becomes somebody else by sudo, and the audit log still has
# her name, terminal and peer; both passwords are rotated meanwhile; and when she goes, so do her sessions.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/sshd.sh"
command -v sshd >/dev/null || skip_all "needs openssh-server"
command -v sudo >/dev/null || skip_all "needs sudo"
needs_world
needs_pam
other=smcred-mallory

pam_secrets bastion/users/$pam_user
pam_service sudo <<'E2'
auth     required MODULE secret=bastion/users/%u
account  required pam_permit.so
session  required MODULE quiet
E2
sudo_service=$service
pam_service sshd /usr/sbin/sshd <<E2
auth     required MODULE secret=bastion/users/%u
account  required MODULE
session  optional pam_loginuid.so
session  required pam_env.so conffile=$dir/env
session  required MODULE shim=$SMCRED_PRELOAD
E2
printf 'SMCRED_INDEX DEFAULT=%s\n' "$SMCRED_INDEX" >"$dir/env"
pam_policy "$service" "allow = $pam_user" "secrets = bastion/users/*" "end_sessions = yes"
pam_policy "$sudo_service" "secrets = bastion/users/*"
sed -i "s/^allow  *= .*/allow = $pam_user $other/" "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
sudoers=/etc/sudoers.d/smcred-$$
at_exit 'rm -f "$sudoers"'
(umask 337 && printf '%s\n' "Defaults:$pam_user pam_service=$sudo_service, !lecture, timestamp_timeout=0" \
    "$pam_user ALL=($other) ALL" >"$sudoers")
needs_sshd

# What she types, and between the two halves the rotation.  The word for sudo comes from a file of hers.
install -d -o $pam_user -m 700 "$dir/hers"
install -o $pam_user -m 600 "$dir/right" "$dir/hers/word"
cat >"$dir/day" <<END
psql() { $PGBIN/psql -XAtqw -P pager=off "\$@"; }
psql -h $WORLD_HOST -c "select 'first as ' || current_user"
sudo -S -p '' -u $other $PGBIN/psql -XAtqw -P pager=off -h $WORLD/run/orders -c "select 'second as ' || current_user" <$dir/hers/word
touch $dir/hers/rotate
until [ -e $dir/rotated ]; do sleep 0.1; done
psql -h $WORLD_HOST -c "select 'third as ' || current_user"
sudo -S -p '' -u $other $PGBIN/psql -XAtqw -P pager=off -h $WORLD/run/orders -c "select 'fourth as ' || current_user" <$dir/hers/word
setsid env PGAPPNAME=left $PGBIN/psql -XAtqw -h $WORLD_HOST -c "select pg_sleep(600)" >/dev/null 2>&1 </dev/null &
touch $dir/hers/left
until [ -e $dir/go ]; do sleep 0.1; done
tty
END
chmod 644 "$dir/day"

may_come() { ssh_with password right true >"$dir/said" 2>&1; }
holds "alice may come" eventually 1 may_come
ssh_with publickey right "PGAPPNAME=beside $PGBIN/psql -XAtqw -h $WORLD_HOST -c 'select pg_sleep(300)'" >/dev/null 2>&1 &
beside=$!
printf 'bash %s\nexit\n' "$dir/day" >"$dir/typed"
ssh_input=$dir/typed ssh_with password right -tt >"$dir/story" 2>&1 &
ssh_pid=$!
holds "she is in, and two queries on" eventually 4 test -e "$dir/hers/rotate"
printf 'another battery staple' >"$dir/new"
sandbox rotate "$WORLD"
smcred secret put bastion/users/$pam_user <"$dir/new" >/dev/null
install -o $pam_user -m 600 "$dir/new" "$dir/hers/word"
touch "$dir/rotated"
chmod 644 "$dir/rotated"
holds "and two more after both passwords were rotated" eventually 4 test -e "$dir/hers/left"
# in_session NAME: psql of that application_name runs
in_session() { pgrep -u $pam_user psql | while read -r pid; do grep -qzx "PGAPPNAME=$1" "/proc/$pid/environ" && echo "$pid"; done | grep -q .; }
is_gone() { ! in_session "$1"; }
holds "a session that she leaves behind is there" eventually 4 in_session left
holds "and one of another login" eventually 4 in_session beside
touch "$dir/go"
wait $ssh_pid
story=$(tr -d '\r' <"$dir/story")
like "she was told which databases are hers, and how" "$story" "*psql -h $WORLD_HOST *orders*"
for turn in first second third fourth; do
    like "the $turn query was logged in, with nothing typed for it" "$story" "*$turn as $WORLD_ROLE*"
done
holds "when she goes what she left is ended" eventually 4 is_gone left
holds "and the other login's is not" in_session beside
kill $beside
wait $beside 2>/dev/null

# The audit log has her, whoever she was.
tty=$(grep -o 'pts/[0-9]*' <<<"$story" | tail -n 1)
like "she had a terminal" "$tty" "pts/*"
login=$(grep '"pam_open"' "$WORLD_AUDIT" | grep -F "\"asked_service\":\"$sudo_service\"" | head -n 1 |
    sed 's/.*"login_session":"\([0-9a-f]*\)".*/\1/')
hers=("\"human\":\"$pam_user\"" "\"login_service\":\"$service\"" '"login_rhost":"127.0.0.1"' "\"login_session\":\"$login\"")
holds "psql by herself is under her name, at her terminal, with her peer" \
    audited '"event":"login"' "\"operator\":\"$pam_user\"" "\"tty\":\"$tty\"" "${hers[@]}"
holds "psql as somebody else is under hers, too" audited '"event":"login"' "\"operator\":\"$other\"" "${hers[@]}"
holds "and so is sudo's own login" audited '"pam_open"' "\"asked_user\":\"$other\"" "${hers[@]}"
holds "what ended with her says so" audited '"event":"end"' 'the login that opened this session has ended' "${hers[@]}"

fails "her old password is out" ssh_with password right true
holds "her new one is in" ssh_with password new true
empty "no password is in any log" "$(grep -rlF -e "$pam_password" -e 'another battery staple' "$WORLD_LOG" "$dir/sshd.log" "$dir/story")"
done_testing
