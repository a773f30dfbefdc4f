#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_soak.sh - logins through sshd's stack, three at a time, some with a wrong password, while
# keeper after keeper is stopped or killed: no wrong password is let in and no right one kept out, nothing
# crashes, and no keeper grows.  200 logins and two restarts; with SMCRED_LONG=1 10,000 and ten.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
load=$top_builddir/bench/pam_load
[ -x "$load" ] || skip_all "built without Linux-PAM"
# For a wrong password the keeper looks whether there is a newer one, once a second: so only some are.
logins=200 restarts=2 wrong_every=3
[ -z "${SMCRED_LONG:-}" ] || logins=10000 restarts=10 wrong_every=40
needs_world
needs_pam

# ---- a stack as sshd's, for one with a password, one with a hash, and one with a password in a document ----
users=(smcred-alice smcred-mallory smcred-relay)
service=smcred-$$-soak
mkdir "$dir/pam.d"
sed "s|MODULE|$pam_line|" >"$dir/pam.d/$service" <<'END'
auth     required MODULE secret=bastion/users/%u grace=10m
account  required MODULE
session  required MODULE
END
pam_policy "$service" "allow = ${users[*]}" "secrets = bastion/users/*" "tries = 1000" "tries_window = 1s"
# shellcheck disable=SC2016 # perl's
hash=$(perl -e 'my $typed = <STDIN>; print crypt($typed, q($6$rounds=1000$saltofthesoak$))' <"$dir/right")
printf '%s' "$pam_password" | smcred secret create "bastion/users/${users[0]}" >/dev/null
printf '%s' "$hash" | smcred secret create "bastion/users/${users[1]}" >/dev/null
printf '{"username":"%s","password":"%s"}' "${users[2]}" "$pam_password" |
    smcred secret create "bastion/users/${users[2]}" >/dev/null
sandbox reload "$WORLD"

# log_in COUNT: that many logins of each user, all users at once
log_in() {
    local user loads=()
    for user in "${users[@]}"; do
        "$load" logins "$dir/pam.d" "$user" "$1" "$service" "$wrong_every" <"$dir/right" >>"$dir/counts" 2>>"$dir/crashes" &
        loads+=($!)
    done
    for load_pid in "${loads[@]}"; do
        wait "$load_pid" || echo "a program that logs in ended with status $?" >>"$dir/crashes"
    done
}

# counted WHAT: how many there were in all
counted() { awk -v what="$1" '{ for (i = 1; i < NF; i += 2) if ($i == what) sum += $(i + 1) } END { print sum + 0 }' "$dir/counts"; }

keeper_pid() { keeper_pids | cut -d ' ' -f 2; }

# size_of_keeper: its memory in kB and its open descriptors
size_of_keeper() {
    local pid
    pid=$(keeper_pid)
    echo "$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")" "$(find "/proc/$pid/fd" -type l | wc -l)"
}

# Logins leave their connections behind for a moment.
has_descriptors() { [ "$(size_of_keeper | cut -d ' ' -f 2)" -le "$1" ]; }

comes_in() { "$load" logins "$dir/pam.d" "${users[0]}" 1 "$service" 2 <"$dir/right" | grep -q "came_in 1"; }

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
touch "$dir/crashes" "$dir/grown"
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
    eventually 3 comes_in || echo "no keeper after life $life" >>"$dir/crashes"
done
log_in $during

echo "# came in $(counted came_in), refused $(counted refused), undecided $(counted undecided)"
is "nobody comes in with a wrong password" "$(counted let_in)" 0
is "nobody is kept out with the right one" "$(counted kept_out)" 0
holds "most of them are let in or refused" test $((10 * ($(counted came_in) + $(counted refused)))) -ge $((8 * logins))
holds "wrong passwords were among them" test "$(counted refused)" -ge $((logins / wrong_every / 2))
empty "nothing crashes" "$(cat "$dir/crashes")"
empty "no keeper grows, in memory or descriptors" "$(cat "$dir/grown")"
done_testing
