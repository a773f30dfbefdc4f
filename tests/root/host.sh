# SPDX-License-Identifier: LGPL-2.1-or-later
# host.sh - a host of the test's own, to come in at: sudo, su, login, cron, vsftpd and others run in a mount
# namespace whose /etc and crontabs are the test's, and where pam_smcred and the keeper are where an installation
# has them.  Sourced after pam.sh.
#
# shellcheck shell=bash disable=SC2154 # $dir comes from tap.sh, WORLD_* from the world, $pam_* from pam.sh
host_other=smcred-mallory

# on_host COMMAND...: there, for a minute at most; to be killed, a command is started by "${host_run[@]}"
on_host() { timeout 60 "${host_run[@]}" "$@"; }

# needs_host: makes it.  $host/etc becomes its /etc, and is the real one's copy until a test says otherwise.
needs_host() {
    local mounts holder libpams
    unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
    host=$dir/apart
    mkdir -p "$host/security" "$host/crontabs" "$host/empty" "$host/marks"
    chmod 1777 "$host/marks"
    cp -a /etc "$host/etc"
    rm -rf "$host/etc/cron.d" "$host/etc/crontab"
    libpams=$(dirname "$(find /lib/*/security /lib64/security /lib/security -name pam_permit.so 2>/dev/null | head -n 1)")
    cp -a "$libpams/." "$pam_module" "$host/security"
    sed -i "s|^\($pam_user:.*\):/nonexistent:|\1:$host/empty:|" "$host/etc/passwd" # vsftpd wants a home
    rm -f "$host/etc/sudoers"
    (umask 337 && printf '%s\n' "Defaults:$pam_user !lecture, timestamp_timeout=0" "$pam_user ALL=($host_other) ALL" >"$host/etc/sudoers")
    printf '@reboot touch %s/marks/cron\n' "$host" >"$host/crontabs/$pam_user"
    chmod 600 "$host/crontabs/$pam_user"
    chown $pam_user "$host/crontabs/$pam_user"
    mounts=$dir/mounts
    cat >"$mounts" <<'E2'
set -e
host=$1 libpams=$2 run=$3 socket_dir=$4
mount --bind "$host/etc" /etc
mount --bind "$host/security" "$libpams"
[ ! -d /var/spool/cron/crontabs ] || mount --bind "$host/crontabs" /var/spool/cron/crontabs
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd
case $socket_dir in
/run/*)
    mkdir "$socket_dir"
    mount --bind "$run" "$socket_dir"
    ;;
esac
touch "$host/ready"
exec sleep infinity
E2
    SMCRED_WORLD_MARK=$WORLD unshare -m bash "$mounts" "$host" "$libpams" "$WORLD/run" \
        "$(dirname "$(grep -ao '/[[:alnum:]/_.-]*/control\.sock' "$pam_module" | head -n 1)")" >"$dir/mounts.log" 2>&1 &
    holder=$!
    at_exit "kill $holder 2>/dev/null"
    host_run=(env -u LD_PRELOAD -u LD_LIBRARY_PATH "SMCRED_WORLD_MARK=$WORLD" nsenter -m -t "$holder" --)
    eventually 5 test -e "$host/ready" && return
    not_ok "a host of the test's own is made" "$(cat "$dir/mounts.log")"
    done_testing
    exit 1
}

# host_has_samples: the files of etc/pam.d are the host's.  As they are, unless this machine lets nobody set a
# loginuid: then pam_loginuid, which has nothing to do with us, may fail.
host_has_samples() {
    cp "$top_srcdir"/etc/pam.d/* "$host/etc/pam.d"
    bash -c 'echo 0 >/proc/self/loginuid' 2>/dev/null && return
    echo "# pam_loginuid is optional: no loginuid can be set here"
    sed -i 's/required \( *pam_loginuid\)/optional \1/' "$host"/etc/pam.d/*
}

# host_knows USER PASSWORD: by the host's own files
host_knows() {
    local hash
    # shellcheck disable=SC2016 # perl's
    hash=$(perl -e 'my $typed = <STDIN>; chomp $typed; print crypt($typed, q($6$rounds=1000$saltofthehost$))' <<<"$2")
    awk -F : -v OFS=: -v user="$1" -v hash="$hash" '$1 == user { $2 = hash } 1' "$host/etc/shadow" >"$dir/shadow"
    cat "$dir/shadow" >"$host/etc/shadow"
}

# ---- ways in: each true if $pam_user is in by the password in that file of $dir ----

enters_sudo() {
    [ "$(on_host setpriv --reuid=$pam_user --regid=$pam_user --clear-groups \
        sudo -S -p '' -u $host_other id -un <"$dir/$1" 2>"$dir/said")" = $host_other ]
}

# From somebody else's account: root need not say a password.
enters_su() {
    [ "$(on_host setpriv --reuid=$host_other --regid=$host_other --clear-groups \
        su -s /bin/sh $pam_user -c 'id -un' <"$dir/$1" 2>"$dir/said")" = $pam_user ]
}

# login wants a terminal, which script(1) has, and throws away what is typed too early.
enters_login() {
    local script_pid
    rm -f "$dir/typing" "$dir/typescript"
    mkfifo "$dir/typing"
    touch "$dir/typescript"
    on_host script -qfec "login $pam_user" "$dir/typescript" <"$dir/typing" >/dev/null 2>&1 &
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

# cron asks account and session alone; the job is of the person, and runs when cron starts.  For a job that
# must not run, `allow` names somebody else meanwhile.
enters_cron() {
    local cron_pid in=1 tries=${cron_tries:-400}
    [ "$1" = right ] || { tries=40; cron_allows root; }
    rm -f "$host/marks/cron"
    on_host rm -f /run/crond.reboot # that it has run its jobs
    "${host_run[@]}" cron -f >/dev/null 2>"$dir/said" &
    cron_pid=$!
    until [ -e "$host/marks/cron" ] || [ $((tries -= 1)) -le 0 ]; do
        sleep 0.05
    done
    [ ! -e "$host/marks/cron" ] || in=0
    kill $cron_pid 2>/dev/null
    wait $cron_pid 2>/dev/null
    [ "$1" = right ] || cron_allows $pam_user
    return $in
}
cron_allows() {
    sed -i "s/^allow = .*/allow = $1/" "$WORLD/etc/conf.d/cron.conf"
    sandbox reload "$WORLD"
}

enters_vsftpd() {
    curl -sS --max-time 30 -o /dev/null -K <(printf 'user = "%s:%s"\n' $pam_user "$(cat "$dir/$1")") \
        "ftp://127.0.0.1:$ftp_port/" 2>"$dir/said"
}

start_vsftpd() {
    cat >"$dir/vsftpd.conf" <<END
listen=YES
listen_address=127.0.0.1
background=NO
local_enable=YES
pam_service_name=vsftpd
secure_chroot_dir=$host/empty
seccomp_sandbox=NO
END
    ftp_port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    "${host_run[@]}" vsftpd "$dir/vsftpd.conf" -olisten_port="$ftp_port" >"$dir/vsftpd.log" 2>&1 &
    at_exit "kill $! 2>/dev/null"
    ftp_listens() { (exec 3<>"/dev/tcp/127.0.0.1/$ftp_port") 2>/dev/null; }
    eventually 5 ftp_listens
}

# find_ways: those of the five whose program is here, in "${ways[@]}"; the others are skipped aloud
find_ways() {
    local way
    ways=()
    for way in sudo su login cron vsftpd; do
        if command -v $way >/dev/null; then ways+=("$way"); else skip "$way" "needs $way"; fi
    done
    [[ " ${ways[*]} " != *" vsftpd "* ]] || start_vsftpd
}
