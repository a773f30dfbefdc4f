# SPDX-License-Identifier: LGPL-2.1-or-later
# sshd.sh - an sshd of the test's own on a loopback port.  Its PAM service is $service, or that of the
# program in "${sshd_run[@]}".  Sourced after pam.sh.
#
# shellcheck shell=bash disable=SC2154 # $dir comes from tap.sh, WORLD from the world, the rest from pam.sh

# needs_sshd: starts it, unless told otherwise under the name of the service that pam_service made last
needs_sshd() {
    mkdir -p /run/sshd # stays: another test's sshd may have come to need it
    mkdir "$dir/keys"
    chmod 755 "$dir/keys"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
    cp "$dir/key.pub" "$dir/keys/$pam_user"
    printf '#!/bin/sh\ncat "$PASSWORD_FILE"\n' >"$dir/askpass"
    chmod 755 "$dir/askpass"
    at_exit 'kill $sshd_pid 2>/dev/null'
    [ -n "${sshd_run:-}" ] || sshd_run=(env "SMCRED_WORLD_MARK=$WORLD" "$dir/$service")
    for _ in 1 2 3; do # somebody else may be faster at that port
        start_sshd
        ! eventually 20 sshd_listens || break
    done
}

start_sshd() {
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
    cat >"$dir/sshd_config" <<END
ListenAddress 127.0.0.1
Port $port
HostKey $dir/host
PidFile none
UsePAM yes
StrictModes no
AuthorizedKeysFile $dir/keys/%u
UseDNS no
PrintMotd no
PerSourceMaxStartups none
MaxStartups 100
END
    "${sshd_run[@]}" -D -e -f "$dir/sshd_config" 2>"$dir/sshd.log" &
    sshd_pid=$!
}

sshd_listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

# ssh_with WAY PASSWORD [OPTION...] COMMAND...: WAY is password, keyboard-interactive or publickey; PASSWORD is
# a file in $dir; what is typed after that comes from $ssh_input
ssh_with() {
    env -u LD_PRELOAD -u LD_LIBRARY_PATH PASSWORD_FILE="$dir/$2" SSH_ASKPASS="$dir/askpass" \
        SSH_ASKPASS_REQUIRE=force setsid timeout 120 ssh -F none -p "$port" -i "$dir/key" -o IdentitiesOnly=yes \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
        -o PreferredAuthentications="$1" -o NumberOfPasswordPrompts=1 -l "${ssh_user:-$pam_user}" 127.0.0.1 "${@:3}" <"${ssh_input:-/dev/null}"
}
