#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_hang.sh - a keeper that hangs: whoever waits for it is told so, in the database's own form, and
# the next keeper serves.
. "$(dirname "$0")/world.sh"
needs_world

session
lives "a session is open"
hung=$(keeper_pid)
holds "the keeper is stopped" kill -STOP "$hung"
query 'select 1' >"$dir/by_name" &
waiting=($!)
# shellcheck disable=SC2046 # words
query 'select 1' $(to_target "$WORLD_TARGET") >"$dir/by_socket" &
waiting+=($!)
like "smcred gives up by itself" "$(as_alice smcred targets 2>&1)" "*did not answer in time*"
lives "the open session goes on"
wait "${waiting[@]}"
for way in by_name by_socket; do
    like "who waits is told, $way" "$(cat "$dir/$way")" "*${words_ours}the keeper d* not answer*"
done
holds "another keeper takes over" eventually 5 another_keeper "$hung"
holds "and lets alice in" eventually 5 in_again
holds "the log says why" grep -q 'the keeper has said nothing for 30 s' "$WORLD_LOG/keeper.log"
holds "the session of before is known to it" audited '"event":"resumed"' '"uid":'
session_ends
done_testing
