#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_simulate.sh - smcred simulate says what would happen, and that is what then happens.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
simulate() { smcred simulate --secret "$WORLD_SECRET" "--$1" --json >"$dir/said"; }
said() { jq -r ".targets[0].$1" "$dir/said"; }
count() { echo "$(calls GetSecretValue "$WORLD_SECRET") $(refusals)"; }
step() {
    smcred-rotate "$engine_rotated" --secret-id "$WORLD_SECRET" --step "$@" --ca-file "$WORLD_CA" --hostaddr 127.0.0.1 >"$dir/step" 2>&1 ||
        not_ok "$1" "$(cat "$dir/step")"
}
# what_happens: GetSecretValue and wrong passwords of one login
what_happens() {
    local values wrong
    read -r values wrong <<<"$(count)"
    is "alice is in" "$(query 'select 1')" 1
    echo "$(($(calls GetSecretValue "$WORLD_SECRET") - values)) $(($(refusals) - wrong))" >"$dir/happened"
}
refusal() { grep '"event":"decision"' "$WORLD_AUDIT" | grep '"outcome":"refused"' | tail -n 1 | jq -r .sqlstate; }

# Else the keeper reads the secret, at its start, to know where that database is.
sandbox stop "$WORLD" keeper
sed -i "/^\[target $WORLD_TARGET\]/a port = $WORLD_PORT" "$WORLD/etc/smcred.conf"
sandbox start "$WORLD" keeper
before=$(calls ".*" "$WORLD_SECRET")
simulate sm-down
is "a secret that a new keeper has not read is refused when Secrets Manager is down" "$? $(said outcome)" "1 refused"
is "nobody was asked to find out" "$(calls ".*" "$WORLD_SECRET")" "$before"
sandbox stop "$WORLD" server
query 'select 1' >/dev/null
is "and that is what happens, with this error" "$(refusal)" "$(said sqlstate)"
sandbox start "$WORLD" server
holds "alice is in again" eventually 30 query 'select 1'

before="$(calls ".*" "$WORLD_SECRET") $(grep -c '"event":"decision"' "$WORLD_AUDIT")"
simulate rotated
is "a rotation that nobody has noticed costs no login" "$? $(said outcome)" "0 in"
like "its steps are told" "$(said 'steps | join("\n")')" "*$words_of_a_change*GetSecretValue AWSCURRENT: version (new)*accepted*"
is "nobody was asked, and nobody logged in" "$(calls ".*" "$WORLD_SECRET") $(grep -c '"event":"decision"' "$WORLD_AUDIT")" "$before"
sandbox rotate "$WORLD" "$engine"
what_happens
is "so many calls and wrong passwords it costs" "$(cat "$dir/happened")" "$(said get_secret_value) $(said wrong_passwords)"

simulate changed
is "a password that nobody knows is waited for, and refused" "$? $(said outcome) $(said alarm)" "1 refused true"
like "people read it as a story" "$(smcred simulate --secret "$WORLD_TARGET" --changed)" "if *target $WORLD_TARGET*is refused (28000)*connects to *"
simulate half-rotated
is "nor does half of one" "$? $(said outcome)" "0 in"
step createSecret --single-user
step setSecret --single-user
forgets_the_old
what_happens
is "which costs what was said" "$(cat "$dir/happened")" "$(said get_secret_value) $(said wrong_passwords)"
version=$(smcred secret get-metadata "$WORLD_SECRET" --json | jq -r '.VersionIdsToStages | to_entries[] | select(.value | index("AWSPENDING")).key')
simulate half-rotated
is "a version that is there is named" "$(said version) $(said stage)" "$version AWSPENDING"
step finishSecret

# An outage, with lives that are short enough to see its end.
sed -i 's/^\[keeper\]/&\nttl = 10s\nstale = 3s/' "$WORLD/etc/smcred.conf"
sandbox stop "$WORLD" keeper
sandbox start "$WORLD" keeper
is "alice is in" "$(query 'select 1')" 1
sandbox stop "$WORLD" server
simulate sm-down
is "what is cached is served" "$? $(said outcome)" "0 in"
until=$(date -d "$(said served_until)" +%s)
is "until it is too old" "$(said then.outcome)" refused
is "alice is in" "$(query 'select 1')" 1
refused() { ! query 'select 1' >/dev/null; }
holds "then she is refused" eventually 60 refused
over=$(date +%s)
[ "$over" -ge "$until" ] && ok "not before the time that was said" || not_ok "not before the time that was said" "$over $until"
is "with the error that was said" "$(refusal)" "$(said then.sqlstate)"
sandbox start "$WORLD" server

smcred revoke secret "$WORLD_SECRET" --reason "a drill" >/dev/null
simulate rotated
is "what is revoked is refused whatever happens" "$? $(said outcome)" "1 refused"
like "for that reason" "$(said text)" "*revoked*a drill*"
as_alice smcred simulate --secret "$WORLD_TARGET" --rotated >"$dir/out" 2>&1
like "it is for administrators" "$? $(cat "$dir/out")" "1 smcred simulate: *administrator*"
arn=$(smcred secret get-metadata "$WORLD_SECRET" --json | jq -r .ARN)
for name in "$arn" "${arn%-*}"; do
    is "and knows them by their ARN" "$(smcred simulate --secret "$name" --rotated --json | jq -r '.targets[0].target')" "$WORLD_TARGET"
done
smcred simulate --secret nothing --rotated >"$dir/out" 2>&1
like "of secrets that there are" "$? $(cat "$dir/out")" "1 smcred simulate: no target has that name*"
done_testing
