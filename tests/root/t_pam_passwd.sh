#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_passwd.sh - passwd(1) itself, by the sample of etc/pam.d: whose password is in Secrets Manager changes it
# there, once, if they know the old one and the new one is good enough; whose is a database's has it rotated; and
# whose is the host's own, in its files.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/host.sh"
command -v pamtester >/dev/null || skip_all "needs pamtester"
needs_root
needs_world
needs_pam
needs_host
host_has_samples
secret=bastion/users/$pam_user old='First-Password-1' new='Second-Password-2'
printf '%s' "$old" | smcred secret create $secret >/dev/null
printf '%s' "$old" | smcred secret create bastion/users/$host_other >/dev/null # who is not in the group
pam_policy passwd "secrets = bastion/users/*"
pam_policy login "secrets = bastion/users/*" "tries = 1000"
sandbox reload "$WORLD"
echo "bastion:x:64999:$pam_user" >>"$host/etc/group"
printf '%s\n' "auth required pam_smcred.so secret=bastion/users/%u" >"$host/etc/pam.d/login"

# as USER COMMAND...: on the host
as() { on_host setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; }
# passwd_by USER LINE...: passwd, with these lines typed, and what it says in $dir/said
passwd_by() { printf '%s\n' "${@:2}" | as "$1" passwd >"$dir/said" 2>&1; }
# logs_in PASSWORD [USER]: it is the password by now
logs_in() { on_host pamtester login "${2:-$pam_user}" authenticate <<<"$1" >/dev/null 2>&1; }
versions() { calls PutSecretValue; }
shadow=$(cat "$host/etc/shadow")
is_said() { like "$1" "$(tr '\n' ' ' <"$dir/said")" "$2"; }

holds "there is a password" eventually 1 logs_in "$old"
before=$(versions)
fails "who types the old one wrong changes nothing" passwd_by $pam_user wrong "$new" "$new"
is_said "and is told so" "*Current password:*passwd: Permission denied*password unchanged*"
unlike "before being asked for a new one" "$(cat "$dir/said")" "*New password*"
fails "one that is too short is none" passwd_by $pam_user "$old" 'Sh0rt-1' 'Sh0rt-1'
is_said "and why is said in words" "*New password:*shorter than 12 characters*password unchanged*"
fails "nor one of small letters alone" passwd_by $pam_user "$old" onlysmallletters onlysmallletters
is_said "and why, too" "*lacks*password unchanged*"
fails "nor two that differ" passwd_by $pam_user "$old" "$new" "$new-"
is_said "which is said" "*The two passwords are not the same*password unchanged*"
fails "nor nothing" passwd_by $pam_user "$old" '' ''
is "no new version was made" "$(versions)" "$before"
holds "and the old one is right" logs_in "$old"

holds "who knows it makes a new one" passwd_by $pam_user "$old" "$new" "$new"
is_said "as is said" "*password updated successfully*"
is "one new version" "$(versions)" $((before + 1))
holds "which logs in" logs_in "$new"
fails "the old one is out" logs_in "$old"
holds "the audit log has who changed which" \
    audited '"event":"pam_changed"' "\"asked_user\":\"$pam_user\"" '"asked_service":"passwd"' "\"secret\":\"$secret\"" '"outcome":"allowed"'
holds "and who was refused" audited '"event":"pam_change"' "\"asked_user\":\"$pam_user\"" '"outcome":"refused"' 'shorter'
is "the host's own files have not changed" "$(cat "$host/etc/shadow")" "$shadow"

# At a terminal, as people type it: nothing of it is shown.
third='Third-Password-3'
typed() { eventually 2 grep -qa "$1" "$dir/typescript" && printf '%s\n' "$2" >&5; }
rm -f "$dir/typing"
mkfifo "$dir/typing"
touch "$dir/typescript"
as $pam_user script -qfec passwd /dev/null <"$dir/typing" >"$dir/typescript" 2>&1 &
script_pid=$!
exec 5>"$dir/typing"
typed 'Current password' "$new" && typed 'New password' "$third" && typed 'Retype' "$third"
eventually 2 grep -qa 'updated\|unchanged' "$dir/typescript"
exec 5>&-
kill $script_pid 2>/dev/null
wait $script_pid 2>/dev/null
like "at a terminal it is the same" "$(cat "$dir/typescript")" "*updated successfully*"
unlike "and shows no password" "$(cat "$dir/typescript")" "*-Password-*"
holds "the third logs in" logs_in "$third"
fails "the second does not" logs_in "$new"

# Root, and who may not.
fourth='Fourth-Password-4'
root_sets() { printf '%s\n' "$1" "$1" | on_host passwd $pam_user >"$dir/said" 2>&1; }
holds "root sets one without the old one" root_sets "$fourth"
holds "which logs in" logs_in "$fourth"
pam_policy passwd "secrets = bastion/users/*" "root_changes = no"
sandbox reload "$WORLD"
root_is_refused() { ! root_sets Fifth-Password-5; }
holds "unless policy says no" eventually 1 root_is_refused
is_said "in so many words" "*password unchanged*"
pam_policy passwd "secrets = elsewhere/*"
sandbox reload "$WORLD"
is_refused() { ! passwd_by $pam_user "$fourth" Fifth-Password-5 Fifth-Password-5; }
holds "a service may change no secret but those it is given" eventually 1 is_refused
pam_policy passwd "secrets = bastion/users/*"
sandbox reload "$WORLD"

# Who is not in the group.
host_knows $host_other "$old"
holds "whose password is the host's own changes it there" passwd_by $host_other "$old" Of-This-Host-1 Of-This-Host-1
like "with another hash for it" "$(grep "^$host_other:" "$host/etc/shadow")" "$host_other:\$y\$*"
holds "and not in Secrets Manager" logs_in "$old" $host_other

# A database's, whose rotation function changes it there, too: nobody chooses it, and it is nobody's to see.
cp "$host/etc/pam.d/passwd" "$dir/sample"
echo "password required pam_smcred.so secret=$WORLD_SECRET timeout=60s" >"$host/etc/pam.d/passwd"
pam_policy passwd "secrets = $WORLD_SECRET"
sandbox reload "$WORLD"
is_known() { ! passwd_by $pam_user wrong && grep -q 'the password is wrong' "$dir/said"; }
holds "a database's password is not changed for who types another" eventually 1 is_known
old_is_in() { PGPASSWORD=$(cat "$WORLD_PASSWORD_FILE") directly -c 'select 1'; }
holds "the old one is in" old_is_in
holds "who types it has it rotated" passwd_by $pam_user "$(cat "$WORLD_PASSWORD_FILE")"
is_said "and types no new one" "*Current password:*rotation function*There is a new password*"
unlike "at all" "$(cat "$dir/said")" "*New password*"
fails "the old one is the database's no more" old_is_in
is "and smcred logs in with the new one" "$(query 'select 1')" 1
cp "$dir/sample" "$host/etc/pam.d/passwd"
pam_policy passwd "secrets = bastion/users/*"
sandbox reload "$WORLD"

# A keeper that is killed when Secrets Manager has the new one, and has not said so yet.
fifth='Fifth-Password-5'
echo "PutSecretValue $secret delay ms=60000 count=1" >"$WORLD/etc/faults"
holds "Secrets Manager is slow to answer" sandbox stop "$WORLD" server
sandbox start "$WORLD" server
before=$(versions)
passwd_by $pam_user "$fourth" "$fifth" "$fifth" &
changing=$!
is_made() { [ "$(versions)" = $((before + 1)) ]; }
holds "a new version is made" eventually 5 is_made
kill -KILL "$(keeper_pids | cut -d ' ' -f 2)"
wait $changing
unlike "the keeper is killed: passwd fails" $? 0
is_said "and says that nobody knows, and what to try first" "*It is not known whether the password was changed. Try the new one first*"
holds "the new one logs in" eventually 5 logs_in "$fifth"
fails "and the old one does not" logs_in "$fourth"
is "one version was made, and no other" "$(versions)" $((before + 1))
rm "$WORLD/etc/faults"
sandbox stop "$WORLD" server
sandbox start "$WORLD" server
holds "the next change is as any" passwd_by $pam_user "$fifth" "$fourth" "$fourth"

# Without a keeper.
sandbox stop "$WORLD" keeper
fails "without a keeper nothing is changed" passwd_by $pam_user "$fourth" Fifth-Password-5 Fifth-Password-5
is_said "and nobody is asked in vain" "*Current password:*password unchanged*"
sandbox start "$WORLD" keeper
holds "the password is as it was" eventually 1 logs_in "$fourth"
empty "no password is in any log" "$(grep -rlF -e '-Password-' "$WORLD_LOG")"
done_testing
