#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis_protocol.sh - Redis's protocol at its edges, with real servers: replicas, a user that is deleted, and
# clients that are sent to another server.
export engine=redis
. "$(dirname "$0")/world.sh"
needs_world
cat >"$WORLD/etc/conf.d/copy.conf" <<END
[target copy]
engine = redis
secret = $WORLD_SECRET
match = copy.internal
hostaddr = 127.0.0.1
allow = smcred-alice
ca_file = $WORLD_CA
replication = yes
END
chmod 644 "$WORLD/etc/conf.d/copy.conf"
sandbox reload "$WORLD"
there() { [ -S "$WORLD/run/$1/redis.sock" ]; }
holds "targets come with a reload" eventually 20 there copy
at() { as_alice redis-cli -s "$WORLD/run/$1/redis.sock" "${@:2}" 2>&1; }
home=$WORLD/home/alice

# ---- replication ----

in_redis set kept "as it was" >/dev/null
refused="ERR unknown command 'smcred: this target permits no replication; replication = yes in smcred.conf would'*"
like "nobody is sent all of the data where the target does not say so" "$(at cache psync '?' -1)" "SYNC with master failed: -$refused"
like "nor announces that he will ask" "$(at cache replconf rdb-only 1)" "$refused"
unlike "nor by the client's own way" "$(at cache --rdb "$home/none")" "*Transfer finished*"
fails "so there is no copy" test -s "$home/none"
is "the server has sent none" "$(in_redis info stats | grep -c '^sync_full:0')" 1
like "where it does, he is" "$(at copy --rdb "$home/dump")" "*Transfer finished with success*"
holds "and has them" grep -q "as it was" "$home/dump"

mkdir -m 755 "$home/replica" && chown smcred-alice "$home/replica"
as_alice redis-server --port 0 --unixsocket "$home/replica/s" --dir "$home/replica" --save '' --set-proc-title no \
    --repl-diskless-load swapdb --replicaof copy.internal 6379 >"$dir/replica.log" 2>&1 &
replica=$!
stop_replica() { kill -KILL "$(pgrep -P $replica redis-server || echo $replica)" 2>/dev/null; wait $replica 2>/dev/null; }
at_exit stop_replica
replica() { as_alice env -u LD_PRELOAD redis-cli -s "$home/replica/s" "$@" 2>&1; }
replica_has() { [ "$(replica get "$1")" = "$2" ]; }
holds "a real replica comes through the shim, and has them" eventually 60 replica_has kept "as it was"
in_redis set later "it came" >/dev/null
holds "it hears what is written from then on" eventually 20 replica_has later "it came"
acknowledged() { in_redis info replication | grep -q "state=online,offset=[1-9]"; }
holds "and the server hears of it" eventually 20 acknowledged
is "another client of the target is one as ever" "$(at copy get later)" "it came"
in_redis set last "before the end" >/dev/null
holds "the last thing that it hears" eventually 20 replica_has last "before the end"
holds "until its secret is revoked" smcred revoke secret copy --reason "for a test"
hung_up() { ! in_redis client list | grep -q "flags=S"; }
holds "then the session ends" eventually 20 hung_up
in_redis set missed "meanwhile" >/dev/null
holds "the revocation is lifted" smcred revoke secret copy --lift
holds "it goes on" eventually 60 replica_has missed "meanwhile"
is "from where it was" "$(in_redis info stats | sed -n 's/^sync_partial_ok:\(.*\)\r/\1/p')" 1
empty "and has taken no word of ours for one of the server's" "$(grep CRITICAL "$dir/replica.log")"
stop_replica

# ---- the own user ----

like "nobody deletes the user that all are logged in as" "$(at cache acl deluser "$WORLD_ROLE")" "ERR*would be locked out*"
like "or switches it off" "$(at cache acl setuser "$WORLD_ROLE" off)" "ERR*would be locked out*"
is "another is the server's business" "$(at cache acl deluser nobody-of-that-name)" 0
hash=$(hash_of "$(cat "$WORLD_PASSWORD_FILE")")
at cache blpop never 60 >"$dir/ended" &
waiter=$!
blocked() { in_redis info clients | grep -q '^blocked_clients:1'; }
holds "somebody is in" eventually 20 blocked
is "who deletes it at the server" "$(in_redis acl deluser "$WORLD_ROLE")" 1
wait "$waiter"
like "ends its sessions" "$(cat "$dir/ended")" "*Server closed the connection*"
like "and who comes next hears the server's own words" "$(at cache ping)" "WRONGPASS invalid username-password pair*"
wrong=$(in_redis acl log | grep -c "^$WORLD_ROLE\$")
holds "after no more wrong passwords than the budget has: $wrong" test "$wrong" -ge 1 -a "$wrong" -le 3
in_redis acl setuser "$WORLD_ROLE" on "$hash" '~*' '&*' +@all >/dev/null
holds "once it is back, the version is proved" smcred rotate cache
is "and alice is in" "$(at cache acl whoami)" "$WORLD_ROLE"
in_redis acl setuser "$WORLD_ROLE" off >/dev/null
like "a user that is switched off is refused by the server as well" "$(at cache ping)" "WRONGPASS*"
in_redis acl setuser "$WORLD_ROLE" on >/dev/null
holds "until it is on again" smcred rotate cache
done_testing
