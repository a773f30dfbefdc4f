#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis_login.sh - a real Redis and its own client: who gets in, where the password may go, what clients do.
# What is done to a target of any engine, t_X_redis.sh does.
. "$(dirname "$0")/world.sh"
command -v redis-server >/dev/null && id redis >/dev/null 2>&1 || skip_all "needs Redis"
needs_world redis

shim=$WORLD_REDIS_HOST
socket=$WORLD/run/cache/redis.sock
by_shim() { as_alice redis-cli -h "$shim" "$@" 2>&1; }
by_socket() { as_alice env -u LD_PRELOAD redis-cli -s "$socket" "$@" 2>&1; }
stat_of() { in_redis info "$1" | sed -n "s/^$2:\(.*\)\r$/\1/p"; }

# ---- who gets in ----

for way in by_shim by_socket; do
    is "alice is logged in as the secret's user, $way" "$($way acl whoami)" "$WORLD_REDIS_ROLE"
    is "and says so to the server" "$($way client getname)" "smcred:smcred-alice"
    like "with RESP3 too" "$($way -3 hello 3 | xargs)" "*proto 3*"
    is "her own name is accepted, with whatever password" "$(REDISCLI_AUTH=canary-in-a-mine $way --user smcred-alice ping)" PONG
    is "so is the target's user" "$($way --user "$WORLD_REDIS_ROLE" --no-auth-warning --pass x ping)" PONG
    like "another user is refused, and told the rule" "$($way --user root --no-auth-warning --pass x ping)" \
        'AUTH failed: WRONGPASS smcred: target cache logs in as "cache_app", not as "root"*'
    is "the database's own refusal comes through" "$($way -n 77 ping)" "SELECT 77 failed: ERR DB index is out of range
PONG"
done
holds "the connection is over TLS, and verified" audited '"event":"login"' '"cache"' '"tls_version":"TLSv1.3"'
refused='WRONGPASS smcred: smcred-mallory may not use target cache, by rule *target cache: allow*'
like "mallory is refused, and told the rule" "$(as_mallory redis-cli -h "$shim" ping 2>&1)" "$refused"
like "at the target's socket too" "$(as_mallory env -u LD_PRELOAD redis-cli -s "$socket" ping 2>&1)" "$refused"
like "nobody gets in without us" "$(as_alice env -u LD_PRELOAD redis-cli -h 127.0.0.1 -p "$WORLD_REDIS_PORT" --tls \
    --cacert "$WORLD_CA" ping 2>&1)" "NOAUTH*"
like "TLS is not spoken to the relay" "$(by_shim --tls ping)" "Could not connect to Redis at *SSL_connect failed*"
holds "the audit log says why, and what to do" audited '"outcome":"failed"' "leave --tls out"
holds "it has alice's login" audited '"event":"login"' smcred-alice "$WORLD_REDIS_SECRET" '"user":"cache_app"'
holds "and whom it refused" audited smcred-mallory 'target cache: allow'
is "no server heard of another user" "$(in_redis acl log | grep -c root)" 0

# ---- where the password may go ----

# target NAME LINE...: another way to the same Redis, by the same secret unless $secret is another
target() {
    printf '[target %s]\nengine = redis\nsecret = %s\nallow = smcred-alice\n' "$1" "${secret:-$WORLD_REDIS_SECRET}" >"$WORLD/etc/conf.d/$1.conf"
    printf '%s\n' "${@:2}" >>"$WORLD/etc/conf.d/$1.conf"
    chmod 644 "$WORLD/etc/conf.d/$1.conf"
}
chmod 711 "$WORLD/redis" "$WORLD/redis/socket"
chmod 777 "$WORLD/redis/socket/s"
target cache-local "host = $WORLD/redis/socket/s"
printf '{"engine":"redis","host":"127.0.0.1","port":%s,"username":"cache_app","password":"%s"}' \
    "$WORLD_REDIS_PORT" "$(cat "$WORLD_REDIS_PASSWORD_FILE")" | smcred secret create prod/cache/plain >/dev/null
secret=prod/cache/plain target cache-plain "tls = disable" # whose port only the secret knows: judged at the login
secret=prod/cache/plain target cache-yes "tls = disable" "cleartext = yes"
target cache-three "hostaddr = 127.0.0.1" "ca_file = $WORLD_CA" "dbname = 3"
target cache-many "hostaddr = 127.0.0.1" "ca_file = $WORLD_CA" "dbname = 33"
sandbox reload "$WORLD"
at() { as_alice redis-cli -s "$WORLD/run/$1/redis.sock" "${@:2}" 2>&1; }
there() { [ -S "$WORLD/run/cache-many/redis.sock" ]; }
holds "the targets are there" eventually 20 there
is "over a Unix socket without TLS" "$(at cache-local acl whoami)" "$WORLD_REDIS_ROLE"
for name in cache-plain cache-yes; do
    like "not to a port of this host, which anybody may have taken: $name" "$(at $name ping)" \
        "WRONGPASS smcred: *over a connection whose peer was not verified*"
done
like "the target's database is the connection's" "$(at cache-three client info)" "* db=3 *"
like "and one that is not there is the server's to refuse" "$(at cache-many ping)" "ERR DB index is out of range*"

# ---- what clients do ----

is "a pipe of 20000 commands is as long at its other end" \
    "$(seq 20000 | sed 's/.*/set key:& value:&\r/' | as_alice redis-cli -h "$shim" --pipe | tail -n 1)" "errors: 0, replies: 20000"
is "and has come" "$(by_shim get key:19999)" value:19999
is "a large value comes and goes" "$(head -c 20000000 /dev/zero | tr '\0' x | as_alice redis-cli -h "$shim" -x set large)
$(by_shim strlen large)" "OK
20000000"
like "eight clients at once, in pipelines" "$(as_alice redis-benchmark -h "$shim" -c 8 -n 20000 -P 16 -t set -q 2>&1 | tr '\r' '\n' | tail -n 2)" \
    "*SET: *requests per second*"
is "lines are typed, and a transaction is one" "$(printf 'multi\nincr n\nincr n\nexec\n' | by_shim | xargs)" "OK QUEUED QUEUED 1 2"
as_alice redis-cli -h "$shim" subscribe news >"$dir/news" 2>&1 &
subscriber=$!
heard() { [ "$(in_redis publish news "$1")" = 1 ] && eventually 5 grep -q "$1" "$dir/news"; }
holds "who subscribes hears" eventually 20 heard something
kill "$subscriber"
by_shim blpop later 60 >"$dir/later" &
waiter=$!
blocked() { [ "$(stat_of clients blocked_clients)" = 1 ]; }
holds "who waits for a list" eventually 20 blocked
in_redis rpush later on >/dev/null
wait "$waiter"
is "gets what is put there" "$(xargs <"$dir/later")" "later on"
says_once() { printf '%s\n' "$@" | by_shim | xargs; }
like "nobody is logged out" "$(says_once 'set a 1' reset 'acl whoami')" "OK ERR*smcred: RESET would log this connection out*cache_app"
like "nor logs in as somebody else" "$(says_once 'get a' 'auth root x' 'acl whoami')" "1 ERR*smcred: the user of a connection cannot be changed*cache_app"
like "the own password is changed by rotation alone" "$(by_shim acl setuser cache_app '>mine' 2>&1)" "ERR*changed by rotation only*"
is "and is what it was" "$(by_shim ping)" PONG
like "a connection's name keeps the human's" "$(says_once 'client setname worker' 'client getname')" "OK smcred:smcred-alice:worker"
is "smcred connect finds the client" "$(as_alice smcred connect cache acl whoami 2>&1)" cache_app
is "and REDISCLI_AUTH leads nowhere else" "$(REDISCLI_AUTH=x as_alice sh -c 'REDISCLI_AUTH=x smcred connect cache acl whoami' 2>&1)" cache_app
like "smcred rotate proves the next one" "$(smcred rotate cache 2>&1)" "*proven*logged in as cache_app*"
done_testing
