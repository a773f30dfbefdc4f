#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pam_deadline.sh - every entry point of every sample in etc/pam.d, with the keeper stopped and with none, under
# fail=closed and under fail=ignore: which code comes, and none later than timeout= and half a second.
. "$(dirname "$0")/world.sh"
. "$(dirname "$0")/pam.sh"
entries=$top_builddir/tests/root/pam_entries
[ -x "$entries" ] || skip_all "built without Linux-PAM"
needs_world
needs_pam
mkdir "$dir/pam.d"
pam_secrets bastion/users/$pam_user
printf '%s\n' '[pam]' "allow = $pam_user" 'secrets = bastion/users/* ftp/* prod/orders/*' >"$WORLD/etc/conf.d/pam.conf"
chmod 644 "$WORLD/etc/conf.d/pam.conf"
sandbox reload "$WORLD"

# our_line SAMPLE TYPE: what stands behind our module there, or what it would have to say
our_line() {
    local found
    found=$(sed -n "s/^$2 .*pam_smcred\.so//p" "$top_srcdir/etc/pam.d/$1" | sed 's/fail=[a-z]*//; s/timeout=[0-9a-z]*//')
    echo "${found:-secret=bastion/users/%u}"
}
# service_of NAME SAMPLE OPTION...: a service of our lines of a sample alone, with these options
service_of() {
    for type in auth account session password; do
        echo "$type required $pam_line $(our_line "$2" $type) ${*:3}"
        [[ $* != *ignore* ]] || echo "$type required pam_permit.so"
    done >"$dir/pam.d/$1"
}
services=()
for sample in $(cd "$top_srcdir/etc/pam.d" && ls); do
    for fail in closed ignore; do
        service_of "$sample-$fail" "$sample" timeout=1s fail=$fail
        services+=("$sample-$fail")
    done
done
service_of default-closed sshd

# run NAME DEADLINE_MS SERVICE...: the table while the keeper is away in some manner, in $dir/table.NAME
run() {
    rm -f "$dir/go"
    mkfifo "$dir/go"
    "$entries" "$dir/pam.d" $pam_user "$2" "${@:3}" <"$dir/go" >"$dir/table.$1" 2>"$dir/said.$1" &
    run_pid=$!
    exec 5>"$dir/go"
    eventually 5 grep -q open "$dir/table.$1"
}
goes() {
    echo >&5
    exec 5>&-
    wait "$run_pid"
}

# Each entry point, its code under fail=closed, and that under fail=ignore before pam_permit.
codes='authenticate AUTHINFO_UNAVAIL SUCCESS
setcred SUCCESS SUCCESS
acct_mgmt AUTHINFO_UNAVAIL SUCCESS
open_session SESSION_ERR SUCCESS
close_session SESSION_ERR SUCCESS
chauthtok TRY_AGAIN SUCCESS
expired TRY_AGAIN SUCCESS'

# judge HOW DEADLINE_MS SERVICE...: the table is whole, its codes are those, and nothing took longer
judge() {
    local entry closed ignore
    awk 'NF == 4' "$dir/table.$1" >"$dir/table"
    echo "# $1: the longest of $(wc -l <"$dir/table") took $(cut -d ' ' -f 4 "$dir/table" | sort -n | tail -n 1) ms"
    while read -r entry closed ignore; do
        for service in "${@:3}"; do
            case $service in *-ignore) echo "$service $entry $ignore" ;; *) echo "$service $entry $closed" ;; esac
        done
    done <<<"$codes" | sort >"$dir/expected"
    empty "$1: every entry point answers as fail= says" \
        "$(cut -d ' ' -f 1-3 "$dir/table" | sort | diff "$dir/expected" - && cat "$dir/said.$1")"
    empty "$1: none later than its deadline and half a second" "$(awk -v limit=$(($2 + 500)) '$4 > limit' "$dir/table")"
}

service_is_there() { "$entries" "$dir/pam.d" $pam_user 1000 default-closed </dev/null | grep -q open; }
holds "the keeper is asked" eventually 1 service_is_there
run stopped 1000 "${services[@]}"
keeper_stops
goes
judge stopped 1000 "${services[@]}"
keeper_goes_on
run gone 1000 "${services[@]}"
sandbox stop "$WORLD" keeper
goes
judge gone 1000 "${services[@]}"
sandbox start "$WORLD" keeper

# Three seconds where the line does not say.
run default 3000 default-closed
keeper_stops
goes
judge default 3000 default-closed
holds "three seconds are the default" awk '$2 == "authenticate" && $4 > 2900 { found = 1 } END { exit !found }' "$dir/table"
keeper_goes_on
done_testing
