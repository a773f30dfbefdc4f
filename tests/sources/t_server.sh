#!/bin/bash
# t_server.sh - the modules and the chain against smcred-server, and against a file.
. "$top_srcdir/tests/sources/lib.sh"
need openssl
need_modules
server=$top_builddir/smcred-server
[ -x "$server" ] || skip_all "smcred-server is not built"

unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SECRETS_MANAGER AWS_PROFILE AWS_CA_BUNDLE AWS_SESSION_TOKEN
export AWS_CONFIG_FILE=/nonexistent AWS_SHARED_CREDENTIALS_FILE=/nonexistent AWS_REGION=us-east-1
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

serve() { # NAME [SERVER OPTION...]: leaves its address in $url
    "$server" --dir "$dir/store" --listen 127.0.0.1:0 "${@:2}" >"$dir/$1.out" 2>"$dir/$1.err" &
    pids+=($!)
    local _
    for _ in $(seq 1200); do
        url=$(sed -n 's/^listening on //p' "$dir/$1.out")
        [ -n "$url" ] && return
        read -rt 0.05 <> <(:) || :
    done
    echo "Bail out! smcred-server did not start: $(cat "$dir/$1.err")"
    exit 1
}
sm() { timeout 30 "$ask" "$modules" secretsmanager "aws.endpoint_url=$url" "$@"; }
token() { cat /proc/sys/kernel/random/uuid; }
is() { [ "$(head -n1 <<<"$1")" = "$2" ] && grep -qF -- "$3" <<<"$1"; }

"$server" --init "$dir/store" >"$dir/keys"
set -a
. "$dir/keys"
set +a
serve plain

first=$(token)
out=$(sm -- call CreateSecret "{\"Name\":\"prod/orders/db\",\"ClientRequestToken\":\"$first\",\"SecretString\":\"{\\\"username\\\":\\\"app\\\",\\\"password\\\":\\\"hunter2\\\",\\\"port\\\":\\\"5432\\\",\\\"engine\\\":\\\"postgres\\\"}\"}")
is "$out" ok '"VersionId"'
result $? "an administrator creates a secret" "$out"
out=$(sm -- fetch prod/orders/db)
is "$out" ok password=hunter2 && is "$out" ok username=app && is "$out" ok port=5432 &&
    is "$out" ok "version=$first" && is "$out" ok stages=AWSCURRENT
result $? "fetch gives one snapshot" "$out"
arn=$(sed -n 's/^arn=//p' <<<"$out")
out=$(sm -- fetch "$arn")
is "$out" ok password=hunter2
result $? "by its ARN, too" "$out"

second=$(token)
out=$(sm -- call PutSecretValue "{\"SecretId\":\"prod/orders/db\",\"ClientRequestToken\":\"$second\",\"SecretString\":\"{\\\"username\\\":\\\"app\\\",\\\"password\\\":\\\"hunter3\\\"}\"}")
is "$out" ok "$second"
result $? "a new version is put" "$out"
out=$(sm -- fetch prod/orders/db)
is "$out" ok password=hunter3
result $? "AWSCURRENT is the new one" "$out"
out=$(sm -- fetch prod/orders/db AWSPREVIOUS)
is "$out" ok password=hunter2
result $? "AWSPREVIOUS the old one" "$out"
out=$(sm -- fetch prod/orders/db AWSPREVIOUS "$first")
is "$out" ok password=hunter2
result $? "and found by version and stage" "$out"
out=$(sm -- fetch prod/orders/db AWSPENDING)
is "$out" "not found" ResourceNotFoundException
result $? "there is no AWSPENDING" "$out"
out=$(sm -- stages prod/orders/db)
is "$out" ok "AWSCURRENT=$second" && is "$out" ok "AWSPREVIOUS=$first"
result $? "stages says which version has which label" "$out"
is "$out" ok fixed=1 && is "$out" ok deleted=0 && is "$out" ok next=0
result $? "and that a version never changes" "$out"
out=$(sm -- many prod/orders/db "$arn" prod/orders prod/none)
grep -q "^prod/orders/db .*AWSCURRENT=$second" <<<"$out" && grep -q "^$arn .*AWSPREVIOUS=$first" <<<"$out" &&
    is "$out" ok "prod/orders unseen" && is "$out" ok "prod/none unseen"
result $? "one call says it of many, by name or ARN, and of none that only begins so" "$out"
listed() { "$server" trail --dir "$dir/store" | grep -c ListSecrets; }
result $(($(listed) == 1 ? 0 : 1)) "that was one ListSecrets" "$(listed)"
for i in $(seq 110); do
    sm -- call CreateSecret "{\"Name\":\"many/$i\",\"ClientRequestToken\":\"$(token)\",\"SecretString\":\"x\"}" >/dev/null
done
out=$(sm -- many many/1 many/110)
grep -q "^many/1 AWSCURRENT=" <<<"$out" && grep -q "^many/110 AWSCURRENT=" <<<"$out"
result $? "though many more begin so" "$out"
out=$(sm -- fetch prod/none)
is "$out" "not found" ResourceNotFoundException
result $? "a secret that is not there is not found" "$out"
out=$(AWS_SECRET_ACCESS_KEY=wrong sm -- fetch prod/orders/db)
is "$out" unavailable InvalidSignatureException
result $? "a wrong key says nothing of the secret" "$out"
out=$(AWS_ACCESS_KEY_ID=AKIDNOBODY sm -- fetch prod/orders/db)
is "$out" unavailable UnrecognizedClientException
result $? "nor does an unknown key id" "$out"

# Where the credentials and the endpoint come from.
(umask 077; printf '%s\n' "$AWS_SECRET_ACCESS_KEY" >"$dir/key")
out=$(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY timeout 30 "$ask" "$modules" secretsmanager \
    "aws.endpoint_url=$url" aws.access_key_id="$AWS_ACCESS_KEY_ID" \
    aws.secret_access_key_file="$dir/key" -- fetch prod/orders/db)
is "$out" ok password=hunter3
result $? "keys from the settings" "$out"
cat >"$dir/config" <<END
[profile bastion]
region = us-east-1
services = local
[services local]
secrets_manager =
  endpoint_url = $url
END
printf '[bastion]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS_ACCESS_KEY_ID" \
    "$AWS_SECRET_ACCESS_KEY" >"$dir/credentials"
out=$(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_REGION AWS_CONFIG_FILE="$dir/config" \
    AWS_SHARED_CREDENTIALS_FILE="$dir/credentials" AWS_PROFILE=bastion \
    timeout 30 "$ask" "$modules" secretsmanager -- fetch prod/orders/db)
is "$out" ok password=hunter3
result $? "keys, region and endpoint from a profile" "$out"
out=$(env -u AWS_REGION AWS_PROFILE=nobody timeout 30 "$ask" "$modules" secretsmanager -- fetch prod/orders/db 2>&1)
grep -q "there is no AWS profile nobody" <<<"$out"
result $? "a profile that is not there is what is missing" "$out"
out=$(AWS_ENDPOINT_URL_SECRETS_MANAGER=$url timeout 30 "$ask" "$modules" secretsmanager -- fetch prod/orders/db)
is "$out" ok password=hunter3
result $? "the endpoint from the environment" "$out"
out=$(no_proxy='' NO_PROXY='' http_proxy=http://127.0.0.1:1 all_proxy=http://127.0.0.1:1 sm -- fetch prod/orders/db)
is "$out" ok password=hunter3
result $? "plain http goes by no proxy" "$out"

# The chain.
(umask 077; echo '{"local/db":{"username":"l","password":"from-file"},"prod/orders/db":"shadowed"}' >"$dir/secrets")
both() { # LINE URL ID: both sources, one section each on the command line of its own
    AWS_ENDPOINT_URL=$2 timeout 30 "$ask" "$modules" "$1" "file.path=$dir/secrets" -- fetch "$3"
}
out=$(both "secretsmanager file" "$url" local/db)
is "$out" ok password=from-file
result $? "what Secrets Manager does not have comes from the file" "$out"
out=$(both "secretsmanager file" "$url" prod/orders/db)
is "$out" ok password=hunter3
result $? "what it has comes from there" "$out"
out=$(both "secretsmanager [NOTFOUND=return] file" "$url" local/db)
is "$out" "not found" "source secretsmanager"
result $? "[NOTFOUND=return] ends it" "$out"
out=$(both "secretsmanager [UNAVAIL=return] file" http://127.0.0.1:1 local/db)
is "$out" unavailable "source secretsmanager"
result $? "[UNAVAIL=return] ends it when nobody answers" "$out"
out=$(both "secretsmanager file" http://127.0.0.1:1 local/db)
is "$out" ok password=from-file
result $? "without it the file serves" "$out"
out=$(AWS_SECRET_ACCESS_KEY=wrong both "secretsmanager file" "$url" local/db)
is "$out" ok password=from-file
result $? "also when the key is wrong" "$out"

# What stays behind in memory, over TLS as well.
make_ca "$dir/ca"
make_cert "$dir/ca" "$dir/cert" 127.0.0.1
chmod 600 "$dir/cert.key"
for pid in "${pids[@]}"; do kill "$pid"; wait "$pid"; done
serve tls --tls-cert "$dir/cert.crt" --tls-key "$dir/cert.key"
out=$(sm aws.ca_file="$dir/ca.crt" -- fetch prod/orders/db)
is "$out" ok password=hunter3
result $? "over TLS" "$out"
out=$(sm aws.ca_file="$dir/ca.crt" -- search prod/orders/db 3retnuh)
is "$out" ok left=0
result $? "no copy of the password is left in memory afterwards" "$out"
out=$(sm aws.ca_file="$dir/ca.crt" -- search prod/orders/db 3retnuh plant)
is "$out" ok left=1
result $? "the same search finds one that was planted" "$out"
out=$(timeout 30 "$ask" "$modules" file "file.path=$dir/secrets" -- search local/db elif-morf)
is "$out" ok left=0 || is "$out" ok left=1
result $? "of a file's text there is the vault's copy at most, while the source is open" "$out"
finish
