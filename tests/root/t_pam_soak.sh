#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_soak.sh - pamtester in a loop through sshd's stack, the sample as it is, three people at a time, some of
# them with a wrong password, while keeper after keeper is stopped or killed: no wrong password is let in and no right
# one kept out, nothing crashes, and no keeper grows.  150 logins and two restarts; with SMCRED_LONG=1 10,000 and ten.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
. "$(dirname "$0")/host.sh"
command -v pamtester >/dev/null || skip_all "needs pamtester"
# For a wrong password the keeper looks whether there is a newer one, once a second: so only some are.
logins=150 restarts=2 wrong_every=8
[ -z "${SMCRED_LONG:-}" ] || logins=10000 restarts=10 wrong_every=20
needs_root
needs_world
needs_pam
needs_host
host_has_samples

# ---- one with a password, one with a hash, and one with a password in a document ----
users=(smcred-alice smcred-mallory smcred-relay)
pam_policy sshd "allow = ${users[*]}" "secrets = bastion/users/*" "tries = 1000" "tries_window = 1s"
# shellcheck disable=SC2016 # perl's
hash=$(perl -e 'my $typed = <STDIN>; chomp $typed; print crypt($typed, q($6$rounds=1000$saltofthesoak$))' <"$dir/right")
pam_secrets "bastion/users/${users[0]}"
printf '%s' "$hash" | smcred secret create "bastion/users/${users[1]}" >/dev/null
printf '{"username":"%s","password":"%s"}' "${users[2]}" "$pam_password" |
    smcred secret create "bastion/users/${users[2]}" >/dev/null
sandbox reload "$WORLD"

# loop USER COUNT EVERY: so many logins, one in EVERY with a wrong password, none if that is 0.  Prints a word for each: came-in,
# refused, undecided while there is no keeper, or what must not be: let-in, kept-out, crashed.
cat >"$dir/loop" <<'E2'
cd "$(dirname "$0")" || exit 1
for ((i = 1; i <= $2; i++)); do
    word=right
    [ "$3" = 0 ] || [ $((RANDOM % $3)) != 0 ] || word=wrong
    said=$(pamtester -I rhost=127.0.0.1 -I tty=ssh sshd "$1" authenticate acct_mgmt open_session close_session <$word 2>&1)
    status=$?
    case $status,$word,$said in
    0,right,*) echo came-in ;;
    *,wrong,*"successfully authenticated"*) echo let-in ;;
    1,wrong,*"Authentication failure"*) echo refused ;;
    1,*"cannot retrieve authentication info"* | 1,right,*"the specified session"*) echo undecided ;;
    1,right,*) echo kept-out && echo "$said" >&2 ;;
    *) echo crashed && echo "$word: status $status: $said" >&2 ;;
    esac
done
E2

# log_in COUNT: that many logins of each, all at once
log_in() {
    local user loop loops=()
    for user in "${users[@]}"; do
        "${host_run[@]}" bash "$dir/loop" "$user" "$1" $wrong_every >>"$dir/counts" 2>>"$dir/complaints" &
        loops+=($!)
    done
    for loop in "${loops[@]}"; do
        wait "$loop" || echo "a loop ended with status $?" >>"$dir/complaints"
    done
}

counted() { grep -cx -- "$1" "$dir/counts"; }

keeper_pid() { keeper_pids | cut -d ' ' -f 2; }

# size_of_keeper: its memory in kB and its open descriptors
size_of_keeper() {
    local pid
    pid=$(keeper_pid)
    echo "$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")" "$(find "/proc/$pid/fd" -type l | wc -l)"
}

# Logins leave their connections behind for a moment.
has_descriptors() { [ "$(size_of_keeper | cut -d ' ' -f 2)" -le "$1" ]; }

comes_in() { [ "$("${host_run[@]}" bash "$dir/loop" "${users[0]}" 1 0)" = came-in ]; }

# live LIFE COUNT: one keeper's life of that many logins of each user, a quarter of them to warm up
live() {
    local first first_count last_rss
    log_in $(($2 / 4 + 1))
    read -r first first_count < <(size_of_keeper)
    log_in $(($2 - $2 / 4))
    read -r last_rss _ < <(size_of_keeper)
    echo "# life $1: $first kB, $last_rss kB, $first_count descriptors"
    [ $((last_rss * 100)) -le $((first * 105)) ] || echo "life $1: from $first to $last_rss kB" >>"$dir/grown"
    eventually 5 has_descriptors "$first_count" ||
        echo "life $1: from $first_count descriptors to $(size_of_keeper | cut -d ' ' -f 2)" >>"$dir/grown"
}

holds "the service is there" eventually 3 comes_in
touch "$dir/complaints" "$dir/grown"
each=$((logins / ${#users[@]} / (restarts + 1) + 1))
during=$((each / 5 + 1))
for ((life = 0; life <= restarts; life++)); do
    live $life $((each - during))
    [ $life -lt $restarts ] || break
    keeper=$(keeper_pid)
    log_in $during &
    during_pid=$!
    sandbox "$([ $((life % 2)) = 0 ] && echo stop || echo kill)" "$WORLD" keeper
    sandbox start "$WORLD" keeper
    wait $during_pid
    [ "$keeper" != "$(keeper_pid)" ] || echo "life $life goes on" >>"$dir/grown"
    eventually 3 comes_in || echo "no keeper after life $life" >>"$dir/complaints"
done
log_in $during

echo "# came in $(counted came-in), refused $(counted refused), undecided $(counted undecided)"
is "nobody comes in with a wrong password" "$(counted let-in)" 0
is "nobody is kept out with the right one" "$(counted kept-out)" 0
holds "most of them are let in or refused" test $((10 * ($(counted came-in) + $(counted refused)))) -ge $((8 * logins))
holds "wrong passwords were among them" test "$(counted refused)" -ge $((logins / wrong_every / 3))
empty "nothing crashes" "$(cat "$dir/complaints")"
empty "no keeper grows, in memory or descriptors" "$(cat "$dir/grown")"
done_testing
