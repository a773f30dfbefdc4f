#!/bin/bash
# t_current_sdks.sh - AWS's SDKs as they are published today, where their registries can be reached;
# t_contract.sh and t_clients.sh have those of the distribution.
. "$(dirname "$0")/server_world.sh"

there=$(cd "$(dirname "$0")" && pwd)
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null

# serve NAME: a store and a server of this name, with the function that the contract wants
serve() {
    mkdir "$world/$1"
    "$server" --init "$world/$1/store" > "$world/$1/env" || { echo "Bail out! --init failed"; exit 1; }
    # shellcheck disable=SC1090
    . "$world/$1/env"
    printf '#!/bin/sh\n' > "$world/$1/idle"
    chmod 755 "$world/$1/idle"
    mv "$world/$1/store" "$world/store"
    register arn:aws:lambda:us-east-1:000000000000:function:idle "$world/$1/idle"
    start_server
    export url AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
}

# in_time COMMAND...: silently, and not for ever: a registry may be there and not answer
in_time() { timeout 60 "$@" > "$world/installed" 2>&1 < /dev/null; }

if in_time /usr/bin/python3 -m pip install --disable-pip-version-check --no-cache-dir --retries 0 \
    --timeout 5 --only-binary :all: --target "$world/site" boto3; then
    serve py
    PYTHONPATH=$world/site /usr/bin/python3 -B "$there/contract" > "$world/tap" 2>&1
    ! grep -q '^not ok' "$world/tap" && tail -n 1 "$world/tap" | grep -q '^1\.\.[0-9]'
    status=$?
    ok $status "boto3 $(cd "$world/site" && echo boto3-*.dist-info) finds the contract kept"
    [ $status -eq 0 ] || grep -A2 -e '^not ok' -e '^[A-Z]' "$world/tap" | sed 's/^/# /'
    stop_server
    rm -rf "$world/store"
else
    skip "a current boto3 finds the contract kept" "pip cannot install it"
fi

if in_time npm install --no-audit --no-fund --engine-strict --cache "$world/cache" --fetch-retries 0 \
    --fetch-timeout 5000 --prefix "$world/node" @aws-sdk/client-secrets-manager; then
    serve js
    cp "$there/current_sdk.mjs" "$world/node/"
    node "$world/node/current_sdk.mjs" > "$world/tap" 2>&1
    grep -q '^done$' "$world/tap"
    status=$?
    ok $status "AWS's SDK for JavaScript goes through the operations"
    [ $status -eq 0 ] || sed 's/^/# /' "$world/tap"
    stop_server
else
    skip "AWS's SDK for JavaScript goes through the operations" "npm cannot install it"
fi
finish
