#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_exec.sh - `smcred exec`: the shim in the environment, and connect() watched by seccomp.
. "$top_srcdir/tests/preload/lib.sh" || exit 99
launch_probe=$here/launch_probe probe=$here/probe
write_index
start_keeper kind
export SMCRED_INDEX=$index SMCRED_PRELOAD=$shim

run() { timeout 120 "$launch_probe" "$@" 2>&1 8>&- 9<&-; }
code() { run "$@" >/dev/null; echo $?; }

# --- by LD_PRELOAD ---
is "the program runs with the shim" "$(run -- "$probe" connect 127.99.0.1 5432)" "served orders"
is "a preload that is there stays first" \
    "$(LD_PRELOAD=libm.so.6 run -- sh -c 'echo $LD_PRELOAD')" "libm.so.6:$shim"
is "an exec inside an exec adds nothing" \
    "$(run -- "$launch_probe" -- sh -c 'echo $LD_PRELOAD')" "$shim"
is "the program's exit status is ours" "$(code -- sh -c 'exit 42')" 42
is "no such program: 127" "$(code -- "$dir/nothing")" 127
is "no program at all: 126" "$(code -- "$dir")" 126
like "and a sentence" "$(run -- "$dir/nothing")" "smcred exec: cannot run '$dir/nothing': No such file*"
like "a shim that is not there is an error" "$(SMCRED_PRELOAD=/nonexistent run -- true; echo $?)" \
    "smcred exec: cannot read the shim /nonexistent*126"
like "so is one that LD_PRELOAD cannot name" "$(SMCRED_PRELOAD='/a b' run -- true; echo $?)" \
    "smcred exec: *126"

smcred=$top_builddir/smcred
is "smcred exec" "$("$smcred" exec -- "$probe" connect 127.99.0.1 5432)" "served orders"
is "smcred exec, its exit status" "$("$smcred" exec sh -c 'exit 42'; echo $?)" 42
like "smcred exec without a program" "$("$smcred" exec 2>&1; echo "exit $?")" "*exit 2"
like "smcred exec with a wrong one" "$("$smcred" exec -- "$dir/nothing" 2>&1; echo "exit $?")" "*No such file*exit 127"

is "smcred exec leaves PGHOSTADDR to the shim" "$(PGHOSTADDR=127.0.0.1 "$smcred" exec sh -c 'echo $PGHOSTADDR')" 127.0.0.1
like "but a static program has none" "$(PGHOSTADDR=127.0.0.1 "$smcred" exec --seccomp -- true 2>&1; echo "exit $?")" \
    "smcred exec: PGHOSTADDR leads past*unset it*exit 2"

# --- by seccomp ---
if [ "$(code --seccomp -- true)" != 0 ]; then
    skip "connect() watched by seccomp" "$(run --seccomp -- true)"
    done_testing
    exit 0
fi
watched() { run --seccomp -- "$@"; }
static=
if command -v musl-gcc >/dev/null && musl-gcc -static -O1 -o "$dir/static" "$top_srcdir/tests/preload/probe.c" 2>"$dir/log"; then
    static=$dir/static
else
    skip "a static program (musl)" "no musl-gcc"
fi
if ${CC:-cc} -static -O1 -o "$dir/glibc-static" "$top_srcdir/tests/preload/probe.c" 2>"$dir/log"; then
    is "a static program (glibc)" "$(watched "$dir/glibc-static" connect 127.99.0.1 5432)" "served orders"
    static=${static:-$dir/glibc-static}
else
    skip "a static program (glibc)" "no static libc"
fi
if [ -n "$static" ]; then
    is "a static program" "$(watched "$static" connect 127.99.0.1 5432)" "served orders"
    is "which LD_PRELOAD cannot reach" "$(run -- "$static" connect 127.99.0.1 5432)" "Connection refused"
    is "by IPv6" "$(watched "$static" connect fd00:99::1 5432)" "served orders"
    is "by IPv4 in IPv6 clothes" "$(watched "$static" connect ::ffff:127.99.0.1 5432)" "served orders"
    is "by stand-in address" "$(watched "$static" connect 127.83.0.1 5433)" "served billing"
    is "not at a port that is no target's" "$(watched "$static" connect 127.83.0.1 9999)" "Connection refused"
    is "data goes both ways" "$(watched "$static" echo 127.99.0.1 5432 | xargs)" "served orders hello"
    is "flags are kept, and no descriptor is left behind" "$(watched "$static" flags 127.99.0.1 5432)" "done"
    is "options are kept" "$(watched "$static" options 127.99.0.1 5432 | xargs)" \
        "keepalive 1 nodelay 1 keepidle 77 rcvtimeo 3"
    like "a second connect() says that it is connected" \
        "$(watched "$static" twice 127.99.0.1 5432 | tail -n 1)" "*is *connected"
    is "poll(), select() and epoll_wait() tell who did not wait" "$(watched "$static" waiting 127.99.0.1 5432)" "done"
    is "and who had told epoll before" "$(watched "$static" registered 127.99.0.1 5432)" "served orders"
    is "threads" "$(watched "$static" threads 127.99.0.1 5432)" "320 of 320"
    is "a child" "$(watched "$static" fork 127.99.0.1 5432 | xargs)" "served orders served orders child is well"
    is "a signal handler" "$(watched "$static" signal 127.99.0.1 5432)" "served orders"
    is "other sockets and mistakes are the kernel's" \
        "$(watched "$static" others 127.99.0.1 5432)" "$("$static" others 127.99.0.1 5432)"
    is "other addresses too" "$(watched "$static" connect 127.0.0.9 1)" "$("$static" connect 127.0.0.9 1)"
fi
if command -v go >/dev/null && (cd "$dir" && CGO_ENABLED=0 GOFLAGS=-mod=mod \
    go build -o "$dir/go-probe" "$top_srcdir/tests/preload/probe.go" >"$dir/log" 2>&1); then
    is "a Go program" "$(watched "$dir/go-probe" 127.99.0.1:5432 1)" "1 served orders"
    is "with many goroutines" "$(watched "$dir/go-probe" 127.99.0.1:5432 100)" "100 served orders"
else
    skip "a Go program" "no go"
fi
is "a dynamic program has both" "$(watched "$probe" connect 127.99.0.1 5432)" "served orders"
is "names, too" "$(watched "$probe" resolve orders-db.internal 5432)" "inet 127.83.0.1 port 5432 type 1"

is "smcred exec --seccomp" "$("$smcred" exec --seccomp -- sh -c 'exit 42'; echo $?)" 42
is "exit status" "$(code --seccomp -- sh -c 'exit 42')" 42
is "no such program: 127" "$(code --seccomp -- "$dir/nothing")" 127
is "no program at all: 126" "$(code --seccomp -- "$dir")" 126
is "killed by a signal: 128 and its number" "$(code --seccomp -- sh -c 'kill -KILL $$')" 137
is "output is not held back" "$(watched echo hello)" hello
is "input arrives" "$(echo hello | watched cat)" hello
like "one inside another is refused, by name" "$(watched "$launch_probe" --seccomp -- true; echo $?)" \
    "smcred exec: cannot watch connect()*already inside*126"

# A signal to the front ends the program, which may have its own opinion.
mkfifo "$dir/never" "$dir/up"
# shellcheck disable=SC2016
"$launch_probe" --seccomp -- bash -c 'trap "echo caught; exit 7" TERM; echo up >"$1"
    while :; do read -r x; done' sh "$dir/up" <>"$dir/never" >"$dir/out" 2>&1 8>&- 9<&- &
front=$!
read -r -t 60 _ <"$dir/up"
# Again until it is gone: a signal just before bash's read(2) blocks waits for the read to end.
while kill -TERM "$front" 2>/dev/null; do sleep 0.2; done &
wait "$front"
is "signals are passed on, and the end is the program's" "$? $(tail -n 1 "$dir/out")" "7 caught"

# A program that leaves a child behind: the front ends, the child's connect() goes on working.
if [ -n "$static" ]; then
    mkfifo "$dir/start" "$dir/end"
    # shellcheck disable=SC2016
    is "the front ends with the program" \
        "$(watched sh -c '(read -r x <"$1"; exec "$2" connect 127.99.0.1 5432 >"$3" 2>&1) & exit 3' \
            sh "$dir/start" "$static" "$dir/end" </dev/null >/dev/null; echo $?)" 3
    echo >"$dir/start"
    is "and what it left behind is served" "$(timeout 60 cat "$dir/end")" "served orders"
fi

# --- the keeper says no, or nothing ---
if [ -n "$static" ]; then
    start_keeper refusing
    like "a refusal in PostgreSQL's form" "$(watched "$static" startup 127.99.0.1 5432)" \
        "E...?SFATAL.VFATAL.C28000.Msmcred: nobody is not allowed on target orders (rule: target orders: allow; audit id 96870813c7093ea4).."
    start_keeper limiting
    like "a keeper that has too much to do" "$(watched "$static" startup 127.99.0.1 5432)" "E*C53300.M*limit reached*"
    start_keeper overrun
    like "and says so unasked" "$(watched "$static" startup 127.99.0.1 5432)" \
        "E*C53300.Msmcred: too many connections to the keeper*"
    start_keeper closing
    like "a keeper that hangs up" "$(watched "$static" startup 127.99.0.1 5432)" "E*C57P03*hung up without an answer.."
    start_keeper garbling
    like "garbage" "$(watched "$static" startup 127.99.0.1 5432)" "E*C57P03*does not speak this version of smcred.."
    start_keeper empty-handed
    like "a grant without a connection" "$(watched "$static" startup 127.99.0.1 5432)" "E*C57P03*"
    stop_keeper
    like "no keeper" "$(watched "$static" startup 127.99.0.1 5432)" "E*C57P03*no keeper answers at *"
    like "no keeper, another protocol" "$(watched "$static" connect 127.83.0.3 6379)" "-ERR smcred: no keeper answers at *"
    start_keeper kind
    write_index
    # The program puts garbage in its place.
    # shellcheck disable=SC2016
    is "a damaged index that comes later is none, the old one stays" \
        "$(watched sh -c '"$1" connect 127.0.0.9 5432; head -c 4096 /dev/urandom >"$2.new"; mv "$2.new" "$2"; "$1" connect 127.0.0.9 5432' \
            sh "$static" "$index" | xargs)" "served orders served orders"
fi
for how in damaged missing; do
    [ $how = damaged ] && head -c 200 /dev/urandom >"$index" || rm -f "$index"
    for option in '' --seccomp; do
        # shellcheck disable=SC2086 # one option, or none
        like "an index that is $how: nothing is run, lest a name lead elsewhere ($option)" \
            "$(run $option -- echo has run; echo $?)" "smcred exec: there is no usable index of targets at $index; is smcredd running?*126"
    done
done
done_testing
