# SPDX-License-Identifier: LGPL-2.1-or-later
# t_secret.sh - `smcred secret`: what goes to Secrets Manager, and that a value is seen nowhere else.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
command -v jq >/dev/null || skip_all "jq is not installed"
module=$top_builddir/tests/tools/.libs/libsmcred_source_secretsmanager.so
[ -e "$module" ] || skip_all "built without shared libraries"
export SMCRED_MODULE_DIR=${module%/*} FAKE_SOURCE=$dir
unset AWS_REGION AWS_PROFILE AWS_ENDPOINT_URL_SECRETS_MANAGER
smcred=$top_builddir/smcred

# run INPUT ARG...: sets $out, $err and $code
run() {
    local input=$1
    shift
    printf %s "$input" | "$smcred" "$@" >"$dir/out" 2>"$dir/err"
    code=${PIPESTATUS[1]}
    out=$(cat "$dir/out")
    err=$(cat "$dir/err")
}
# The last request: its operation, its AWS variables, its JSON.
operation() { tail -n1 "$dir/requests" | cut -d' ' -f1; }
variables() { tail -n1 "$dir/requests" | cut -d' ' -f2; }
request() { tail -n1 "$dir/requests" | cut -d' ' -f3- | jq -r "$1"; }

echo '{"ARN": "arn:aws:x", "Name": "prod/orders/db", "VersionId": "v-1"}' >"$dir/CreateSecret.json"
echo '{"ARN": "arn:aws:x", "Name": "prod/orders/db", "VersionId": "v-2"}' >"$dir/PutSecretValue.json"
run $'{"password": "ca\\"nary"}\n' secret create prod/orders/db --description 'for "orders"' \
    --region eu-north-1 --profile admin --endpoint-url http://127.0.0.1:1
is "secret create succeeds" "$code $err" "0 "
is "it calls CreateSecret" "$(operation)" CreateSecret
is "under the options it was given" "$(variables)" 'http://127.0.0.1:1|eu-north-1|admin'
is "with the name" "$(request .Name)" prod/orders/db
is "the description" "$(request .Description)" 'for "orders"'
is "the value, without the newline at its end" "$(request .SecretString)" '{"password": "ca\"nary"}'
like "and a token of its own" "$(request .ClientRequestToken)" \
    '????????-????-4???-[89ab]???-????????????'
like "the answer is shown" "$out" '*VersionId *v-1*'
unlike "the value is not" "$out$err" '*nary*'

first=$(request .ClientRequestToken)
printf 'tab\there, back\\slash, \001, äöü €' >"$dir/value"
run '' secret put --json prod/orders/db --from-file "$dir/value"
is "secret put succeeds" "$code $(jq -r .VersionId "$dir/out")" "0 v-2"
is "it calls PutSecretValue" "$(operation) $(request .SecretId)" "PutSecretValue prod/orders/db"
is "every character arrives" "$(request .SecretString)" "$(cat "$dir/value")"
unlike "the token is another one" "$(request .ClientRequestToken)" "$first"
run 'from the pipe' secret put prod/orders/db --from-file -
is "\"-\" is standard input" "$(request .SecretString)" 'from the pipe'
head -c 65536 /dev/zero | tr '\0' '"' >"$dir/value"
run '' secret put x --from-file "$dir/value"
is "the largest value there may be is sent" "$code $(request '.SecretString | length')" "0 65536"

count=$(wc -l <"$dir/requests")
run v secret put x --profile ''
is "an empty option is misuse" "$code ${err%%$'\n'*}" "2 smcred secret put: --profile is empty"
run '' secret put x
is "an empty value is refused" "$code $err" "1 smcred secret put: the value is empty"
printf 'a"' >>"$dir/value"
run '' secret put x --from-file "$dir/value"
is "so is one too large" "$code $err" "1 smcred secret put: a value has at most 65536 bytes"
for bytes in '\377' 'a\000b' '\303' '\300\200' '\355\240\200' '\364\220\200\200' '\360\200\200\200'; do
    # shellcheck disable=SC2059 # the format is the value
    printf "$bytes" >"$dir/value"
    run '' secret put x --from-file "$dir/value"
    is "so is $bytes, which is no text" "$code $err" "1 smcred secret put: the value is not UTF-8 text"
done
run '' secret put x --from-file "$dir/nonesuch"
like "so is a file that is not there" "$code $err" "1 *nonesuch*No such file*"
run v secret put
is "a missing name is misuse" "$code" 2
run v secret put x the-value
is "a value among the arguments is misuse" "$code" 2
unlike "and not repeated" "$err" '*the-value*'
run v secret
is "secret alone is misuse" "$code" 2
run v secret remove x
is "so is an unknown second word" "$code" 2
is "nothing of that was sent" "$(wc -l <"$dir/requests")" "$count"

echo '{"Name": "prod/orders/db", "VersionIdsToStages": {"v-2": ["AWSCURRENT"]}}' >"$dir/DescribeSecret.json"
run '' secret get-metadata prod/orders/db
like "get-metadata shows versions and stages" "$out" '*VersionIdsToStages:*v-2 *AWSCURRENT*'
is "it calls DescribeSecret" "$(operation) $(request .SecretId)" "DescribeSecret prod/orders/db"
echo '{"SecretList": [{"Name": "a", "ARN": "arn:a"}, {"Name": "b", "ARN": "arn:b"}]}' >"$dir/ListSecrets.json"
run '' secret list
like "list shows names" "$out" 'NAME*DESCRIPTION*ARN*
a *arn:a
b *arn:b'
run '' secret list --json
is "and with --json all rows" "$(jq -r '.SecretList | length' "$dir/out")" 2
rm "$dir/ListSecrets.json"
run '' secret list --json
is "a refusal gives 1" "$code" 1
like "and says what AWS said" "$(jq -r .error.text "$dir/out")" '*AccessDeniedException*'
SMCRED_MODULE_DIR=$dir/none run '' secret list
is "a missing module gives 1" "$code" 1

if command -v script >/dev/null; then
    # The prompt reads the terminal, so the typing waits for it.
    typed() {
        { wait_for_prompt; printf '%s\n' "$1"; wait_for_prompt 2; printf '%s\n' "$2"; } |
            script -qefc "'$smcred' secret put prod/orders/db" "$dir/typescript"
    }
    wait_for_prompt() {
        for ((i = 0; i < 1000; i++)); do
            [ -e "$dir/typescript" ] &&
                [ "$(grep -aoE 'value:|more:' "$dir/typescript" | wc -l)" -ge "${1:-1}" ] && return
            read -rt 0.01 <>"$dir/pause"
        done
    }
    mkfifo "$dir/pause"
    screen=$(typed 'typed-canary' 'typed-canary')
    is "a typed value arrives" "$(request .SecretString)" typed-canary
    unlike "and is not echoed" "$screen" '*canary*'
    rm "$dir/typescript"
    like "a slip of the fingers is noticed" "$(typed one two)" '*the two are not the same*'
else
    skip "a typed value arrives" "script(1) is not installed"
fi
done_testing
