# SPDX-License-Identifier: LGPL-2.1-or-later
# manager.sh - sourced by world.sh and its likes: TAP, a Secrets Manager, certificates, smcred-rotate.
#
# A world adds its database, and query USER PASSWORD STATEMENT.  $engine is what its secrets say.
#
# shellcheck shell=bash disable=SC2154,SC2034 # top_srcdir and top_builddir come from make; the rest is the tests'
. "$top_srcdir/tests/lib/tap.sh" || exit 1
for need in curl jq openssl perl; do
    command -v $need >/dev/null || skip_all "$need is not installed"
done
export SMCRED_MODULE_DIR=$top_builddir/.libs
[ -e "$SMCRED_MODULE_DIR/libsmcred_source_secretsmanager.so" ] || skip_all "built without shared libraries"
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/nonexistent AWS_SHARED_CREDENTIALS_FILE=/nonexistent
chmod 755 "$dir" # the database's user walks through it
host=orders-db.internal
server_pid=

# make_certificates DIRECTORY: a server.key and server.crt there, of $host and signed by tls/ca; tls/other is another CA
make_certificates() {
    mkdir "$dir/tls"
    local name
    for name in ca other; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
            -keyout "$dir/tls/$name.key" -out "$dir/tls/$name.pem"
    done
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$host" \
        -keyout "$1/server.key" -out "$dir/tls/server.csr"
    printf 'subjectAltName=DNS:%s' "$host" >"$dir/tls/ext"
    openssl x509 -req -in "$dir/tls/server.csr" -CA "$dir/tls/ca.pem" -CAkey "$dir/tls/ca.key" \
        -CAcreateserial -days 2 -extfile "$dir/tls/ext" -out "$1/server.crt"
    chmod 600 "$1/server.key"
} >/dev/null 2>&1

start_server() {
    "$top_builddir/smcred-server" --init "$dir/store" >"$dir/admin" || return 1
    . "$dir/admin"
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION=us-east-1
    "$top_builddir/smcred-server" --dir "$dir/store" --listen 127.0.0.1:0 >"$dir/server.out" 2>"$dir/server.log" &
    server_pid=$!
    eventually 60 grep -q '^listening on ' "$dir/server.out" || return 1
    url=$(sed -n 's/^listening on //p' "$dir/server.out")
    export AWS_ENDPOINT_URL_SECRETS_MANAGER=$url
}

end_server() { [ -z "$server_pid" ] || { kill "$server_pid" && wait "$server_pid"; } 2>/dev/null; }

# call OPERATION BODY: the answer of Secrets Manager.  The keys go through a pipe.
call() {
    curl -sS -m 60 --aws-sigv4 aws:amz:us-east-1:secretsmanager -K - \
        -H 'Content-Type: application/x-amz-json-1.1' -H "X-Amz-Target: secretsmanager.$1" \
        --data-binary "$2" "$url/" <<<"user=\"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
}
uuid() { cat /proc/sys/kernel/random/uuid; }

# secret_of USER PASSWORD [MEMBERS]: a SecretString of AWS's layout
secret_of() {
    echo "{\"engine\":\"$engine\",\"host\":\"$host\",\"port\":$port,\"username\":\"$1\",\"password\":\"$2\",\"dbname\":\"orders\"${3:+,$3}}"
}
# create NAME SECRET_STRING: answers the ARN
create() {
    call CreateSecret "$(jq -n --arg name "$1" --arg value "$2" --arg token "$(uuid)" \
        '{Name: $name, SecretString: $value, ClientRequestToken: $token}')" | jq -r .ARN
}
# put NAME SECRET_STRING [LABEL [TOKEN]]
put() {
    call PutSecretValue "$(jq -n --arg name "$1" --arg value "$2" --arg stage "${3:-AWSCURRENT}" \
        --arg token "${4:-$(uuid)}" \
        '{SecretId: $name, SecretString: $value, ClientRequestToken: $token, VersionStages: [$stage]}')" >/dev/null
}
# value NAME [LABEL]: the SecretString; member NAME MEMBER [LABEL]: of it
value() { call GetSecretValue "{\"SecretId\":\"$1\",\"VersionStage\":\"${2:-AWSCURRENT}\"}" | jq -r .SecretString; }
member() { value "$1" "${3:-AWSCURRENT}" | jq -r ".$2"; }
# holder NAME LABEL: the version's id
holder() {
    call DescribeSecret "{\"SecretId\":\"$1\"}" |
        jq -r --arg stage "$2" '.VersionIdsToStages | to_entries[] | select(.value | index($stage)) | .key'
}

# rotate ARGUMENT...: smcred-rotate; sets $out, $err and $code
rotate() {
    "$top_builddir/smcred-rotate" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
    out=$(cat "$dir/out")
    err=$(cat "$dir/err")
}
# What most runs have in common.
here=(--ca-file "$dir/tls/ca.pem" --hostaddr 127.0.0.1)

# agrees NAME: user and password of AWSCURRENT are let in
agrees() {
    is "$2" "$(query "$(member "$1" username)" "$(member "$1" password)" 'select 1')" 1
}
