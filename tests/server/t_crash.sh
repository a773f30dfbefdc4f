#!/bin/bash
# t_crash.sh - killed with SIGKILL under writes, the server has every write it acknowledged.
. "$(dirname "$0")/server_world.sh"

init_store
start_server
acknowledged=$world/acknowledged
: > "$acknowledged"
for round in $(seq 10); do
    for writer in 1 2; do
        (
            for i in $(seq 100); do
                name=r$round-w$writer-$i
                call CreateSecret "{\"Name\":\"$name\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"v-$name\"}" \
                    2> /dev/null | grep -q VersionId || exit 0
                echo "$name" >> "$acknowledged"
            done
        ) &
    done
    for _ in $(seq 1500); do
        grep -q "^r$round-w1-2$" "$acknowledged" && break
        sleep 0.02
    done
    kill -9 "$pid"
    wait
    pid=
    start_server
done
count=$(wc -l < "$acknowledged")
[ "$count" -ge 20 ]; ok $? "wrote $count secrets through ten kills"
lost=0
while read -r name; do
    call GetSecretValue "{\"SecretId\":\"$name\"}" | grep -qF "\"SecretString\":\"v-$name\"" ||
        lost=$((lost + 1))
done < "$acknowledged"
[ "$lost" -eq 0 ]; ok $? "lost none of them ($lost)"
stop_server; ok $? "stops cleanly afterwards"
finish
