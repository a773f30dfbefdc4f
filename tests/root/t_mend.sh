#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mend.sh - on_drift = rotate: who changes the password in his own session has it for seconds.
. "$(dirname "$0")/world.sh"
needs_world
behind='behind our back'
change_it() { query "do \$\$ begin execute 'alter role current_user password ''$behind'''; end \$\$" >/dev/null; }
value() { # of a secret: USER PASSWORD
    printf '{"engine":"postgres","host":"%s","port":%s,"username":"%s","password":"%s","dbname":"orders"}' \
        "$WORLD_HOST" "$WORLD_PORT" "$1" "$2"
}
rotations() { grep '"event":"rotation"' "$WORLD_AUDIT"; }

# The function may have a superuser mend.
in_the_database "create role boss login createrole password 'hers'" >/dev/null
in_the_database "alter role $WORLD_ROLE noreplication" >/dev/null # that is no right of a user who may be mended
value boss hers | smcred secret create boss >/dev/null
boss=$(smcred secret get-metadata boss --json | grep -o 'arn:aws:secretsmanager:[^"]*')
sed -i "s|--single-user|& --mend --masterarn $boss|" "$WORLD/etc/rotate-orders"
setpriv --reuid=smcred-server --regid=smcred-server --init-groups smcred-server function register \
    --dir "$WORLD/server" --reads "$boss" arn:aws:lambda:us-east-1:000000000000:function:rotate-orders \
    "$WORLD/etc/rotate-orders" || not_ok "the function is registered"
echo 'on_drift = rotate' >>"$WORLD/etc/smcred.conf" # of the target, which is the last section
sandbox reload "$WORLD"
holds "the configuration is read" eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"

is "the database takes the password" "$(query 'select 1')" 1
change_it
is "somebody has changed it, and logs in past smcred" \
    "$(PGPASSWORD=$behind directly -c 'select 1')" 1
is "the next login waits for the rotation that it brings about, and is let in" "$(query 'select 1')" 1
like "an alarm names the session" "$(grep '"event":"alarm"' "$WORLD_AUDIT")" '*"suspect_count":?*,"suspects":"* of smcred-alice*'
like "the audit log says that a rotation was asked for" "$(rotations | head -n 1)" '*"outcome":"asked"*on_drift = rotate*'
like "and accepted" "$(rotations | tail -n 1)" "*\"target\":\"orders\"*\"version\":\"????????-*\"user\":\"$WORLD_ROLE\",\"outcome\":\"accepted\"*"
is "it was one" "$(calls RotateSecret) $(rotations | wc -l)" "2 2" # the world's own is the other
holds "it comes to its end" eventually 60 grep -q 'the superuser had given back' "$WORLD_LOG/server.log"
ended() { ! smcred secret get-metadata "$WORLD_SECRET" --json | grep -q AWSPENDING; }
holds "in all its steps" eventually 60 ended
is "logins go on" "$(query 'select 1')" 1
like "whoever changed it is not let in any more" "$(PGPASSWORD=$behind directly -c 'select 1')" "*password authentication failed*"

# A secret that has no rotation function.
sandbox stop "$WORLD" keeper
in_the_database "create role plain login password 'known'" >/dev/null
value plain known | smcred secret create prod/plain/db >/dev/null
sed -i 's/^\[keeper\]/&\nrotation_wait = 1s/' "$WORLD/etc/smcred.conf"
sed 's/^\[target orders\]/[target plain]/; s|^secret   = .*|secret = prod/plain/db|; /^match/d' \
    <(sed -n '/^\[target orders\]/,$p' "$WORLD/etc/smcred.conf") >"$dir/plain"
cat "$dir/plain" >>"$WORLD/etc/smcred.conf"
sandbox start "$WORLD" keeper
plain() { as_alice psql -XAtq -h "$WORLD/run/plain" -c "$1" 2>&1; }
is "another target's user is let in" "$(plain 'select current_user')" plain
in_the_database "alter role plain password '$behind'" >/dev/null
like "where no function can mend it, the database's own words come" "$(plain 'select 1')" "*password authentication failed*"
like "and the audit log says what is to be done" "$(rotations | tail -n 1)" \
    '*"outcome":"refused"*No Lambda rotation function*--mend*'
like "as does the log" "$(cat "$WORLD_LOG/keeper.log")" "*no rotation of secret=*prod/plain/db* could be begun: *--mend*"
asked=$(calls RotateSecret)
plain 'select 1' >/dev/null
is "it is not asked for at every login" "$(calls RotateSecret)" "$asked"
done_testing
