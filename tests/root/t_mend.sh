#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mend.sh - on_drift = rotate: who changes the password in his own session has it for seconds.
. "$(dirname "$0")/world.sh"
needs_world
behind='behind our back'
value() { # of a secret: USER PASSWORD
    printf '{"engine":"%s","host":"%s","port":%s,"username":"%s","password":"%s","dbname":"%s"}' \
        "$engine_rotated" "$WORLD_HOST" "$WORLD_PORT" "$1" "$2" "$WORLD_DATABASE"
}
rotations() { grep '"event":"rotation"' "$WORLD_AUDIT"; }

# The function may have a superuser mend.
make_master boss hers
may_be_mended
value boss hers | smcred secret create boss >/dev/null
boss=$(smcred secret get-metadata boss --json | grep -o 'arn:aws:secretsmanager:[^"]*')
sed -i "s|--single-user|& --mend --masterarn $boss|" "$WORLD/etc/rotate-$WORLD_TARGET"
setpriv --reuid=smcred-server --regid=smcred-server --init-groups smcred-server function register \
    --dir "$WORLD/server" --reads "$boss" arn:aws:lambda:us-east-1:000000000000:function:rotate-"$WORLD_TARGET" \
    "$WORLD/etc/rotate-$WORLD_TARGET" || not_ok "the function is registered"
echo 'on_drift = rotate' >>"$WORLD/etc/smcred.conf" # of the target, which is the last section
sandbox reload "$WORLD"
holds "the configuration is read" eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"

is "the database takes the password" "$(query 'select 1')" 1
before=$(calls RotateSecret)
change_behind "$behind"
holds "somebody has changed it, and logs in past smcred" gets_in "$behind"
is "the next login waits for the rotation that it brings about, and is let in" "$(query 'select 1')" 1
like "an alarm names the session" "$(grep '"event":"alarm"' "$WORLD_AUDIT")" '*"suspect_count":?*,"suspects":"* of smcred-alice*'
like "the audit log says that a rotation was asked for" "$(rotations | head -n 1)" '*"outcome":"asked"*on_drift = rotate*'
like "and accepted" "$(rotations | tail -n 1)" "*\"target\":\"$WORLD_TARGET\"*\"version\":\"????????-*\"user\":\"$WORLD_ROLE\",\"outcome\":\"accepted\"*"
is "it was one" "$(($(calls RotateSecret) - before)) $(rotations | wc -l)" "1 2"
holds "it comes to its end" eventually 60 grep -q "${words_mended:-the superuser had given back}" "$WORLD_LOG/server.log"
ended() { ! smcred secret get-metadata "$WORLD_SECRET" --json | grep -q AWSPENDING; }
holds "in all its steps" eventually 60 ended
is "logins go on" "$(query 'select 1')" 1
fails "whoever changed it is not let in any more" gets_in "$behind"

# A secret that has no rotation function.
sandbox stop "$WORLD" keeper
make_user plain known
value plain known | smcred secret create prod/plain/db >/dev/null
sed -i 's/^\[keeper\]/&\nrotation_wait = 1s/' "$WORLD/etc/smcred.conf"
sed "s/^\[target $WORLD_TARGET\]/[target plain]/; s|^secret   = .*|secret = prod/plain/db|; /^match/d" \
    <(sed -n "/^\[target $WORLD_TARGET\]/,\$p" "$WORLD/etc/smcred.conf") >"$dir/plain"
cat "$dir/plain" >>"$WORLD/etc/smcred.conf"
sandbox start "$WORLD" keeper
# shellcheck disable=SC2046 # words
plain() { query "$1" $(to_target plain); }
is "another target's user is let in" "$(plain "$whoami")" plain
alter plain "$behind"
like "where no function can mend it, the database's own words come" "$(plain 'select 1')" "*$words_refused*"
like "and the audit log says what is to be done" "$(rotations | tail -n 1)" \
    '*"outcome":"refused"*No Lambda rotation function*--mend*'
like "as does the log" "$(cat "$WORLD_LOG/keeper.log")" "*no rotation of secret=*prod/plain/db* could be begun: *--mend*"
asked=$(calls RotateSecret)
plain 'select 1' >/dev/null
is "it is not asked for at every login" "$(calls RotateSecret)" "$asked"
done_testing
