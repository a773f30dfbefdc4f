# SPDX-License-Identifier: LGPL-2.1-or-later
# t_profile.sh - `smcred secret` finds credentials, region and endpoint in AWS's order: two profiles,
# two stores of smcred-server, each with a key of its own and a secret that tells which one it is.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
command -v jq >/dev/null || skip_all "jq is not installed"
export SMCRED_MODULE_DIR=$top_builddir/.libs
[ -e "$SMCRED_MODULE_DIR/libsmcred_source_secretsmanager.so" ] || skip_all "built without shared libraries"
for variable in ${!AWS_*}; do unset "$variable"; done
export AWS_CONFIG_FILE=$dir/config AWS_SHARED_CREDENTIALS_FILE=$dir/credentials HOME=$dir
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
smcred=$top_builddir/smcred

# serve NAME: a store and its server; leaves $id, $key and $url
serve() {
    "$top_builddir/smcred-server" --init "$dir/$1" >"$dir/$1.keys" 2>"$dir/$1.err"
    id=$(sed -n 's/^AWS_ACCESS_KEY_ID=//p' "$dir/$1.keys")
    key=$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' "$dir/$1.keys")
    "$top_builddir/smcred-server" --dir "$dir/$1" --listen 127.0.0.1:0 >"$dir/$1.out" 2>>"$dir/$1.err" &
    at_exit "kill $! 2>/dev/null; wait $! 2>/dev/null"
    for ((i = 0; i < 1000; i++)); do
        url=$(sed -n 's/^listening on //p' "$dir/$1.out")
        [ -n "$url" ] && return
        read -rt 0.02 <>"$dir/pause"
    done
    skip_all "smcred-server does not start: $(cat "$dir/$1.err")"
}
# profile NAME [OPTION...]: adds the profile, with $id, $key and $url
profile() {
    printf '[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "$id" "$key" >>"$AWS_SHARED_CREDENTIALS_FILE"
    printf '[profile %s]\nendpoint_url = %s\n' "$1" "$url" >>"$AWS_CONFIG_FILE"
    [ -z "${2-}" ] || printf 'region = %s\n' "$2" >>"$AWS_CONFIG_FILE"
}
# names [VARIABLE=VALUE...] -- [ARG...]: the secrets that are seen, or why there are none
names() {
    local variables=()
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    env "${variables[@]}" "$smcred" --json secret list "$@" 2>"$dir/err" </dev/null |
        jq -r '.error.text // ([.SecretList[].Name] | join(" "))'
}

mkfifo "$dir/pause"
serve north
profile north eu-north-1
north=(AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$key") north_url=$url
serve south
profile south eu-south-1
south=(AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$key") south_url=$url
chmod 600 "$AWS_SHARED_CREDENTIALS_FILE"
for place in north south; do
    echo '{"password":"x"}' | "$smcred" secret create "in-the-$place" --profile "$place" >/dev/null 2>"$dir/err"
    is "a secret is created under --profile $place" "$? $(cat "$dir/err")" "0 "
done

is "--profile chooses key, region and endpoint" "$(names -- --profile north)" in-the-north
is "and another one another" "$(names -- --profile south)" in-the-south
is "so does AWS_PROFILE" "$(names AWS_PROFILE=south --)" in-the-south
is "so does AWS_DEFAULT_PROFILE" "$(names AWS_DEFAULT_PROFILE=south --)" in-the-south
is "AWS_PROFILE goes before it" "$(names AWS_PROFILE=north AWS_DEFAULT_PROFILE=south --)" in-the-north
is "--profile goes before both" "$(names AWS_PROFILE=north -- --profile south)" in-the-south
is "--profile goes before keys in the environment" "$(names "${north[@]}" -- --profile south)" in-the-south
like "AWS_PROFILE does not" "$(names "${north[@]}" AWS_PROFILE=south --)" '*UnrecognizedClientException*'
is "keys in the environment want region and endpoint" \
    "$(names "${south[@]}" AWS_REGION=eu-south-1 AWS_ENDPOINT_URL="$south_url" --)" in-the-south
is "which --region and --endpoint-url give as well" \
    "$(names "${south[@]}" -- --region eu-south-1 --endpoint-url "$south_url")" in-the-south
is "the service's own variable goes before the general one" "$(names "${south[@]}" AWS_REGION=eu-south-1 \
    AWS_ENDPOINT_URL="$north_url" AWS_ENDPOINT_URL_SECRETS_MANAGER="$south_url" --)" in-the-south
like "the environment's endpoint goes before the profile's" \
    "$(names AWS_ENDPOINT_URL="$north_url" -- --profile south)" '*UnrecognizedClientException*'
is "--endpoint-url before both" \
    "$(names AWS_ENDPOINT_URL="$north_url" -- --profile south --endpoint-url "$south_url")" in-the-south
is "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS leaves --endpoint-url alone" \
    "$(names AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true -- --profile south --endpoint-url "$south_url")" in-the-south
like "a profile that is not there is an error, whatever else is" \
    "$(names "${south[@]}" AWS_REGION=x-1 AWS_ENDPOINT_URL="$south_url" -- --profile west)" '*no AWS profile west*'
like "no region is an error that says where to set it" "$(names "${south[@]}" --)" '*no region*AWS_REGION*'
like "no credentials is an error that says where they were looked for" \
    "$(names AWS_REGION=x-1 AWS_ENDPOINT_URL="$south_url" --)" '*no AWS credentials*environment*profile default*'
is "the region of the request is the profile's" \
    "$("$smcred" --json secret get-metadata in-the-south --profile south | jq -r .ARN | cut -d: -f4)" eu-south-1
is "unless the environment says another" "$(names AWS_REGION=eu-north-1 -- --profile south)" ""
is "or --region, which goes before it" "$(names AWS_REGION=eu-north-1 -- --profile south --region eu-south-1)" in-the-south
unlike "no message shows a key" "$(cat "$dir/err")" "*$key*"
done_testing
