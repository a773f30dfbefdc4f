#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_doctor.sh - smcred doctor sees what is wrong, and only that.
. "$(dirname "$0")/world.sh"
command -v jq >/dev/null || skip_all "no jq"
needs_world
query 'select 1' >/dev/null # so that the secret's host and port are known

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

# ---- what doctor advises ----
if command -v nft >/dev/null && nft list tables >/dev/null 2>&1; then
    holds "the egress guard of the documentation is a ruleset" nft -c -f <(sed 's/"smcred-relay"/12345/' "$top_srcdir/etc/smcred.nft")
else
    skip "the egress guard of the documentation is a ruleset" "no nft, or it may not ask the kernel"
fi
done_testing
