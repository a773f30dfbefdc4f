#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_check_config.sh - what a start would refuse, --check-config finds: the same words, file and line.
. "${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/lib/tap.sh" || exit 99
: "${top_builddir:=$top_srcdir/build/plain}"

# By root the keeper becomes somebody else, who must not be able to read what only root may.
keeper_user=()
if [ "$(id -u)" = 0 ]; then
    keeper_user=(--user nobody --relay-user nobody)
    chmod 755 "$dir"
fi
me=$(id -un)
mkdir "$dir/audit" "$dir/conf.d" "$dir/modules"
# Where we were built, others may not be able to read.
cp "$top_builddir"/.libs/libsmcred_source_file.so "$dir/modules/" 2>/dev/null ||
    skip_all "needs source modules, which a static build has not"
[ "$(id -u)" != 0 ] || chown nobody "$dir/audit"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca -days 2 \
    -keyout /dev/null -out "$dir/ca.pem" 2>/dev/null
chmod 644 "$dir/ca.pem"
echo '{}' >"$dir/secrets.json"
chmod 600 "$dir/secrets.json"
[ "$(id -u)" != 0 ] || chown nobody "$dir/secrets.json"

write_config() {
    cat >"$dir/smcred.conf" <<END
[keeper]
sources    = file
module_dir = $dir/modules
[file]
path = $dir/secrets.json
[audit]
file = $dir/audit/audit.jsonl
[target orders]
secret  = prod/orders/db
allow   = $me
ca_file = $dir/ca.pem
END
}

smcredd() {
    timeout 20 "$top_builddir/smcredd" --config "$dir/smcred.conf" "${keeper_user[@]}" "$@" 2>&1 </dev/null
}

# both SENTENCE PATTERN: the check refuses with these words, and so does a start
both() {
    local said status
    said=$(smcredd --check-config)
    status=$?
    if [ $status != 1 ]; then
        not_ok "$1" "the check ended with $status: $said"
        return
    fi
    like "$1" "$said" "$2"
    said=$(smcredd --runtime-dir "$dir/run")
    status=$?
    if [ $status != 1 ]; then
        not_ok "and a start refuses it" "it ended with $status: $said"
        return
    fi
    like "and a start refuses it" "$said" "$2"
}

bad() { write_config && sed -i "$1" "$dir/smcred.conf"; }

write_config
like "a good configuration is ok" "$(smcredd --check-config)" "*: ok, 1 target"
is "and the check made nothing" "$(ls "$dir/audit")" ""

bad "s|^ca_file.*|ca_file = $dir/none.pem|"
both "a CA file that is not there" "*smcred.conf:8: *ca_file: $dir/none.pem: No such file*"
echo "no certificate" >"$dir/bad.pem"
bad "s|^ca_file.*|ca_file = $dir/bad.pem|"
both "one that is no certificate" "*smcred.conf:8: *ca_file: $dir/bad.pem: no PEM certificate in it*"
if [ "$(id -u)" = 0 ]; then
    install -m 600 "$dir/ca.pem" "$dir/mine.pem"
    bad "s|^ca_file.*|ca_file = $dir/mine.pem|"
    both "one that the keeper may not read" "*smcred.conf:8: *ca_file: $dir/mine.pem: Permission denied*"
fi
bad "s|^allow.*|&\nserver_public_key = $dir/ca.pem|"
both "a server's key that is none" "*smcred.conf:8: *server_public_key: $dir/ca.pem: holds no public RSA key*"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null | openssl pkey -pubout -out "$dir/server.pem"
chmod 644 "$dir/server.pem"
bad "s|^allow.*|&\nserver_public_key = $dir/server.pem|"
like "one that is a key is ok" "$(smcredd --check-config)" "*: ok, 1 target"
nobody_gets_in="*smcred.conf:8: *[target orders]*nobody would get in*"
bad "s|^allow.*|&\nengine = redis\ncleartext = no|"
both "a Redis whose only method is forbidden" "$nobody_gets_in"
bad "s|^ca_file.*|hostaddr = 127.0.0.1\nengine = redis\ntls = disable|"
both "one that would be told passwords by whoever answers" "$nobody_gets_in"
bad "s|^allow.*|&\nhost = cache.example\nengine = redis\ntls = verify-ca|"
both "or by whom another certificate of the CA belongs to" "$nobody_gets_in"
bad "s|^ca_file.*|host = $dir/redis.sock\nengine = redis\ntls = disable|"
like "at a Unix socket is ok" "$(smcredd --check-config)" "*: ok, 1 target"
bad 's/^sources.*/sources = nowhere/'
both "a source that is none" "*smcred.conf:2: *sources: *nowhere*"
bad "s|^module_dir.*|module_dir = $dir|"
both "a module that cannot be loaded" "*smcred.conf:2: *sources: source file: *"
bad "s|^path.*|path = relative|"
both "a setting of a module, where it stands" "*smcred.conf:5: source file: path is not absolute*"
bad ''
chmod 644 "$dir/secrets.json"
both "what it names, too" "*smcred.conf:5: source file: $dir/secrets.json: has mode 0644*"
chmod 600 "$dir/secrets.json"
bad '/^path/d'
both "one that is not there, at the line of sources" "*smcred.conf:2: *sources: source file: path is not given*"
bad "s|^file = .*|file = $dir/nowhere/audit.jsonl|"
both "an audit log without its directory" "*smcred.conf:7: *file: $dir/nowhere/audit.jsonl: *"
bad "s|^file = .*|file = $dir/audit|"
both "an audit log that is a directory" "*smcred.conf:7: *file: $dir/audit: *"
if [ "$(id -u)" = 0 ]; then
    bad "s|^file = .*|file = $dir/audit.jsonl|"
    both "an audit log that the keeper may not make" "*smcred.conf:7: *file: $dir/audit.jsonl: *Permission denied*"
fi
bad "s/^allow .*/allow = nobody-of-that-name $me @nobody-of-that-name/"
said=$(smcredd --check-config)
is "who does not exist is no reason to refuse it" $? 0
like "but is said, with file and line" "$said" \
    "warning: *smcred.conf:10: *allow: no user \"nobody-of-that-name\" on this host*"
like "a group likewise" "$said" "*warning: *smcred.conf:10: *allow: no group \"nobody-of-that-name\" on this host*"
like "and counted" "$said" "*: ok, 1 target, 2 warnings"
name=a-target-of-a-long-name-and-what-is-more-it-is-far-from-its-end
bad "s/^\[target orders\]/[target ${name:0:63}]/"
long=$dir/a-directory-that-is-a-little-too-long
mkdir "$long"
like "a socket's path that is too long" "$(smcredd --check-config --runtime-dir "$long")" \
    "*smcred.conf:8: *[target*]*socket*too long*"
like "and a start refuses it" "$(smcredd --runtime-dir "$long")" "*smcred.conf:8: *socket*too long*"
write_config
printf '[target billing]\nsecret = b\ntls = disable\n' >"$dir/conf.d/billing.conf"
chmod 666 "$dir/conf.d/billing.conf"
both "a fragment that others can write" "*conf.d/billing.conf: *writ*"
chmod 644 "$dir/conf.d/billing.conf"
like "and one that they cannot is ok" "$(smcredd --check-config)" "*: ok, 2 targets"
chmod 777 "$dir/conf.d"
both "a directory of fragments that others can write" "*conf.d: *writ*"
chmod 755 "$dir/conf.d"
if [ "$(id -u)" = 0 ]; then
    keeper_user=(--user nobody-of-that-name --relay-user nobody)
    both "a keeper's user that is none" "*no user \"nobody-of-that-name\" on this host*"
fi
done_testing
