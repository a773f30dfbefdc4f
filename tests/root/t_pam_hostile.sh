#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_hostile.sh - what nobody should type, claim or call, through real programs and a real keeper: it lets
# nobody in, reaches nobody else's secret, and the next login is as any other.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/host.sh"
command -v pamtester >/dev/null || skip_all "needs pamtester"
needs_root
needs_world
needs_pam
needs_host
: >"$dir/nothing"
pam_secrets bastion/users/smcred-{alice,mallory,server}
printf '{"username":"smcred-relay"}' | smcred secret create bastion/users/smcred-relay >/dev/null

# door NAME [OPTION...]: a service of our lines alone
door() {
    for type in auth account session password; do
        echo "$type required pam_smcred.so secret=bastion/users/%u ${*:2}"
    done >>"$host/etc/pam.d/$1"
}
for service in door twice su vsftpd; do
    : >"$host/etc/pam.d/$service"
    door $service quiet
    pam_policy $service "allow = $pam_user" "secrets = bastion/users/*" "tries = 1000"
done
door twice quiet use_first_pass
sandbox reload "$WORLD"

# by FILE USER OPERATION...: pamtester at the door, with what stands in the file typed
by() { on_host "${caller[@]}" pamtester "${claims[@]}" "${service:-door}" "${@:2}" <"$dir/$1" >"$dir/said" 2>&1; }
caller=() claims=() service=door
enters() { by "$1" "${2:-$pam_user}" authenticate; }
lines_of() { grep "\"event\":\"$1\"" "$WORLD_AUDIT" | grep -cF -- "$2"; }
holds "she is in" eventually 1 enters right

# ---- what is typed ----
head -c 65536 /dev/zero | tr '\0' x >"$dir/long"
printf '%s' "$pam_password" | cat - "$dir/long" >"$dir/longer"
printf '\0%s\n' "$pam_password" >"$dir/nul-first"
printf 'wrong\0%s\n' "$pam_password" >"$dir/nul-inside"
for typed in long longer nul-first nul-inside nothing; do
    fails "pamtester: nobody is in by $typed" enters $typed
    fails "su: nor" enters_su $typed
done
holds "su: the next one is" enters_su right
if command -v vsftpd >/dev/null; then
    start_vsftpd
    # ftp FILE: what it says to a password of these bytes
    ftp() {
        perl -MIO::Socket::INET -e '
            my ($port, $user, $file) = @ARGV;
            local $/; open my $typed, "<", $file or die; my $word = <$typed>; chomp $word; $word =~ s/\n$//;
            my $ftp = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die; $/ = "\n";
            <$ftp>; print $ftp "USER $user\r\n"; <$ftp>; print $ftp "PASS $word\r\n"; print scalar <$ftp>;' \
            "$ftp_port" $pam_user "$dir/$1" 2>/dev/null
    }
    for typed in long longer nul-first nul-inside; do
        unlike "vsftpd: nor by $typed" "$(ftp $typed)" "230*"
    done
    like "vsftpd: the next one is" "$(ftp right)" "230*"
else
    skip vsftpd "needs vsftpd"
fi
fails "nor where the conversation ends before anything is typed" by nothing $pam_user authenticate

# ---- who is named ----
before=$(lines_of pam_check '')
for byte in $(seq 1 255); do
    # shellcheck disable=SC2059 # a byte
    printf "a\\x$(printf %02x "$byte")b\0"
done >"$dir/names"
printf '%s\0' "../users/$pam_user" "x/../$pam_user" "$pam_user/" "$pam_user"$'\n' "bastion/users/$pam_user" \
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:bastion/users/$pam_user" "$(head -c 300 "$dir/long")" '' '%u' '%' >>"$dir/names"
cat >"$dir/every" <<'E2'
cd "$(dirname "$0")" || exit 1
while IFS= read -r -d '' name <&3; do
    pamtester door "$name" authenticate <right >/dev/null 2>&1 && echo "$name is in"
done 3<names
E2
empty "nobody is in by a name with whatever byte" "$(on_host bash "$dir/every")"
asked=$(grep '"event":"pam_check"' "$WORLD_AUDIT" | tail -n +$((before + 1)) | sed 's/.*"secret":"\([^"]*\)".*/\1/')
empty "nor was another secret asked about than one of that name" "$(grep -vxE 'bastion/users/a[][A-Za-z0-9_+=.@-]b' <<<"$asked")"
holds "of which there are those that a name may have" test "$(wc -l <<<"$asked")" -ge 60
empty "the audit log is one of JSON" "$(perl -MJSON::PP -ne 'eval { decode_json($_); 1 } or print' "$WORLD_AUDIT")"

# ---- where they say they are from ----
pam_policy door "allow = $pam_user" "secrets = bastion/users/*" "tries = 1000" "rhost = 192.0.2.0/24 *.inside.example"
sandbox reload "$WORLD"
claims=(-I rhost=192.0.2.7)
may_come() { by nothing $pam_user acct_mgmt; }
holds "from a host in the policy she may come" eventually 1 may_come
is_refused() { claims=() && ! may_come; }
holds "from nowhere she may not" eventually 1 is_refused
for rhost in local '192.0.2.7,' '192.0.2.7 ' $'192.0.2.7\n' 192.0.2.7@198.51.100.1 inside.example \
    '::ffff:198.51.100.1' "$(head -c 300 "$dir/long").inside.example" $'x\x1b[2J.elsewhere'; do
    claims=(-I "rhost=$rhost")
    fails "nor from $(printf %.40q "$rhost")" may_come
done
unlike "which the person is not told with orders to a terminal" "$(cat "$dir/said")" $'*\x1b*'
claims=()
pam_policy door "allow = $pam_user" "secrets = bastion/users/*" "tries = 1000"
sandbox reload "$WORLD"
holds "without such a rule from everywhere" eventually 1 may_come

# ---- secrets that are none ----
for typed in right nothing wrong; do
    fails "a secret without a password is no door to $typed" enters $typed smcred-relay
done
printf '{"username":"smcred-relay"}\n' >"$dir/value"
fails "nor to its own value" enters value smcred-relay
for user in smcred-mallory smcred-server; do
    holds "$user is in" enters right $user
done
delete_secret bastion/users/smcred-mallory
delete_secret bastion/users/smcred-server at-once
is_out() {
    enters wrong "$1"
    ! enters right "$1"
}
holds "who is to be deleted is out as soon as somebody has mistyped" eventually 3 is_out smcred-mallory
holds "and so is who is deleted" eventually 3 is_out smcred-server

# ---- lines, handles and processes ----
service=twice
opened=$(lines_of pam_open twice) closed=$(lines_of pam_close '"outcome":"closed"')
holds "two lines in one stack let her in" by right $pam_user authenticate acct_mgmt open_session close_session
is "by two sessions" "$(lines_of pam_open twice)" $((opened + 2))
is "which both end" "$(lines_of pam_close '"outcome":"closed"')" $((closed + 2))
fails "and out by what is wrong for the first" by wrong $pam_user authenticate
service=door
holds "a session that nobody closes" by nothing $pam_user open_session
is "ends with its handle" "$(lines_of pam_close '"outcome":"closed"')" $((closed + 3))
lost=$(lines_of pam_close '"outcome":"lost"') opened=$(lines_of pam_open door)
mkfifo "$dir/typing"
exec 5<>"$dir/typing"
"${host_run[@]}" pamtester door $pam_user open_session authenticate <"$dir/typing" >"$dir/waits" 2>&1 &
waits=$!
is_open() { [ "$(lines_of pam_open door)" -gt "$opened" ]; }
eventually 3 is_open
kill -KILL $waits
wait $waits 2>/dev/null
exec 5>&-
is_lost() { [ "$(lines_of pam_close '"outcome":"lost"')" -gt "$lost" ]; }
holds "and whose process was killed, by itself" eventually 5 is_lost

# ---- who asks ----
caller=(setpriv "--reuid=$host_other" "--regid=$host_other" --clear-groups)
old=$(lines_of pam_check "\"operator\":\"$host_other\"")
fails "somebody's own program is told nothing about a password" enters right
is "and that it asked is written down" "$(lines_of pam_check "\"operator\":\"$host_other\"")" $((old + 1))
for operation in acct_mgmt open_session chauthtok; do
    fails "nor may it do $operation" by right $pam_user $operation
done
pam_policy door "callers = $host_other" "allow = $pam_user" "secrets = bastion/users/*" "tries = 1000"
sandbox reload "$WORLD"
holds "unless policy names its user" eventually 1 enters right
holds "who may then do what the service may" by right $pam_user authenticate acct_mgmt open_session close_session
service=twice fails "and nothing by another one" enters right
caller=()
holds "she is in as before" enters right
empty "no password is in any log" "$(grep -rlF "$pam_password" "$WORLD_LOG")"
done_testing
