# SPDX-License-Identifier: LGPL-2.1-or-later
# t_smcred.sh - the command line: every subcommand's help, its mistakes, its answers and exit codes.
. "$top_srcdir/tests/lib/tap.sh" || exit 1
command -v jq >/dev/null || skip_all "jq is not installed"
unset SMCRED_SOCKET NO_COLOR
smcred=$top_builddir/smcred
socket=$dir/control.sock

# run ARG...: sets $out, $err and $code
run() {
    "$smcred" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    code=$?
    out=$(cat "$dir/out")
    err=$(cat "$dir/err")
}
is_json() { jq -e . "$dir/out" >/dev/null 2>&1; }

run --help
is "--help succeeds" "$code" 0
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\( [a-z-][a-z-]*\)\{0,1\}\)  .*/\1/p' "$dir/out")
like "and lists subcommands" "$commands" '*targets*connect*'
while IFS= read -r command; do
    # shellcheck disable=SC2086 # "secret put" is two words
    run $command --help
    is "$command --help succeeds" "$code" 0
    like "and says how it is used" "$out" "Usage: smcred $command*Common options:*--json*"
    # shellcheck disable=SC2086
    run $command --no-such-option
    is "$command --no-such-option is misuse" "$code" 2
    like "and the option is named" "$err" "smcred $command: *--no-such-option*Try*--help*"
done <<<"$commands"

run --version
like "--version says name and version" "$out" 'smcred [0-9]*.[0-9]*'
run
is "a missing command is misuse" "$code" 2
run conect
is "an unknown command is misuse" "$code" 2
like "and named" "$err" '*conect*'
for wrong in "targets extra" "status extra" explain "explain --host" "explain --host h extra" \
    "explain --host h --port 0" "explain --host h --port 65536" "explain --host h --port 5432x" \
    "explain --host h --port -1" refresh "refresh a b" simulate "simulate --secret a" "simulate --rotated" "simulate --secret a --rotated --sm-down" "simulate --secret a --rotated b" revoke "revoke secret" "revoke version a" "revoke --list a" "refresh a --all" connect "connect --program" \
    "--timeout 0 status" "--timeout x status" "--timeout nan status" "status --timeout 999999"; do
    # shellcheck disable=SC2086 # words
    run --socket "$socket" $wrong
    is "misuse: $wrong" "$code" 2
done
run --json explain
is "misuse with --json is still misuse" "$code" 2
is "and a document" "$(jq -r .error.status "$dir/out")" usage
run targets --no-such-option --json
is "also if --json stands behind the mistake" "$(jq -r .error.text "$dir/out")" "there is no such option here: --no-such-option"
run targets -xyz
like "of letters in one word the wrong one is named" "$err" "smcred targets: *here: -x*"

# Nobody at home.
for line in targets status "refresh orders" "explain --host h" "connect orders"; do
    # shellcheck disable=SC2086 # words
    run --socket "$socket" $line
    is "$line without a keeper gives 3" "$code" 3
    like "and says where it looked" "$err" "smcred ${line%% *}: no keeper answers at $socket;*"
    is "on standard error alone" "$out" ""
done
run --socket "$socket" --json targets
is "with --json, standard output says it too" "$(jq -r .error.status "$dir/out")" unavailable
SMCRED_SOCKET=$dir/elsewhere run targets
like "SMCRED_SOCKET is obeyed" "$err" "*$dir/elsewhere*"
SMCRED_SOCKET=$dir/elsewhere run targets --socket "$socket"
like "and --socket goes before it" "$err" "*$socket*"

# A keeper.  Its answers are files.
mkfifo "$dir/stdin" "$dir/pause"
"$top_builddir/tests/tools/fake_keeperd" "$socket" "$dir" <"$dir/stdin" >"$dir/ready" 2>"$dir/keeper.err" &
exec 9>"$dir/stdin"
at_exit 'exec 9>&-; wait'
for ((i = 0; i < 500; i++)); do grep -q ready "$dir/ready" && break; read -rt 0.01 <>"$dir/pause"; done
export SMCRED_SOCKET=$socket
question() { tail -n1 "$dir/questions"; }

run refresh --all
is "a refusal gives 1" "$code" 1
is "with sentence, rule and audit id" "$err" \
    "smcred refresh: only an administrator may do that (rule: keeper: admins; audit id a-1)"
run refresh --all --json
is "and with --json its status" "$(jq -r .error.status "$dir/out")" denied

cat >"$dir/targets.json" <<'END'
{"operator": "alice", "targets": [{"name": "orders", "engine": "postgres", "match": ["orders-db.internal", "orders"],
  "socket": "/run/smcred/orders/.s.PGSQL.5432", "user": "orders_app", "dbname": "orders",
  "rule": "target orders: allow @dba", "value": false, "new-in-the-next-version": {"x": [1]}},
 {"name": "b\u001b[31m", "engine": "oracle", "match": [], "socket": 7, "rule": "t\u00e4st\nrule"}]}
END
run targets
is "targets succeeds" "$code" 0
is "targets asks for them" "$(question)" targets
like "and shows a table" "$out" "TARGET*ENGINE*TYPE AS HOST*SOCKET*USER*DATABASE*RULE*
orders *postgres  orders-db.internal orders  /run/smcred/orders/.s.PGSQL.5432  orders_app  orders*"
like "control bytes are shown, not sent" "$out" '*b\\x1b\[31m*täst\\x0arule*'
unlike "no colour without a terminal" "$out" $'*\033*'
run targets --json
is "targets --json is the keeper's document" "$(jq -c .targets[0].value "$dir/out")" false
echo '{"targets": []}' >"$dir/targets.json.new" && mv "$dir/targets.json" "$dir/targets.some" &&
    mv "$dir/targets.json.new" "$dir/targets.json"
run targets
is "no targets is no failure" "$code" 0
like "and is explained" "$out" '*no target of this host allows you*explain*'
mv "$dir/targets.some" "$dir/targets.json"

# The completion asks the keeper for the names of targets.
complete_words() (
    PATH=$top_builddir:$PATH
    # shellcheck source=../../etc/smcred.bash-completion
    . "$top_srcdir/etc/smcred.bash-completion"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _smcred
    printf '%s\n' "${COMPREPLY[@]}"
)
is "the completion completes a target" "$(complete_words smcred connect or)" orders
like "and knows them all" "$(complete_words smcred refresh '')" "orders*b*"
is "but none behind one" "$(complete_words smcred connect orders o)" ""
is "and none where there is no keeper" "$(SMCRED_SOCKET=$dir/elsewhere complete_words smcred connect '')" ""

if command -v script >/dev/null; then
    terminal() { TERM=xterm script -qec "$*" /dev/null </dev/null; }
    like "a terminal gets colour" "$(terminal "$smcred" targets)" $'*\033\\[1m*'
    unlike "but not with NO_COLOR" "$(NO_COLOR=1 terminal "$smcred" targets)" $'*\033*'
    like "an empty NO_COLOR means nothing" "$(NO_COLOR='' terminal "$smcred" targets)" $'*\033\\[1m*'
else
    skip "a terminal gets colour" "script(1) is not installed"
fi

cat >"$dir/explain.json" <<'END'
{"decision": "allow", "target": "orders", "rule": "target orders: allow @dba", "user": "orders_app",
 "endpoint": "orders-db.internal:5432", "tls": "verify-full"}
END
run explain --host orders-db.internal --port 5433 --user alice
is "explain succeeds when allowed" "$code" 0
is "explain passes on host, port and user" "$(question)" \
    "explain host=orders-db.internal port=5433 user=alice"
like "and shows each member" "$out" "decision *allow*rule *target orders: allow @dba*tls *verify-full*"
run explain --json --host orders-db.internal
is "explain --json is the document" "$(jq -r .tls "$dir/out")" verify-full
echo '{"decision": "deny", "secret": "", "reason": "nobody"}' >"$dir/explain.json"
run explain --host h
unlike "what is empty is left out" "$out" "*secret*"
is "explain gives 1 when refused" "$code" 1
like "and says why" "$out" '*deny*reason *nobody*'

cat >"$dir/status.json" <<'END'
{"version": "0.1.0", "uptime_s": 12.5, "cache": {"secrets": 1000, "stale": true},
 "sessions": [{"id": "7", "target": "orders", "bytes": 1099511627776}], "empty": []}
END
run status
is "status succeeds" "$code" 0
like "status shows values, then objects and tables" "$out" \
    "version *0.1.0*uptime_s *12.500*cache:*secrets *1000*stale *yes*sessions:*id  target  bytes*7   orders  1099511627776*"
run --json status
if is_json; then ok "status --json is JSON"; else not_ok "status --json is JSON" "$out"; fi

echo '{"refreshed": [{"secret": "prod/orders/db", "status": "ok"}]}' >"$dir/refresh.json"
run refresh orders
is "refresh succeeds" "$code" 0
is "and begins with its table" "$(head -n 1 "$dir/out")" "refreshed:"
is "refresh names its secret" "$(question)" "refresh name=orders"
like "and shows each row" "$out" '*secret *status*prod/orders/db *ok*'
run refresh --all
echo '{"refreshed": [{"secret": "a", "status": "ok"}, {"secret": "b", "status": "timed out"}]}' \
    >"$dir/refresh.json"
run refresh --all
is "a secret that could not be read makes it 1" "$code" 1
is "refresh --all says so" "$(question)" "refresh all="
echo '{"refreshed": [{"secret": "a", "status": "ok"}], "unread": 3}' >"$dir/refresh.json"
run refresh --all
is "and so do rows for which the keeper had no memory" "$code" 1
like "which it counts" "$out" '*unread*3*'

# connect becomes the client.  A script in PATH stands for psql.
mkdir "$dir/bin"
cat >"$dir/bin/psql" <<'END'
#!/bin/sh
printf '%s|' "$0" "$@" "${PGHOST-}" "${PGPORT-}" "${PGUSER-}" "${PGDATABASE-}" "${PGHOSTADDR-}" \
    "${PGSERVICE-}" "${PGPASSWORD-}"
exit 42
END
chmod +x "$dir/bin/psql" && cp "$dir/bin/psql" "$dir/bin/pgcli"
: >"$dir/bin/plain"
PATH=$dir/bin:$PATH PGHOSTADDR=10.0.0.1 PGSERVICE=evil PGPASSWORD=x run connect orders -c 'select 1'
is "connect gives the client's own exit code" "$code" 42
is "the client gets place and name, and nothing that leads elsewhere" "$out" \
    "$dir/bin/psql|-c|select 1|/run/smcred/orders|5432|alice|orders||||"
PATH=$dir/bin:$PATH run connect orders -- --help
like "what follows -- is the client's" "$out" "*psql|--help|/run/*"
PATH=$dir/bin:$PATH run connect --program pgcli orders
like "--program names another client" "$out" "*pgcli|/run/*"
mkdir "$dir/only" && cp "$dir/bin/pgcli" "$dir/only"
like "and is what there is where psql is missing" "$(PATH=$dir/only "$smcred" connect orders 2>&1)" "*pgcli|/run/*"
PATH=$dir/bin:$PATH run connect --program nonesuch orders
is "a client that is missing gives 127" "$code" 127
run connect --program "$dir/bin/plain" orders
is "one that cannot be started gives 126" "$code" 126
run connect nowhere
is "an unknown target gives 1" "$code" 1
like "and is named" "$err" '*nowhere*targets*'

# Clients of MySQL get options, as their option files would go over variables.
cat >"$dir/bin/mariadb" <<'END'
#!/bin/sh
printf '%s|' "${0##*/}" "$@" "${MYSQL_PWD-unset}"
END
chmod +x "$dir/bin/mariadb"
mysql="--host=localhost|--socket=/run/smcred/billing/mysql.sock|--protocol=socket|--user=alice"
mariadb=${mysql/--user/--skip-ssl-verify-server-cert|--user}
mv "$dir/targets.json" "$dir/targets.some"
cat >"$dir/targets.json" <<'END'
{"operator": "alice", "uid": 1000, "targets": [{"name": "billing", "engine": "mysql",
  "socket": "/run/smcred/billing/mysql.sock", "dbname": "billing"}]}
END
is "mariadb is started where there is no mysql" \
    "$(PATH=$dir/bin MYSQL_PWD=x "$smcred" connect billing archive -e 'select 1' 2>&1)" "mariadb|$mariadb|archive|-e|select 1|unset|"
cp "$dir/bin/mariadb" "$dir/bin/mysql"
is "else mysql" "$(PATH=$dir/bin "$smcred" connect billing 2>&1)" "mysql|$mysql|unset|"
is "or what --program says" "$(PATH=$dir/bin "$smcred" connect --program mariadb billing 2>&1)" "mariadb|$mariadb|unset|"
ln -sf mariadb "$dir/bin/mysql"
is "MariaDB's own may be called mysql" "$(PATH=$dir/bin "$smcred" connect billing 2>&1)" "mysql|$mariadb|unset|"
rm "$dir/bin/mysql"
cp "$dir/bin/mariadb" "$dir/bin/mysql"
is "what it knows only as its first words stays there" \
    "$(PATH=$dir/bin "$smcred" connect billing -- --no-defaults --defaults-group-suffix=x -e --no-defaults 2>&1)" \
    "mysql|--no-defaults|--defaults-group-suffix=x|$mysql|-e|--no-defaults|unset|"
sed 's/MYSQL_PWD/DSN/' "$dir/bin/mysql" >"$dir/bin/mycli"
chmod +x "$dir/bin/mycli"
is "mycli looks for no other socket, and at no DSN" "$(PATH=$dir/bin DSN=x "$smcred" connect --program "$dir/bin/mycli" billing 2>&1)" \
    "mycli|--host=localhost|--socket=/run/smcred/billing/mysql.sock|--port=3306|--user=alice|unset|"

# Clients of Redis get the socket; a password in their environment is for another server.
sed 's/MYSQL_PWD/REDISCLI_AUTH/' "$dir/bin/mariadb" >"$dir/bin/redis-cli"
chmod +x "$dir/bin/redis-cli"
cat >"$dir/targets.json" <<'END'
{"operator": "alice", "uid": 1000, "targets": [{"name": "cache", "engine": "redis",
  "socket": "/run/smcred/cache/redis.sock", "dbname": "0"}]}
END
is "redis-cli is told the socket, and no password" \
    "$(PATH=$dir/bin REDISCLI_AUTH=x "$smcred" connect cache -3 ping 2>&1)" "redis-cli|-s|/run/smcred/cache/redis.sock|-3|ping|unset|"
mv "$dir/bin/redis-cli" "$dir/bin/valkey-cli"
is "or valkey-cli" "$(PATH=$dir/bin "$smcred" connect cache 2>&1)" "valkey-cli|-s|/run/smcred/cache/redis.sock|unset|"
mv "$dir/targets.some" "$dir/targets.json"

# A keeper that lies, or something that is no keeper.
for manner in close garbage truncated oversized other-version other-verb other-id no-descriptor \
    two-descriptors strange-status unsealed huge empty not-json not-a-memfd; do
    printf %s "$manner" >"$dir/manner"
    run targets --json
    expected=1
    [ "$manner" = close ] && expected=3
    is "an answer that is $manner is refused" "$code" "$expected"
    like "and the sentence is a document" "$(jq -r .error.text "$dir/out")" '*[ks]*e*r*'
done
printf close >"$dir/manner"
run targets
is "a keeper that hangs up is told from one that is not there" "$code $err" \
    "3 smcred targets: the keeper at $socket hung up without an answer"
printf turned-away >"$dir/manner"
run --json targets
is "one that has too much to do gives 1" "$code" 1
is "and says so" "$(jq -r '.error | .status + ": " + .text' "$dir/out")" \
    "limit reached: too many connections to the keeper"
printf silent >"$dir/manner"
run --timeout 0.05 targets
is "a keeper that never answers gives 3" "$code" 3
like "and the deadline is the reason" "$err" '*did not answer in time*'
rm "$dir/manner"

"$smcred" targets >/dev/full 2>"$dir/err"
is "a full disk is no success" "$?" 1
"$smcred" explain --host h >/dev/full 2>"$dir/err"
like "nor is it silent when the answer is a refusal" "$(cat "$dir/err")" '*cannot write the answer*'
empty "the fake keeper had nothing to say" "$(cat "$dir/keeper.err")"
done_testing
