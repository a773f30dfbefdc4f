#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_doctor.sh - smcred doctor sees what is wrong, and only that.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
known() { as_alice smcred targets --json | jq -e --arg port "$WORLD_PORT" \
    '.targets[] | select(.name == "orders" and .place_known) | (.port | tostring) == $port'; }
holds "before anybody has logged in the keeper knows the port that only the secret says" eventually 20 known

# finds TEXT [OPTION...]: the level of the finding that begins so, as alice's doctor says
finds() {
    as_alice env "${@:2}" smcred doctor --json 2>&1 | jq -r --arg text "$1" '.checks[] | select(.finding | startswith($text)) | .level' | sort -u
}
is "the keeper answers" "$(finds 'the keeper answers')" ok
is "the shim is loaded" "$(finds 'programs of this shell go through smcred')" ok
is "without it, that is said" "$(finds "this shell's programs do not go" LD_PRELOAD=)" advice
is "the index is there" "$(finds 'the index of targets is there')" ok
is "a wrong one is an error" "$(finds 'there is no usable index' SMCRED_INDEX=/nonexistent)" error
is "TLS verifies" "$(finds 'the database must prove')" ok
is "a password alone opens the database" "$(finds 'the password alone opens')" advice
is "which is reached past smcred, although the shim is loaded" "$(finds 'the database is reached past smcred')" warning
is "no password lies about" "$(finds 'a database password')$(finds 'a password file')" ""
is "one in the environment is seen" "$(finds 'a database password is in the environment' PGPASSWORD=x)" warning
as_alice sh -c 'echo "*:*:*:*:x" >~/.pgpass && chmod 600 ~/.pgpass'
is "one in a file too" "$(finds 'a password file is there')" warning
as_alice sh -c 'rm ~/.pgpass'
as_alice smcred doctor >/dev/null
is "a warning is exit 1" "$?" 1
like "a table is for people" "$(as_alice smcred doctor)" "*LEVEL*TARGET*FINDING*warning*orders*past smcred*smcred.nft*"
is "no keeper is exit 3" "$(as_alice env SMCRED_SOCKET=/nonexistent smcred doctor >/dev/null 2>&1; echo $?)" 3

# ---- what the keeper could not read ----
is "the target's own port is known" "$(finds 'its secret could not be read')" ""
printf '[target lost]\nsecret = lost\nmatch = lost-db.internal\nhostaddr = 127.0.0.1\nallow = smcred-alice\nca_file = %s\n' \
    "$WORLD_CA" >"$WORLD/etc/conf.d/lost.conf"
chmod 644 "$WORLD/etc/conf.d/lost.conf"
sandbox reload "$WORLD"
warned() { [ "$(finds 'its secret could not be read')" = warning ]; }
holds "one that the secret does not say is warned of" eventually 20 warned
explained() { as_alice smcred explain --host "$@" --json | jq -r .decision; }
is "what match says leads to it all the same" "$(explained lost-db.internal)" allow
is "and the database's address does not, by a guess" "$(explained 127.0.0.1 --port 5432)" none
is "the address of what could be read does" "$(explained 127.0.0.1 --port "$WORLD_PORT")" allow

# ---- what doctor advises ----
if command -v nft >/dev/null && nft list tables >/dev/null 2>&1; then
    holds "the egress guard of the documentation is a ruleset" nft -c -f <(sed 's/"smcred-relay"/12345/' "$top_srcdir/etc/smcred.nft")
else
    skip "the egress guard of the documentation is a ruleset" "no nft, or it may not ask the kernel"
fi
done_testing
