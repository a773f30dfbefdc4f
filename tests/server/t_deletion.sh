#!/bin/bash
# t_deletion.sh - a secret goes when its recovery window is over, asked for or not, restart or not.
. "$(dirname "$0")/server_world.sh"

command -v sqlite3 > /dev/null || { echo "1..0 # SKIP no sqlite3"; exit 0; }
init_store
start_server

database() { sqlite3 -cmd '.timeout 10000' "$world/store/store.db" "$1"; }
secrets() { database "SELECT group_concat(name) FROM (SELECT name FROM secret ORDER BY name)"; }
only() { [ "$(secrets)" = "$1" ]; }
# A week goes by for one secret.
pass() { database "UPDATE secret SET purge_ms = purge_ms - 7 * 86400000 WHERE name = '$1'"; }

for name in a b c d; do
    call CreateSecret "{\"Name\":\"$name\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"x\"}" > /dev/null
    call DeleteSecret "{\"SecretId\":\"$name\",\"RecoveryWindowInDays\":$([ $name = d ] && echo 30 || echo 7)}" > /dev/null
done
only a,b,c,d; ok $? "a secret waits for the end of its window"
pass a
pass d
patiently only b,c,d; ok $? "and goes when it is over, whether or not anybody calls"
"$server" trail --dir "$world/store" --secret a | grep -q EndSecretVersionDelete
ok $? "which the trail has as an event"
[ "$(database 'SELECT count(*) FROM version')" = 3 ]; ok $? "with its versions"
stop_server
pass b
start_server
patiently only c,d; ok $? "while the server is down too"
answers "what was purged is not found" ResourceNotFoundException DescribeSecret '{"SecretId":"b"}'
answers "its name is free" '"VersionId"' CreateSecret \
    "{\"Name\":\"b\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"new\"}"
call RestoreSecret '{"SecretId":"c"}' > /dev/null
pass c
answers "what was restored stays" '"SecretString":"x"' GetSecretValue '{"SecretId":"c"}'
stop_server; ok $? "stops cleanly"
finish
