#!/bin/bash
# t_unit.sh - every system call of a server at work is one that its systemd unit allows.
. "$(dirname "$0")/server_world.sh"
export ASAN_OPTIONS=detect_leaks=0 # what is traced cannot look for its leaks

command -v systemd-analyze > /dev/null || { echo "1..0 # SKIP no systemd-analyze"; exit 0; }
strace -o "$world/trace" true 2> /dev/null || { echo "1..0 # SKIP no strace"; exit 0; }
unit=${top_srcdir:-$(dirname "$0")/../..}/etc/smcred-server.service.in
store=$world/store

# allowed WORD...: the system calls that SystemCallFilter=WORD... lets through
systemd-analyze syscall-filter > "$world/groups" 2> /dev/null
allowed() {
    local word
    for word; do
        case $word in
        @*) # shellcheck disable=SC2046 # words
            allowed $(awk -v group="$word" '/^@/ { on = $0 == group } on && /^ +[@a-z_0-9-]+$/ { print $1 }' "$world/groups") ;;
        *) echo "$word" ;;
        esac
    done
}
# shellcheck disable=SC2046 # words
allowed $(sed -n 's/^SystemCallFilter=//p' "$unit") | sort -u > "$world/allowed"
[ "$(wc -l < "$world/allowed")" -gt 200 ] && ! grep -qx -e mount -e reboot "$world/allowed"
ok $? "the unit allows what services need, and no mount"

cat > "$world/function" << 'EOF2'
#!/bin/sh
cat > /dev/null
EOF2
chmod 755 "$world/function"
strace -f -o "$world/trace" "$server" --init "$store" > "$world/env"
# shellcheck disable=SC1091
. "$world/env"
function=arn:aws:lambda:us-east-1:000000000000:function:f
register "$function" "$world/function"
: > "$world/out"
strace -f -A -o "$world/trace" "$server" --dir "$store" --listen 127.0.0.1:0 > "$world/out" 2>> "$world/log" &
tracer=$!
is_listening() { grep -q '^listening' "$world/out"; }
patiently is_listening
# shellcheck disable=SC2034 # call() has it
url=$(sed -n 's/^listening on //p' "$world/out")
pid=$(awk '/execve\(.*--listen/ { print $1; exit }' "$world/trace")
call CreateSecret "{\"Name\":\"s\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"v\"}" > /dev/null
call PutSecretValue "{\"SecretId\":\"s\",\"ClientRequestToken\":\"$(uuid)\",\"SecretString\":\"$(head -c 60000 /dev/zero | tr '\0' x)\"}" > /dev/null
call RotateSecret "{\"SecretId\":\"s\",\"ClientRequestToken\":\"$(uuid)\",\"RotationLambdaARN\":\"$function\"}" > /dev/null
has_rotated() { grep -q '"eventName":"RotationFailed"' "$store/trail.jsonl"; } # it does nothing, so AWSCURRENT stays
patiently has_rotated; ok $? "a server was watched at work"
answers "which answers" xxx GetSecretValue '{"SecretId":"s"}'
kill -HUP "$pid"
kill "$pid"
wait "$tracer"; ok $? "and stops cleanly"
pid=
sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' "$world/trace" | sort -u > "$world/used"
[ "$(wc -l < "$world/used")" -gt 40 ] && grep -qx execve "$world/used"; ok $? "it makes system calls"
comm -23 "$world/used" "$world/allowed" > "$world/forbidden"
[ ! -s "$world/forbidden" ]; ok $? "all of which the unit allows"
sed 's/^/# /' "$world/forbidden"
finish
