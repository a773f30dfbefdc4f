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

# ---- redirections ----

pids=()
end_nodes() {
    [ ${#pids[@]} = 0 ] || { kill -KILL "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null
}
at_exit end_nodes
# node NAME COMMAND...: as its superuser
node() { REDISCLI_AUTH=roots redis-cli -s "$dir/$1/s" --user root "${@:2}" 2>&1; }
is_up() { ! kill -0 "${pids[-1]}" 2>/dev/null || [ "$(node "$1" ping)" = PONG ]; }

# start_node NAME: of a cluster, with the user app_NAME, at a port that $port is then and $bus behind it
start_node() {
    install -d -m 755 -o redis "$dir/$1"
    printf '%s\n' "user default off" "user root on $(hash_of roots) ~* &* +@all" \
        "user app_$1 on $(hash_of "of-$1") ~* &* +@all -@admin" >"$dir/$1/users"
    for _ in 1 2 3; do # somebody else may be faster at a port
        port=$(free_port) bus=$(free_port)
        (cd "$dir/$1" && exec setpriv --reuid=redis --regid=redis --clear-groups redis-server --save '' --bind 127.0.0.1 --port "$port" \
            --unixsocket s --unixsocketperm 777 --aclfile users --cluster-enabled yes --cluster-port "$bus" --set-proc-title no) \
            >"$dir/$1.log" 2>&1 &
        pids+=($!)
        eventually 60 is_up "$1"
        [ "$(node "$1" ping)" != PONG ] || return 0
    done
    return 1
}
start_node one && start_node two
two=127.0.0.1:$port
node one cluster addslotsrange 0 8191 >/dev/null
node two cluster addslotsrange 8192 16383 >/dev/null
node one cluster meet 127.0.0.1 "$port" "$bus" >/dev/null
sends_away() { [ "$(node one get foo)" = "MOVED 12182 $two" ] && node two cluster info | grep -q '^cluster_state:ok'; }
holds "a cluster of two is there" eventually 60 sends_away
node two set foo "on two" >/dev/null 2>&1

for name in one two; do
    printf '{"engine":"redis","host":"%s","username":"app_%s","password":"of-%s"}' "$dir/$name/s" $name $name |
        smcred secret create shard/$name >/dev/null
done
# shard NAME MATCH ALLOW
shard() {
    printf '[target shard-%s]\nengine = redis\nsecret = shard/%s\nmatch = %s\nallow = %s\n' "$1" "$1" "$2" "$3" >"$WORLD/etc/conf.d/$1.conf"
    chmod 644 "$WORLD/etc/conf.d/$1.conf"
    sandbox reload "$WORLD"
}
follow() { as_alice redis-cli -c -h shard-one.internal "$@" 2>&1; }
shard one shard-one.internal smcred-alice
holds "one of them is a target" eventually 20 there shard-one
is "whose keys alice reads" "$(follow acl whoami)" app_one
like "another's key is said to be there" "$(as_alice redis-cli -h shard-one.internal get foo 2>&1)" "MOVED 12182 $two"
like "a client that goes there, where no target is, is nobody" "$(follow get foo)" "NOAUTH*"
is "and has no password that it could say" "$(node two acl log)" ""
two_id=$(node two cluster myid)
node one cluster setslot 5061 migrating "$two_id" >/dev/null
node two cluster setslot 5061 importing "$(node one cluster myid)" >/dev/null
like "so is one that is sent there for a moment" "$(follow get bar)" "*NOAUTH*"
shard two "$two" smcred-mallory
refused_there() { follow get foo | grep -q "WRONGPASS smcred: smcred-alice may not use target shard-two"; }
holds "where the other is a target of mallory's, alice is refused by its own rule" eventually 20 refused_there
shard two "$two" smcred-alice
allowed() { [ "$(follow get foo)" = "on two" ]; }
holds "and if it is hers, she reads it" eventually 20 allowed
like "as the other's user" "$(printf 'get foo\nacl whoami\n' | follow | xargs)" "*on two app_two"
holds "which the audit log has" audited '"event":"login"' smcred-alice shard-two app_two
is "nobody has tried another password" "$(node one acl log)$(node two acl log)" ""
done_testing
