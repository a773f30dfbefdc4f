#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis_clients.sh - clients of Redis and Valkey, Debian's and as their authors publish them, by each way,
# without a password and with one that opens nothing.  Where a registry or a language is not to be had, its
# clients skip aloud.
# shellcheck disable=SC2034 # clients.sh reads results and settings
. "$(dirname "$0")/clients.sh"
shopt -s extglob
cp "$top_srcdir"/tests/clients/redis_client.{py,js,go} "$top_srcdir/tests/clients/RedisClient.java" "$work"
chmod 755 "$work"

fetch pip /usr/bin/python3 -m pip install --disable-pip-version-check --no-cache-dir --retries 0 --timeout 20 \
    --only-binary :all: --target site redis==8.1.0 valkey==6.2.0
command -v node >/dev/null && fetch npm npm install --no-audit --no-fund --ignore-scripts --cache "$work/npm" \
    --fetch-retries 0 --fetch-timeout 20000 --prefix "$work" redis@5 ioredis@5
command -v javac >/dev/null && fetch maven sh -c 'mvn -q -B -Dmaven.repo.local="$PWD/m2" dependency:copy \
    -Dartifact=redis.clients:jedis:5.2.0 -DoutputDirectory="$PWD/jars" && for of in \
    org.slf4j:slf4j-api:1.7.36 org.apache.commons:commons-pool2:2.12.0 org.json:json:20240303 com.google.code.gson:gson:2.11.0; do
    mvn -q -B -Dmaven.repo.local="$PWD/m2" dependency:copy -Dartifact=$of -DoutputDirectory="$PWD/jars" || exit; done &&
    javac -cp "jars/*" -d classes RedisClient.java'
command -v go >/dev/null && fetch go env CGO_ENABLED=0 GOFLAGS=-mod=mod sh -c '
    go mod init client && go get github.com/redis/go-redis/v9@v9.7.0 && go build -gcflags="all=-N -l" -o client.static redis_client.go'
clients_world redis
says="$WORLD_REDIS_ROLE 42 smcred:smcred-alice:worker"

# driver CLIENT NAMES COMMAND...: logs in by each way, and asks; NAMES are of what the program can be told to do
driver() {
    local name names=$2 command=("${@:3}") place
    is_client "$1"
    for way in shim seccomp socket; do
        if [ -n "$missing" ]; then
            is_missing "$missing"
            continue
        fi
        case $way in
        shim) place=("$WORLD_REDIS_HOST") ;;
        seccomp) place=(127.0.0.1 "$WORLD_REDIS_PORT") ;;
        socket) place=("$WORLD/run/cache/redis.sock") ;;
        esac
        case $way,$client in
        shim,Go*) does_not_reach "$($way "${command[@]}" redis 127.0.0.1 "$WORLD_REDIS_PORT" | xargs)" "*@(EOF|reset|closed|broken|failed)*" ;;
        socket,Jedis*) results[$client|$way]=– ;;
        *)
            for name in $names; do
                does "logs in, and asks ($name)" "$($way "${command[@]}" "$name" "${place[@]}" | tail -n 1)" "$says"
            done
            ;;
        esac
    done
}

missing=
fetched pip || missing="pip cannot install it"
settings=("PYTHONPATH=$work/site" PYTHONDONTWRITEBYTECODE=1)
driver "redis-py" "redis redis-p redis-3 redis-3-p" /usr/bin/python3 "$work/redis_client.py"
driver "valkey-py" "valkey valkey-p valkey-3-p" /usr/bin/python3 "$work/redis_client.py"
missing=
fetched npm || missing="no node, or npm cannot install it"
settings=("NODE_PATH=$work/node_modules")
driver "node-redis" "redis redis-p" node "$work/redis_client.js"
driver "ioredis" "ioredis ioredis-p" node "$work/redis_client.js"
missing=
fetched maven || missing="no JDK, or Maven cannot fetch it"
settings=()
driver "Jedis" "jedis jedis-p jedis-3-p" java -cp "$work/classes:$work/jars/*" RedisClient
missing=
fetched go || missing="no Go, or it cannot build it"
driver "Go, go-redis" "redis redis-p" "$work/client.static"
is "the server was told no wrong password" "$(in_redis acl log | grep -c '^auth$')" 0
table_is_kept t_redis_clients.sh
done_testing
