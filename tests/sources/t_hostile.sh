#!/bin/bash
# t_hostile.sh - what the module makes of a Secrets Manager that lies, stalls, breaks or throttles.
. "$top_srcdir/tests/sources/lib.sh"
need /usr/bin/python3
need openssl
need_modules

export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI AWS_REGION=us-east-1
export AWS_CONFIG_FILE=/nonexistent AWS_SHARED_CREDENTIALS_FILE=/nonexistent
unset AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SECRETS_MANAGER AWS_PROFILE AWS_CA_BUNDLE
export no_proxy=127.0.0.1,localhost,elsewhere.internal NO_PROXY=127.0.0.1,localhost

start_server "$dir/port" "$dir/log"
url=http://127.0.0.1:$(cat "$dir/port")

fetch() { # NAME [ASK WORD...]: asks the plain server
    local name=$1
    shift
    "$ask" "$modules" secretsmanager "aws.endpoint_url=$url" aws.timeout="${timeout:-30}" \
        -- fetch "$name" "$@"
}
# answers SENTENCE NAME STATUS [TEXT]: the fetch of NAME ends in STATUS, and says TEXT
answers() {
    local out
    out=$(fetch "$2")
    [ "$(head -n1 <<<"$out")" = "$3" ] && grep -qF -- "${4:-}" <<<"$out"
    result $? "$1" "$out"
}
requests() { grep -c "^$1 " "$dir/log"; }

answers "a good answer is a snapshot" good ok password=hunter2
answers "a port in digits is a number" good ok port=5432
for form in type_plain type_namespace type_tail type_code type_header; do
    answers "error type in the form $form" $form "not found" ResourceNotFoundException
done
answers "a denial is a denial" denied denied AccessDeniedException
answers "a message in any of its spellings is shown" type_code "not found" ": gone"
answers "control characters of an error do not reach the terminal" escapes invalid "Evil?[31m?Exception"
for error in ExpiredToken ExpiredTokenException UnrecognizedClientException InvalidSignatureException \
    InvalidClientTokenId SignatureDoesNotMatch IncompleteSignature MissingAuthenticationToken RequestExpired; do
    answers "$error is about us, not about the secret" "credentials_$error" unavailable "$error"
done
answers "a truncated body is no answer" truncated unavailable
answers "a huge body is refused" huge "too large"
timeout=1 answers "a body without end is refused" endless "too large"
answers "so are headers without end" headers unavailable
answers "a compressed one is not unpacked" bomb "protocol error"
answers "an answer that never begins ends with the time-out" trickle "timed out"
answers "a stalled body ends with the time-out" slow "timed out"
timeout=1 answers "a silent server ends with the time-out" silent "timed out"
answers "a portal's page is no answer" html "protocol error"
answers "an error page is an error" html_error unavailable "HTTP 502"
answers "JSON that is no object is no answer" not_an_object "protocol error"
answers "an answer without a version is none" no_version "protocol error"
answers "a NUL inside a password is refused, not cut" nul invalid
answers "a binary secret is no login" binary invalid binary
answers "something that is not HTTP is no answer" not_http "protocol error"

answers "one 500 is tried again" once_500 ok password=hunter2
[ "$(requests once_500)" = 2 ]
result $? "with two requests"
answers "one throttling is tried again" once_throttled ok password=hunter2
ids=$(grep '^once_throttled ' "$dir/log" | sed 's/.* //' | sort -u | wc -l)
[ "$ids" = 1 ] && grep -q '^once_throttled attempt=2; max=3' "$dir/log"
result $? "both attempts share an invocation id and are counted" "$(grep once_throttled "$dir/log")"
answers "500 for ever is unavailable" always_500 unavailable InternalServiceError
[ "$(requests always_500)" = 3 ]
result $? "after three attempts"
answers "a denial is not tried again" denied denied
[ "$(requests denied)" = 2 ]
result $? "one request for each denial" "$(requests denied)"

answers "a redirect is an error" redirect "protocol error" "HTTP 307"
answers "nor is another kind of it" redirect_302 "protocol error" "HTTP 302"
answers "nor a third" redirect_303 "protocol error" "HTTP 303"
! grep -q '^GET' "$dir/log" && [ "$(requests redirect)" = 1 ]
result $? "and is not followed"

answers "a wrong clock is corrected from the Date header" skew ok password=hunter2
[ "$(requests skew)" = 2 ]
result $? "with one more request" "$(requests skew)"

answers "a clock that is never right denies no secret" always_skewed unavailable InvalidSignatureException
[ "$(requests always_skewed)" = 2 ]
result $? "after one correction" "$(requests always_skewed)"

# Pauses between attempts are shorter than what is left, or there is no attempt.
began=$(date +%s%N)
out=$(ASK_DEADLINE_MS=400 fetch throttled)
[ "$(head -n1 <<<"$out")" = "limit reached" ] && grep -q ThrottlingException <<<"$out"
result $? "throttling for ever is a limit, and says so" "$out"
[ $((($(date +%s%N) - began) / 1000000)) -lt 10000 ] && [ "$(requests throttled)" -le 3 ]
result $? "within the deadline" "$(requests throttled)"

out=$(fetch other_version AWSCURRENT 22222222-2222-2222-2222-222222222222)
[ "$(head -n1 <<<"$out")" = "protocol error" ]
result $? "another version than asked for is refused" "$out"

out=$(ASK_DEADLINE_MS=300 fetch silent)
[ "$(head -n1 <<<"$out")" = "timed out" ]
result $? "the deadline is kept" "$out"

# TLS
make_ca "$dir/ca"
make_cert "$dir/ca" "$dir/good" 127.0.0.1
make_ca "$dir/other"
make_cert "$dir/ca" "$dir/wrong" elsewhere.internal
start_server "$dir/tls.port" "$dir/tls.log" "$dir/good.crt" "$dir/good.key"
start_server "$dir/wrong.port" "$dir/wrong.log" "$dir/wrong.crt" "$dir/wrong.key"
tls_fetch() { # PORT_FILE CA_FILE
    "$ask" "$modules" secretsmanager "aws.endpoint_url=https://127.0.0.1:$(cat "$1")" \
        "aws.ca_file=$2" -- fetch good
}
out=$(tls_fetch "$dir/tls.port" "$dir/ca.crt")
[ "$(head -n1 <<<"$out")" = ok ]
result $? "a server with the right certificate is believed" "$out"
# Whoever answers there, it is not Secrets Manager: what it is taken for denies nobody a secret that is cached.
out=$(tls_fetch "$dir/tls.port" "$dir/other.crt")
[ "$(head -n1 <<<"$out")" = unavailable ] && grep -qi certificate <<<"$out"
result $? "a certificate of another CA is refused, by name" "$out"
out=$(tls_fetch "$dir/tls.port" /etc/ssl/certs/ca-certificates.crt)
[ "$(head -n1 <<<"$out")" = unavailable ]
result $? "a certificate of a CA the system does not know is refused" "$out"
out=$(tls_fetch "$dir/wrong.port" "$dir/ca.crt")
[ "$(head -n1 <<<"$out")" = unavailable ] && [ ! -e "$dir/wrong.log" ] && grep -q 127.0.0.1 <<<"$out"
result $? "a certificate for another name is refused, and nothing is sent" "$out"
before=$(requests good)
out=$("$ask" "$modules" secretsmanager "aws.endpoint_url=https://127.0.0.1:$(cat "$dir/port")" \
    "aws.ca_file=$dir/ca.crt" aws.max_attempts=1 -- fetch good)
[ "$(head -n1 <<<"$out")" = unavailable ] && [ "$(requests good)" = "$before" ]
result $? "a server without TLS is not spoken to in the clear" "$out"
out=$("$ask" "$modules" secretsmanager aws.endpoint_url=http://elsewhere.internal:1 -- fetch good)
[ "$(head -n1 <<<"$out")" = invalid ] && grep -q "in the clear" <<<"$out"
result $? "plain http to another host is refused" "$out"
out=$("$ask" "$modules" secretsmanager aws.endpoint_url=http://127.0.0.1:1 aws.max_attempts=1 -- fetch good)
[ "$(head -n1 <<<"$out")" = unavailable ]
result $? "nobody listening is unavailable" "$out"
! grep -rq hunter2 "$dir"/*.log
result $? "the log of requests holds no password"
finish
