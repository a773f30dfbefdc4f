#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_revoke.sh - the kill switch: what is revoked is gone at once and stays gone until it is lifted.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
command -v python3 >/dev/null || skip_all "no python3"
needs_world
sed -i "/^\[target $WORLD_TARGET\]/a allow_value = root" "$WORLD/etc/smcred.conf"
sandbox reload "$WORLD"
eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"

value() { python3 "$top_srcdir/tests/keeper/control_client.py" "$SMCRED_SOCKET" resolve "name=$WORLD_TARGET"; }
sessions() { smcred status --json | jq -r ".sessions[] | select(.state == \"open\") | .$1"; }

# is_in: alice has a session; gone SENTENCE TEXT: it has ended with these words
is_in() {
    session
    lives "alice has a session"
}
none_open() { [ -z "$(sessions id)" ]; }
gone() {
    holds "$1" eventually 20 none_open
    session_is_told "and is told why" "$words_of_an_end*$2"
}

# ---- a secret ----
is_in
is "a key made of the password logs in without it" "$(smcred status --json | jq .scram_keys)" "${keys_kept:-1}"
holds "a value is given" value
fails "who is no administrator revokes nothing" as_alice smcred revoke secret "$WORLD_TARGET"
in_again && ok "and nothing is" || not_ok "and nothing is"
one_open() { [ "$(sessions id | wc -l)" = 1 ]; }
holds "nobody else is in any more" eventually 20 one_open
said=$(smcred revoke secret "$WORLD_TARGET" --reason "it is on a wiki page" --json)
is "root revokes the secret of a target" "$(jq -r '.name, .sessions_ended' <<<"$said" | xargs)" "$WORLD_SECRET 1"
is "and is told which targets that are" "$(jq -c .targets <<<"$said")" "[\"$WORLD_TARGET\"]"
gone "its session ends" "was revoked by root*it is on a wiki page"
is "no key that was made of its password is left" "$(smcred status --json | jq .scram_keys)" 0
like "a new one is refused, and told why" "$(query 'select 1')" "*target $WORLD_TARGET: secret $WORLD_SECRET was revoked by root*wiki page*"
like "so is the value" "$(value)" "*denied*was revoked by root*"
like "explain knows" "$(as_alice smcred explain --host "$WORLD_HOST")" "*revoked: secret $WORLD_SECRET*"
audited '"event":"revoke"' '"operator":"root"' '"kind":"secret"' '"reason":"it is on a wiki page"' && ok "the audit log has who and why" || not_ok "the audit log has who and why"
audited '"outcome":"refused"' '"rule":"revoked: secret' '"operator":"smcred-alice"' && ok "and whom it hit" || not_ok "and whom it hit"
like "the list has it" "$(smcred revoke --list)" "*secret*$WORLD_SECRET*root*wiki page*"

old=$(keeper_pid)
kill -KILL "$old"
holds "the keeper is killed, and another takes over" eventually 20 another_keeper "$old"
like "the secret is still revoked" "$(query 'select 1')" "*was revoked by root*"
holds "it is lifted" smcred revoke secret "$WORLD_SECRET" --lift
holds "and alice is in again" eventually 20 in_again
holds "and the value is given" value
like "what is not revoked cannot be lifted" "$(smcred revoke secret "$WORLD_SECRET" --lift 2>&1)" \
    "smcred revoke: no such revocation is in force*"

like "a name of no target's secret is revoked with a warning" "$(smcred revoke secret ordres 2>&1)" \
    "*warning: no target of this host has that secret*"
smcred revoke secret ordres --lift >/dev/null 2>&1

is_in
arn=$(smcred secret get-metadata "$WORLD_SECRET" --json | jq -r .ARN)
is "an ARN without its six characters means the same secret" "$(smcred revoke secret "${arn%-*}" --json | jq -c .targets)" "[\"$WORLD_TARGET\"]"
gone "its session ends" "was revoked by root"
smcred revoke secret "$arn" --lift >/dev/null
holds "lifted by its whole ARN, alice is in" eventually 20 in_again

# ---- a version ----
is_in
leaked=$(current)
holds "a version is revoked" smcred revoke version "$WORLD_TARGET" "$leaked"
gone "its session ends" "version $leaked of secret"
like "it logs nobody in" "$(query 'select 1')" "*version $leaked of secret*was revoked*"
like "it is given to nobody" "$(value)" "*version $leaked*"
holds "the password is rotated" sandbox rotate "$WORLD" "$engine"
holds "the next version logs in" eventually 20 in_again
holds "and is given" eventually 20 value

said=$(smcred revoke version "$WORLD_TARGET" "${leaked%?}" 2>&1 >/dev/null)
is "a version that nobody knows is revoked with a warning" "$said" "smcred revoke: warning: no such version of it has been seen here"
smcred revoke version "$WORLD_TARGET" "${leaked%?}" --lift >/dev/null
is "one that is known is, without" "$(smcred revoke version "$WORLD_TARGET" "$(current)" 2>&1 >/dev/null)" ""
smcred revoke version "$WORLD_TARGET" "$(smcred revoke --list --json | jq -r '.revocations[-1].version')" --lift >/dev/null
holds "and lifted, it logs in" eventually 20 in_again

# ---- a user ----
is_in
holds "a user is revoked" smcred revoke user smcred-alice --reason "the laptop was stolen"
gone "his session ends" "laptop was stolen"
like "he does not come in" "$(query 'select 1')" "*user smcred-alice was revoked by root*laptop was stolen*"
holds "others have their values" eventually 20 value
holds "it is lifted" smcred revoke user smcred-alice --lift
holds "he is in again" in_again
like "a user of nowhere" "$(smcred revoke user no-such-user 2>&1)" "*there is no such user on this host*"

# ---- a session ----
is_in
id=$(sessions id)
holds "a session is ended by its id" smcred revoke session "$id" --reason "maintenance"
gone "it has ended" "the session was ended by root: maintenance"
holds "the next one is welcome" in_again
like "a session that is not there" "$(smcred revoke session "$id" 2>&1)" "*there is no such session*"

# ---- a file that says nothing ----
echo '{"revocations": [' >"$WORLD/run/revocations.json"
kill -KILL "$(keeper_pid)"
holds "a keeper with a damaged list does not start, and says why" \
    eventually 20 grep -q "revocations.json is damaged: mend it" "$WORLD_LOG/keeper.log"
fails "so nobody is let in on a guess" in_again
done_testing
