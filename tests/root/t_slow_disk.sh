#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_slow_disk.sh - a wrong password is written down: whoever was wrong waits for the disk, and nobody else.
# shellcheck disable=SC2046 # to_target says words
. "$(dirname "$0")/world.sh"
slow=$top_builddir/tests/keeper/.libs/slow_disk.so
[ -e "$slow" ] || skip_all "built without shared objects"
command -v jq >/dev/null || skip_all "no jq"
needs_world
. "$top_srcdir/tests/root/rotation.sh"
waits_at_most 1
slow_down() { # smcredd is started with that disk from now on
    local program=$WORLD/smcred/sbin/smcredd
    install -m 755 "$slow" "$WORLD/smcred/slow_disk.so"
    mv "$program" "$program.real"
    printf '#!/bin/sh\nexec env SLOW_DISK=%s LD_PRELOAD=%s ASAN_OPTIONS=verify_asan_link_order=0 %s.real "$@"\n' \
        "$dir/hangs" "$WORLD/smcred/slow_disk.so" "$program" >"$program"
    chmod 755 "$program"
    sandbox stop "$WORLD" keeper && sandbox start "$WORLD" keeper
}
keeper_pid() { ps -o pid=,comm= --ppid "$(cut -d' ' -f1 "$WORLD/pids/keeper")" | awk '$2 == "smcredd-keeper" { print $1 }'; }
holds "the keeper is on a disk that may hang" slow_down
make_user other 'of the other'
manager CreateSecret "{\"Name\":\"other\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":$(secret_string other 'of the other')}" >/dev/null
make_target other
sandbox reload "$WORLD"
in_as_other() { [ "$(query 'select current_user' $(to_target other))" = other ]; }
holds "alice is in as another user" eventually 20 in_as_other
is "and as this one" "$(query 'select current_user')" "$WORLD_ROLE"

: >"$dir/hangs"
count_wrong
alter "$WORLD_ROLE" 'of nobody'
query 'select 1' >"$dir/wrong" &
waiter=$!
one_is_wrong() { [ "$(wrong)" -ge 1 ]; }
holds "a password is wrong, while the disk hangs" eventually 20 one_is_wrong
is "who logs in as another user does not notice" "$(query 'select current_user' $(to_target other))" other
holds "nor does who asks for the status" smcred status
rm "$dir/hangs"
wait "$waiter"
told_why() { grep -q -e 'password authentication failed' -e 'the disk does not take that down' "$dir/wrong"; }
holds "whoever was wrong is told so by the database, or why it took so long" told_why
before=$(wrong)
kill -KILL "$(keeper_pid)"
counted() {
    smcred status --json |
        jq -e --arg user "$WORLD_ROLE" --argjson count "$before" '[.. | objects | select(.account? == $user and .wrong? == $count)] != []'
}
holds "a keeper that is killed then has not forgotten it" eventually 20 counted
done_testing
