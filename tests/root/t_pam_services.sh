#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_services.sh - sudo, su, login, cron and vsftpd with pam_smcred: each lets in and keeps out as the keeper
# says, and when it says nothing nobody waits, and fail= decides.
#
# The programs' service files, sudoers, passwd and crontabs are this test's own, in a mount namespace.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
needs_root
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
needs_world
needs_pam
other=smcred-mallory

# ---- services, all alike, and a policy for each ----
mkdir "$dir/pam.d" "$dir/empty" "$dir/crontabs" "$dir/marks"
chmod 1777 "$dir/marks"
for service in sudo su login cron vsftpd other; do
    sed "s|MODULE|$pam_line timeout=1s|" >"$dir/pam.d/$service" <<'E2'
auth     required MODULE secret=bastion/users/%u
auth     required pam_permit.so
account  required MODULE
account  required pam_permit.so
session  required MODULE quiet
session  required pam_permit.so
E2
    pam_policy "$service" "allow = $pam_user" "secrets = bastion/users/*"
done
sed -i '/^auth.*MODULE\|^auth.*pam_smcred/d' "$dir/pam.d/cron" # nobody types
fail_is() { sed -i "s/ fail=[a-z]*//; s/timeout=/fail=$1 &/" "$dir"/pam.d/*; }
printf '%s' "$pam_password" | smcred secret create bastion/users/$pam_user >/dev/null
sandbox reload "$WORLD"
printf '%s\n' "$pam_password" >"$dir/right"
echo wrong >"$dir/wrong"

printf '%s\n' "Defaults:$pam_user !lecture, timestamp_timeout=0" "$pam_user ALL=($other) ALL" >"$dir/sudoers"
chmod 440 "$dir/sudoers"
printf '@reboot touch %s/marks/cron\n' "$dir" >"$dir/crontabs/$pam_user"
chmod 600 "$dir/crontabs/$pam_user"
chown $pam_user "$dir/crontabs/$pam_user"
sed "s|^\($pam_user:.*\):/nonexistent:|\1:$dir/empty:|" /etc/passwd >"$dir/passwd" # vsftpd wants a home
cat >"$dir/vsftpd.conf" <<END
listen=YES
listen_address=127.0.0.1
background=NO
local_enable=YES
pam_service_name=vsftpd
secure_chroot_dir=$dir/empty
seccomp_sandbox=NO
END

# apart COMMAND...: where /etc/pam.d, passwd, sudoers and crontabs are ours
cat >"$dir/apart" <<'E2'
set -e
here=$1
shift
mount --bind "$here/pam.d" /etc/pam.d
mount --bind "$here/passwd" /etc/passwd
[ ! -e /etc/sudoers ] || mount --bind "$here/sudoers" /etc/sudoers
if [ -d /var/spool/cron/crontabs ] && [ "$1" = cron ]; then
    mount --bind "$here/crontabs" /var/spool/cron/crontabs
    mount --bind "$here/empty" /etc/cron.d
    mount --bind /dev/null /etc/crontab
    mount -t tmpfs tmpfs /run
fi
exec env -u LD_PRELOAD -u LD_LIBRARY_PATH "$@"
E2
apart() { SMCRED_WORLD_MARK=$WORLD timeout 60 unshare -m bash "$dir/apart" "$dir" "$@"; }

# ---- one way in for each: true if in by the password in that file ----
enters_sudo() {
    [ "$(apart setpriv --reuid=$pam_user --regid=$pam_user --clear-groups \
        sudo -S -p '' -u $other id -un <"$dir/$1" 2>"$dir/said")" = $other ]
}
enters_su() { [ "$(apart su -s /bin/sh $pam_user -c 'id -un' <"$dir/$1" 2>"$dir/said")" = $pam_user ]; }

# login wants a terminal, which script(1) has, and throws away what is typed too early.
enters_login() {
    local script_pid
    rm -f "$dir/typing" "$dir/typescript"
    mkfifo "$dir/typing"
    touch "$dir/typescript"
    apart script -qfec "login $pam_user" "$dir/typescript" <"$dir/typing" >/dev/null 2>&1 &
    script_pid=$!
    exec 5>"$dir/typing"
    eventually 2 grep -q Password: "$dir/typescript" && cat "$dir/$1" >&5
    answered() { grep -qE 'incorrect|denied|failure|unavailable|\$ ' "$dir/typescript" || ! kill -0 $script_pid 2>/dev/null; }
    eventually 2 answered
    grep -q '\$ ' "$dir/typescript" && echo 'echo in-as-$(id -un); exit' >&5 && eventually 2 grep -q "in-as-$pam_user" "$dir/typescript"
    exec 5>&-
    kill $script_pid 2>/dev/null
    wait $script_pid 2>/dev/null
    grep -q "in-as-$pam_user" "$dir/typescript"
}

# cron asks account and session alone; the job is of the person, and runs when cron starts.
enters_cron() {
    local cron_pid in=1 tries=${cron_tries:-400}
    [ "$1" = right ] || tries=40
    [ "$1" = right ] || sed -i "s/^allow = .*/allow = root/" "$WORLD/etc/conf.d/cron.conf"
    [ "$1" = right ] || sandbox reload "$WORLD"
    rm -f "$dir/marks/cron"
    apart cron -f >/dev/null 2>"$dir/said" &
    cron_pid=$!
    until [ -e "$dir/marks/cron" ] || [ $((tries -= 1)) -le 0 ]; do
        sleep 0.05
    done
    [ ! -e "$dir/marks/cron" ] || in=0
    kill $cron_pid 2>/dev/null
    wait $cron_pid 2>/dev/null
    [ "$1" = right ] || sed -i "s/^allow = .*/allow = $pam_user/" "$WORLD/etc/conf.d/cron.conf"
    return $in
}

enters_vsftpd() {
    curl -sS --max-time 30 -o /dev/null -K <(printf 'user = "%s:%s"\n' $pam_user "$(cat "$dir/$1")") \
        "ftp://127.0.0.1:$ftp_port/" 2>"$dir/said"
}
start_vsftpd() {
    ftp_port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    SMCRED_WORLD_MARK=$WORLD unshare -m bash "$dir/apart" "$dir" vsftpd "$dir/vsftpd.conf" -olisten_port="$ftp_port" >"$dir/vsftpd.log" 2>&1 &
    at_exit "kill $! 2>/dev/null"
    ftp_listens() { (exec 3<>"/dev/tcp/127.0.0.1/$ftp_port") 2>/dev/null; }
    eventually 5 ftp_listens
}

ways=()
for way in sudo su login cron vsftpd; do
    if command -v $way >/dev/null; then ways+=("$way"); else skip "$way" "needs $way"; fi
done
[[ " ${ways[*]} " != *" vsftpd "* ]] || start_vsftpd

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
