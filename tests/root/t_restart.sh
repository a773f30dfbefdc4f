#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_restart.sh - keeper, relay and database are killed, Secrets Manager goes away: who is in stays in as long as
# there is a way, who comes gets in, nobody waits for ever.
. "$(dirname "$0")/world.sh"
needs_world
# The world has other targets, whose secrets a keeper reads when it starts.
values_read() { calls GetSecretValue "$WORLD_SECRET"; }

session
lives "a session is open"
is "asked once so far" "$(values_read)" 1
old=$(keeper_pid)
kill -KILL "$old"
holds "the keeper is killed; another takes over" eventually 20 another_keeper "$old"
holds "and logins work" eventually 5 in_again
holds "who finds the session alive" audited '"event":"resumed"' '"uid":'
lives "the open session went on"
for _ in 1 2 3 4 5; do query 'select 1' >/dev/null; done
is "the new keeper asked once, and no more" "$(values_read)" 2

# ---- logins under way ----

# crowd: ten logins at once.  crowd_ends SENTENCE: each of them ended by itself, in or told why not.
crowd() {
    local i
    rm -f "$dir"/crowd.*
    waiting=()
    for i in 1 2 3 4 5 6 7 8 9 10; do
        { query 'select 1' >"$dir/crowd.$i"; echo >>"$dir/crowd.$i"; } &
        waiting+=($!)
    done
}
crowd_ends() {
    local file odd=
    wait "${waiting[@]}"
    for file in "$dir"/crowd.*; do
        case $(cat "$file") in 1 | *"$words_of_an_end"* | *"$words_of_a_loss"* | *"smcred: "*) ;; *) odd="$odd $(cat "$file")" ;; esac
    done
    is "$1" "$odd" ""
}

server=$(cut -d' ' -f1 "$WORLD/pids/server")
# A new keeper, with nothing in its cache, while Secrets Manager hears and says nothing.
cold_start() {
    local old
    old=$(keeper_pid)
    kill -STOP "$server"
    kill -KILL "$old"
    eventually 20 another_keeper "$old"
}
some_wait() { [[ $(smcred status --json) =~ \"waiting\":[[:space:]]*[1-9] ]]; }
holds "a keeper knows nothing yet, and Secrets Manager does not answer" cold_start
crowd
holds "people wait" eventually 5 some_wait
kill -KILL "$(keeper_pid)"
crowd_ends "none of them for ever, when that keeper is killed"
kill -CONT "$server"
holds "who comes after that is in" eventually 5 in_again

before=$(values_read)
holds "another new keeper" cold_start
crowd
holds "people wait again" eventually 5 some_wait
kill -CONT "$server"
crowd_ends "none of them for ever"
like "and it was not asked for each of them" "$(($(values_read) - before))" "[123]" # by retries, if it took long

holds "Secrets Manager stops" sandbox stop "$WORLD" server
failed=0
for _ in 1 2 3 4 5; do
    [ "$(query 'select 1')" = 1 ] || failed=$((failed + 1))
done
is "logins go on from the cache" $failed 0
smcred refresh "$WORLD_TARGET" >/dev/null 2>&1
is "also after a refresh that fails" "$(query 'select 1')" 1
# stale_is N: so many secrets are served past their time
stale_is() { [[ $(smcred status --json) =~ \"stale\":[[:space:]]*$1, ]]; }
holds "none of which is stale yet" stale_is 0
set_times() { # set_times TTL STALE
    sed -i '/^ttl/d; /^stale/d' "$WORLD/etc/smcred.conf"
    sed -i "s/^\[keeper\]/&\nttl = $1\nstale = $2/" "$WORLD/etc/smcred.conf"
    sandbox reload "$WORLD"
}
holds "Secrets Manager comes back" sandbox start "$WORLD" server
set_times 1 1h
refreshed() { smcred refresh "$WORLD_TARGET" && [[ $(smcred status --json) =~ \"expires_in_s\":[[:space:]]*[01], ]]; }
holds "a refresh works, and lasts a second" eventually 5 refreshed
holds "Secrets Manager stops again" sandbox stop "$WORLD" server
in_and_stale() { [ "$(query 'select 1')" = 1 ] && stale_is 1; }
holds "past its time the secret goes on to let people in, and status says so" eventually 5 in_and_stale
in_and_written_down() { [ "$(query 'select 1')" = 1 ] && grep -q '"stale":true' "$WORLD_AUDIT"; }
holds "as does the audit log" eventually 5 in_and_written_down
set_times 1 1
out_of_time() { [[ $(query 'select 1') == *"target $WORLD_TARGET: "*"audit id"* ]]; }
holds "past the stale time, nobody is let in, and told why" eventually 5 out_of_time
like "for want of Secrets Manager" "$(query 'select 1')" "*source secretsmanager: *"
set_times 5m 1h
holds "Secrets Manager comes back again" sandbox start "$WORLD" server
holds "and alice is in" eventually 5 in_again

# ---- the keeper's own credentials are not believed any more, which says nothing of the secret ----

key=$(sed -n 's/^access_key_id *= *//p' "$WORLD/etc/smcred.conf")
access_key() {
    setpriv --reuid=smcred-server --regid=smcred-server --init-groups \
        "$WORLD/smcred/sbin/smcred-server" access-key "$1" --dir "$WORLD/server" "$key"
}
holds "the keeper's access key is disabled" access_key disable
like "a refresh fails for that" "$(smcred refresh "$WORLD_TARGET" 2>&1)" "*UnrecognizedClientException*"
is "logins go on from the cache" "$(query 'select 1')" 1
like "and status says why" "$(smcred status --json)" "*UnrecognizedClientException*"
holds "the key is enabled again" access_key enable
holds "and a refresh works" eventually 5 smcred refresh "$WORLD_TARGET"

# ---- a full disk: no file of the keeper's may grow beyond 1 MB ----

limit_keeper() { setpriv --reuid=smcred --regid=smcred --clear-groups prlimit --pid "$(keeper_pid)" --fsize="$1:"; }
yes '{"event":"filler"}' | head -n 60000 >>"$WORLD_AUDIT"
holds "the audit log's disk is full" limit_keeper 1000000
like "nobody is let in without an audit line" "$(query 'select 1')" "*audit log cannot be written*"
like "status says so" "$(smcred status 2>&1)" "*degraded*audit log cannot be written*"
lives "an open session goes on"
reloads=$(grep -c reloaded: "$WORLD_LOG/keeper.log")
sandbox reload "$WORLD"
reloaded() { [ "$(grep -c reloaded: "$WORLD_LOG/keeper.log")" -gt "$reloads" ]; }
holds "a reload is taken" eventually 5 reloaded
holds "there is room again" limit_keeper unlimited
is "and alice is in" "$(query 'select 1')" 1

# The parent is told to stop: the sessions that are open end when their people leave, not before.
holds "smcred stops" sandbox stop "$WORLD" keeper
lives "the open session still goes on"
like "a login without smcred is an error of its own form" "$(query 'select 1')" "*$words_ours*"
id=$(sed -n 's/.*"event":"resumed","id":"\([0-9a-f]*\)".*/\1/p' "$WORLD_AUDIT" | head -n 1)
holds "and its going on is in the audit log" audited '"event":"detached"' "\"id\":\"$id\""
session_ends
holds "whose end is in the relay's" eventually 5 grep -q "session=$id has ended" "$WORLD_LOG/keeper.log"
holds "smcred starts again" sandbox start "$WORLD" keeper
is "and alice is in" "$(query 'select 1')" 1

# ---- the relay is killed, and the database itself ----

before=$(values_read)
wrong=$(refusals)
session
lives "a session is open"
mapfile -t relays < <(relay_pids)
crowd
holds "its relay is killed while people log in" kill -KILL "${relays[@]}"
crowd_ends "none of them waits for ever"
session_is_told "whose session it was is told" "$words_of_a_loss"
holds "who comes after that gets another" eventually 5 in_again

connections() { awk -v port=":$(printf %04X "$WORLD_PORT")\$" '$3 ~ port && $4 == "01"' /proc/net/tcp | wc -l; }
many() { [ "$(connections)" -gt 5 ]; }
crowd_that_hangs() { # on its way into the database, which says nothing
    kill -STOP "$(cut -d' ' -f1 "$WORLD/pids/$engine")"
    crowd
    holds "people are on their way into a database that hangs" eventually 20 many
}
for way in crowd crowd_that_hangs; do
    session
    lives "a session is open"
    $way
    holds "the database is killed while people log in" sandbox kill "$WORLD" "$engine"
    crowd_ends "each of them is in, or told"
    session_is_told "so is whose session it was" "$words_of_a_loss"
    like "and who comes now" "$(query 'select 1')" "*${words_ours}cannot connect to *"
    holds "the database is back" eventually 20 sandbox start "$WORLD" "$engine"
    holds "and alice is in" eventually 20 in_again
done
is "no password was wrong" "$(refusals)" "$wrong"
is "and Secrets Manager was asked for none of it" "$(values_read)" "$before"
done_testing
