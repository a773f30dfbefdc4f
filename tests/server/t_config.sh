#!/bin/bash
# t_config.sh - options from a file, and the command line over them; the sample that comes with us.
. "$(dirname "$0")/server_world.sh"

init_store
serve() { "$server" "$@" 2> "$world/err"; }
cat > "$world/conf" << EOF2
# a comment
[server]
dir = $world/store
listen = 127.0.0.1:0
timeout = 0
EOF2
serve --config "$world/conf"; [ $? -eq 2 ] && grep -q 'timeout is 1 to' "$world/err"; ok $? "options of the file are checked"
sed -i 's/^timeout.*/timeout = 5/; s/^listen.*/listen = 192.0.2.1:0/' "$world/conf"
"$server" --config="$world/conf" --listen 127.0.0.1:0 > "$world/out" 2>> "$world/log" &
pid=$!
for _ in $(seq 1200); do
    url=$(sed -n 's/^listening on //p' "$world/out")
    [ -z "$url" ] || break
    sleep 0.05
done
answers "serves as the file says, and the command line last" SecretList ListSecrets '{}'
stop_server
refused() { # refused NAME PATTERN LINE...
    printf '%s\n' "${@:3}" > "$world/conf"
    serve --config "$world/conf"
    [ $? -eq 2 ] && grep -q "$2" "$world/err"
    ok $? "$1"
}
refused "refuses another section" 'conf:1: not the section' '[aws]' 'dir = /x'
refused "refuses one that is empty" 'conf:3: not the section' '[server]' 'dir = /x' '[serverr]'
refused "refuses what is in no section" 'conf:1: not in the section' 'dir = /x'
refused "refuses what is for tests" 'conf:2: an option for the command line' '[server]' 'faults = /x'
refused "also by the beginning of its name" "conf:2: no option's whole name" '[server]' 'fault = /x'
refused "and what makes a store" "conf:2: no option's whole name" '[server]' 'ini = /x'
refused "refuses an option twice" 'conf:4: an option that is there twice' \
    '[server]' 'region = us-east-1' 'dir = /x' 'region = us-east-2'
refused "refuses what is no setting" 'conf:2: neither' '[server]' 'dir'
refused "tells of the first mistake" 'conf:2: neither' '[server]' 'dir' '[aws]'
refused "refuses an unknown option" "conf:2: no option's whole name" '[server]' 'colour = red'
! serve --conf "$world/none" --dir "$world/store" --listen 127.0.0.1:0 && grep -q 'cannot open' "$world/err"
ok $? "a file named by the beginning of the option is not passed over"
serve --dir "$world/store" --listen 127.0.0.1:0 --regions us-east-1,us_east_2
[ $? -eq 2 ] && grep -q 'regions is REGION,REGION' "$world/err"; ok $? "refuses a list of regions with one that is none"
chmod 666 "$world/conf"
serve --config "$world/conf"; [ $? -eq 2 ] && grep -q 'may be written by others' "$world/err"
ok $? "refuses a file that others may write"
! serve --config "$world/none" && grep -q 'cannot open' "$world/err"; ok $? "says that it is missing"
sample=${top_srcdir:-$(dirname "$0")/../..}/etc/smcred-server.conf
sed "s|^dir = .*|dir = $world/store|; s|^listen = .*|listen = 127.0.0.1:0|" "$sample" > "$world/sample"
chmod 600 "$world/sample"
"$server" --config "$world/sample" > "$world/out" 2>> "$world/log" &
# shellcheck disable=SC2034 # stop_server() has it
pid=$!
for _ in $(seq 1200); do
    url=$(sed -n 's/^listening on //p' "$world/out")
    [ -z "$url" ] || break
    sleep 0.05
done
answers "serves with the sample" SecretList ListSecrets '{}'
stop_server; ok $? "stops cleanly"
finish
