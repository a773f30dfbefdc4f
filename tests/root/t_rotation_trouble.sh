#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotation_trouble.sh - the password has changed, Secrets Manager does not say so yet, and something else
# goes wrong: it hangs, dies, throttles; the keeper is killed; somebody revokes; labels and database disagree.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
. "$top_srcdir/tests/root/rotation.sh"
waits_at_most 60
rotate=rotate-$WORLD_TARGET
function_of "$rotate" "$engine_rotated" --single-user

# window: setSecret is done, finishSecret is not; window_ends: it goes on to its end
window() { holds "the password is set, and the function stops" told "$rotate" "hold after setSecret" "$WORLD_SECRET"; }
window_ends() {
    rm -f "$steps/$rotate.held"
    holds "the rotation ends" eventually 30 rotated "$WORLD_SECRET"
}
server_pid() { cut -d' ' -f1 "$WORLD/pids/server"; }
session
lives "a session is open"

# ---- Secrets Manager, when what is pending is known ----

count_wrong
crowd 3
window
crowd_goes_on
kill -STOP "$(server_pid)"
crowd_goes_on
kill -CONT "$(server_pid)"
window_ends
crowd_goes_on
window
crowd_goes_on
sandbox kill "$WORLD" server
crowd_goes_on
rm "$steps/$rotate.held" # nobody waits there any more
sandbox start "$WORLD" server
window_ends
crowd_goes_on
no_login_failed "Secrets Manager hangs and is killed in the window, and no login failed"
few_wrong 2

# ---- Secrets Manager, before anybody could read what is pending ----

count_wrong
locked
waiting_logs() { grep -c 'waits: no version of its secret is right now' "$WORLD_LOG/keeper.log"; }
waited=$(waiting_logs)
rotation_of "$WORLD_SECRET"
holds "setSecret waits in the database" eventually 20 in_set_secret
kill -STOP "$(server_pid)"
unlocked
crowd 3
# Who looks in time knows it already.
is_serious() { [ -n "${old_goes_on:-}" ] || [ "$(waiting_logs)" -gt "$waited" ] || tail -n 1 "$WORLD_AUDIT" | grep -q '"stage":"AWSPENDING"'; }
holds "the password is set while Secrets Manager hangs: people wait, if they have to" eventually 30 is_serious
kill -CONT "$(server_pid)"
crowd_goes_on
no_login_failed "until it does not, and no login failed"
window_ends
few_wrong 1 2

sandbox stop "$WORLD" server
printf '%s %s throttle count=4\n' GetSecretValue "$WORLD_SECRET" DescribeSecret "$WORLD_SECRET" >"$WORLD/etc/faults"
sandbox start "$WORLD" server
count_wrong
pending=$(uuid)
put "$pending" "$WORLD_ROLE" throttled AWSPENDING
alter "$WORLD_ROLE" throttled
crowd 3
crowd_goes_on
no_login_failed "Secrets Manager throttles, and no login failed"
few_wrong 1 2
like "it did throttle" "$(grep -c ThrottlingException "$WORLD_TRAIL")" "[1-9]*"
rm "$WORLD/etc/faults"
sandbox stop "$WORLD" server
sandbox start "$WORLD" server
move_current() { # move_current VERSION
    manager UpdateSecretVersionStage "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSCURRENT\",\"MoveToVersionId\":\"$1\",\"RemoveFromVersionId\":\"$(holder AWSCURRENT)\"}" >/dev/null
    manager UpdateSecretVersionStage "{\"SecretId\":\"$WORLD_SECRET\",\"VersionStage\":\"AWSPENDING\",\"RemoveFromVersionId\":\"$1\"}" >/dev/null
}
move_current "$pending"

# ---- the keeper ----

window
is "alice is in" "$(query 'select 1')" 1
end_keeper() { # end_keeper KILL|TERM|parent: the keeper alone, or all of smcredd, as a package's update does
    old=$(keeper_pid)
    if [ "$1" != parent ]; then
        kill -"$1" "$old"
    else
        sandbox stop "$WORLD" keeper && sandbox start "$WORLD" keeper
    fi
    eventually 30 another_keeper "$old"
}
for how in KILL TERM parent; do
    count_wrong
    crowd 3
    crowd_goes_on
    holds "the keeper is ended in the window ($how), and another takes over" end_keeper $how
    crowd_goes_on
    failed_only "who came while there was none was told so" "smcred: \|$words_of_a_loss"
    crowd 3
    crowd_goes_on
    no_login_failed "who came after that is in"
    few_wrong 0 1
    lives "the session goes on"
done
session_ends
session
lives "a session is open"

# ---- revoked in the window ----

refused() { # refused SENTENCE: three logins are, and nobody is logged in
    local accepted
    accepted=$(grep -c '"outcome":"accepted"' "$WORLD_AUDIT")
    for _ in 1 2 3; do query 'select 1'; done >"$dir/refused"
    is "$1" "$(grep -c 'was revoked by root' "$dir/refused")" 3
    is "nobody is logged in" "$(grep -c '"outcome":"accepted"' "$WORLD_AUDIT")" "$accepted"
}
forgets_the_old
count_wrong
pending=$(holder AWSPENDING)
smcred revoke secret "$WORLD_TARGET" --reason "in the window" >/dev/null
refused "the secret is revoked in the window, and logins are refused"
lives_not() { ! kill -0 "$session_pid"; }
exec 5>&-
holds "the session that was opened with it has ended" eventually 20 lives_not
smcred revoke secret "$WORLD_TARGET" --lift >/dev/null
holds "it is lifted, and alice is in" eventually 20 in_again
holds "with what is pending" audited '"outcome":"accepted"' '"stage":"AWSPENDING"'
smcred revoke version "$WORLD_TARGET" "$pending" >/dev/null
refused "what is pending is revoked, and logins are refused"
smcred revoke version "$WORLD_TARGET" "$pending" --lift >/dev/null
holds "it is lifted, and alice is in" eventually 20 in_again
window_ends
is "and when it is current, too" "$(query 'select 1')" 1
few_wrong 0 1

# ---- AWSCURRENT moved, the database did not, and the keeper knows nothing yet ----

count_wrong
put "$(uuid)" "$WORLD_ROLE" "not set yet" AWSCURRENT
holds "the keeper is killed, and another takes over" end_keeper KILL
crowd 3
crowd_goes_on
alter "$WORLD_ROLE" "not set yet"
crowd_goes_on
no_login_failed "the database follows AWSCURRENT late, and no login failed"
few_wrong 1 1

# ---- username, host, port and password change in one version ----

other_host=new-db.internal
heir=${WORLD_ROLE%app}new
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$other_host" -keyout "$dir/other.key" -out "$dir/csr" 2>/dev/null
printf 'subjectAltName=DNS:%s' "$other_host" >"$dir/ext"
openssl x509 -req -in "$dir/csr" -CA "$WORLD_CA" -CAkey "$WORLD/private/ca.key" -set_serial 7 -days 2 -extfile "$dir/ext" -out "$dir/other.crt" 2>/dev/null
other_port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
if other_database "$dir/other"; then ok "there is another database, at another host"; else not_ok "there is another database"; fi
in_the_other "$(sql_of_user "$WORLD_ROLE" 'of the other')" >/dev/null
in_the_other "$(sql_of_user "$heir" 'both new')" >/dev/null
make_user "$heir" 'of the first'
count_wrong
crowd 3
crowd_goes_on
WORLD_HOST=$other_host WORLD_PORT=$other_port put "$(uuid)" "$heir" 'both new' AWSCURRENT
crowd_goes_on
alter "$WORLD_ROLE" 'nobody knows'
crowd_goes_on
no_login_failed "user, host, port and password change in one version, and no login failed"
few_wrong 0
is "who comes is at the other database as the other user" \
    "$(where_am_i)" "$heir at $other_port"
is "nobody else was there" "$(visits_there "$WORLD_ROLE")" 0
is "nor was he at the first one" "$(visits "$heir")" 0
is "nor was any password wrong there" "$(refusals_there)" 0

# ---- a password that nobody knows ----

waits_at_most 2
count_wrong
in_the_other "$(sql_of_password "$heir" 'nobody knows')" >/dev/null
crowd 4
limited() { grep -q "too many wrong passwords for ${WORLD_ROLE%app}" "$dir"/crowd.*; }
holds "the budget is used up" eventually 60 limited
crowd_goes_on
failed_only "who fails is told by the database, or that the budget is used up" \
    "$(words_to "${WORLD_ROLE%app}")\|too many wrong passwords for ${WORLD_ROLE%app}.*: not tried again before 20"
wrong_there=$(refusals_there)
is "after three wrong passwords, and no more" "$wrong_there" 3
at_most "so for the account of the version before" "$(wrong)" 3
alarms() { grep '"event":"alarm"' "$WORLD_AUDIT" | grep -c "\"endpoint\":\"$other_host:$other_port\",\"user\":\"$heir\""; }
is "which is one alarm in the audit log" "$(alarms)" 1
is "and one in the log" "$(grep -c "alarm: the password of \"*$heir" "$WORLD_LOG/keeper.log")" 1
holds "the keeper is killed, and another takes over" end_keeper KILL
for _ in 1 2 3; do query 'select 1'; done >"$dir/limited" 2>&1
is "who knows of them, and logs nobody in" "$(grep -c "too many wrong passwords for $heir" "$dir/limited")" 3
is "so the database has seen no more" "$(refusals_there)" 3
in_the_other "$(sql_of_password "$heir" mended)" >/dev/null
WORLD_HOST=$other_host WORLD_PORT=$other_port put "$(uuid)" "$heir" mended AWSCURRENT
is "whoever mends it is let in at once" "$(query 'select 1')" 1
done_testing
