#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_shim.sh - what connect() and getaddrinfo() do under the shim, as seen from within a program.
. "$top_srcdir/tests/preload/lib.sh" || exit 99
probe=$here/probe
write_index

# A keeper that never answers costs its whole deadline: begun now, looked at in the end.
mute=$(mktemp -d -p "$dir")
(
    dir=$mute index=$mute/index
    keeper_pid=
    write_index
    start_keeper mute
    start=$(date +%s%N)
    with "$probe" startup 127.83.0.1 5432 >"$dir/answer"
    echo $((($(date +%s%N) - start) / 1000000)) >"$dir/ms"
    stop_keeper
    trap - EXIT
) &
mute_pid=$!

start_keeper kind

# --- connect ---
is "a target's address is connected by the keeper" "$(with "$probe" connect 127.99.0.1 5432)" "served orders"
is "and by IPv6" "$(with "$probe" connect fd00:99::1 5432)" "served orders"
is "and by IPv4 in IPv6 clothes" "$(with "$probe" connect ::ffff:127.99.0.1 5432)" "served orders"
is "what is sent arrives, and comes back" "$(with "$probe" echo 127.99.0.1 5432 | xargs)" "served orders hello"
is "the stand-in address is the target's" "$(with "$probe" connect 127.83.0.1 5432)" "served orders"
is "on every port of the target" "$(with "$probe" connect 127.83.0.1 6432)" "served orders"
is "the port tells one target of a host from the other" "$(with "$probe" connect 127.83.0.1 5433)" "served billing"
is "no target at that port is a refusal, not somebody else's server" \
    "$(with "$probe" connect 127.83.0.1 9999)" "Connection refused"
is "another port of a real address is not ours" \
    "$(with "$probe" connect 127.0.0.9 1)" "$("$probe" connect 127.0.0.9 1)"
is "flags and errno are kept, and no descriptor is left behind" "$(with "$probe" flags 127.99.0.1 5432)" "done"
is "options set before are kept" "$(with "$probe" options 127.99.0.1 5432 | xargs)" \
    "keepalive 1 nodelay 1 keepidle 77 rcvtimeo 3"
is "a second connect() says that it is connected" "$(with "$probe" twice 127.99.0.1 5432 | tail -n 1)" \
    "Transport endpoint is already connected"
is "poll(), select() and epoll_wait() tell who did not wait" "$(with "$probe" waiting 127.99.0.1 5432)" "done"
is "and who had told epoll before" "$(with "$probe" registered 127.99.0.1 5432)" "served orders"
is "a signal handler may connect" "$(with "$probe" signal 127.99.0.1 5432)" "served orders"
is "so may a child" "$(with "$probe" fork 127.99.0.1 5432 | xargs)" "served orders served orders child is well"
is "so may many threads" "$(with "$probe" threads 127.99.0.1 5432)" "320 of 320"
(while [ -e "$dir/replacing" ] || [ ! -e "$dir/replaced" ]; do write_index; : >"$dir/replaced"; done) &
replacing=$!
: >"$dir/replacing"
is "also while the index is replaced under them" \
    "$(for ((i = 0; i < 3; i++)); do with "$probe" threads 127.99.0.1 5432; done | sort -u)" "320 of 320"
rm "$dir/replacing"
wait "$replacing"
is "other sockets and mistakes are the kernel's" \
    "$(with "$probe" others 127.99.0.1 5432 2>&1)" "$("$probe" others 127.99.0.1 5432 2>&1)"

# --- getaddrinfo, asked by anybody ---
inet1="inet 127.83.0.1 port 5432 type 1"
is "a target's name is its stand-in address" "$(with "$probe" resolve orders-db.internal 5432)" "$inet1"
is "however it is spelled" "$(with "$probe" resolve Orders-DB.Internal. 5432)" "$inet1"
is "also for IPv6 alone" "$(with "$probe" resolve orders-db.internal 5432 10)" \
    "inet6 ::ffff:127.83.0.1 port 5432 type 1"
is "also with AI_ADDRCONFIG and AI_CANONNAME" "$(with "$probe" resolve orders-db.internal 5432 0 34)" "$inet1"
is "its other port is another target" "$(with "$probe" resolve orders-db.internal 5433)" \
    "inet 127.83.0.2 port 5433 type 1"
is "a name known to libc is libc's, until the port is known" \
    "$(with "$probe" resolve localhost -)" "$("$probe" resolve localhost -)"
is "and with it, ours" "$(with "$probe" resolve localhost 5439)" "inet 127.83.0.1 port 5439 type 1"
is "other ports are libc's" "$(with "$probe" resolve localhost 80)" "$("$probe" resolve localhost 80)"
is "a name that libc does not know is ours, the port to come" "$(with "$probe" resolve orders-db.internal -)" \
    "inet 127.83.0.1 port 0 type 1"
like "another port of it is not" "$(with "$probe" resolve orders-db.internal 22)" "error -*"
like "nor is a port that is none" "$(with "$probe" resolve orders-db.internal 99999)" "error -*"
like "nor what is to be a number" "$(with "$probe" resolve orders-db.internal 5432 0 4)" "error -2"
is "numbers are left alone" "$(with "$probe" resolve 127.99.0.1 5432)" "inet 127.99.0.1 port 5432 type 1"
is "so are datagrams" "$(with "$probe" resolve localhost 5439 2 0 2)" "$("$probe" resolve localhost 5439 2 0 2)"

# --- getaddrinfo, asked by libpq ---
libpq=$dir/libpq.probe
cp "$probe" "$libpq"
unix1="unix $dir/orders/.s.PGSQL.5432 type 1"
is "libpq gets the target's socket" "$(with "$libpq" resolve orders-db.internal 5432)" "$unix1"
is "for a stand-in address, too" "$(with "$libpq" resolve 127.83.0.1 5432 0 4)" "$unix1"
is "by its port" "$(with "$libpq" resolve 127.83.0.1 5433 0 4)" "unix $dir/billing/.s.PGSQL.5432 type 1"
is "and for the real one" "$(with "$libpq" resolve 127.99.0.1 5432 0 4)" "$unix1"
is "other addresses are left alone" "$(with "$libpq" resolve 127.99.0.2 5432 0 4)" "inet 127.99.0.2 port 5432 type 1"
cp "$probe" "$dir/libpqxx.probe"
is "libpqxx is not libpq" "$(with "$dir/libpqxx.probe" resolve orders-db.internal 5432)" "$inet1"
if command -v valgrind >/dev/null && ! sanitized; then
    like "libc frees what libpq gets" \
        "$(with valgrind -q --error-exitcode=9 --leak-check=full "$libpq" resolve orders-db.internal 5432; echo "exit $?")" \
        "*exit 0"
else
    skip "libc frees what libpq gets" "no valgrind, or a sanitized build"
fi

if sanitized; then # whose allocator keeps what was freed
    skip "all of it, and what it replaces" "a sanitized build"
else
    is "all of it" "$(with "$libpq" leak orders-db.internal 5432)" "does not grow"
    is "and what it replaces" "$(with "$libpq" leak 127.99.0.1 5432)" "does not grow"
fi

# --- psql itself ---
if psql=$(ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1) && [ -n "$psql" ]; then
    reached="*FATAL:  smcred: reached orders*"
    like "psql goes to the target's socket" "$(with "$psql" -h orders-db.internal -c '')" "$reached"
    like "PGHOSTADDR of the stand-in" "$(PGHOSTADDR=127.83.0.1 with "$psql" -h anything -c '')" "$reached"
    like "PGHOSTADDR of the database" "$(PGHOSTADDR=127.99.0.1 with "$psql" -h anything -c '')" "$reached"
    diverted="*FATAL:  smcred: PGHOSTADDR leads to a server that is no target*"
    like "PGHOSTADDR of another server leads nowhere" \
        "$(PGHOSTADDR=127.0.0.1 PGPORT=1 with "$psql" -h orders-db.internal -c '')" "$diverted"
    like "whatever sslmode says" \
        "$(PGHOSTADDR=127.0.0.1 PGSSLMODE=require with "$psql" -h orders-db.internal -p 1 -c '')" "$diverted"
    like "also as one of several" \
        "$(PGHOSTADDR=127.99.0.1,127.0.0.1 with "$psql" -h anything,orders-db.internal -p 5432,1 -c '' 2>&1)" "$reached"
    like "also as the second of several" \
        "$(PGHOSTADDR=127.0.0.1,127.99.0.1 with "$psql" -h orders-db.internal,anything -p 1,5432 -c '' 2>&1)" "$diverted"
    like "an address that was typed is one that was meant" \
        "$(PGHOSTADDR=127.0.0.2 with "$psql" 'host=orders-db.internal hostaddr=127.0.0.1 port=1' -c '')" "*127.0.0.1*refused*"
    like "without smcred's index, too, nobody is led astray" \
        "$(SMCRED_INDEX=/nonexistent PGHOSTADDR=127.0.0.1 PGPORT=1 LD_PRELOAD=$shim "$psql" -h orders-db.internal -c '' 2>&1)" "$diverted"
    like "sslmode=require is content" "$(with "$psql" 'host=orders-db.internal sslmode=require' -c '')" "$reached"
    like "sslmode=verify-full is content" \
        "$(with "$psql" 'postgresql://x@orders-db.internal/y?sslmode=verify-full' -c '')" "$reached"
else
    skip "psql goes to the target's socket" "no psql"
fi

# --- the index changes ---
with_again() { # SENTENCE EXPECTED CHANGE...: connects, runs the change, connects again
    local expected=$2 sentence=$1 first second
    shift 2
    write_index
    coproc again { with "$probe" again 127.99.0.1 5432; }
    local pid=$again_PID out=${again[0]} in=${again[1]}
    echo >&"$in"
    read -r -t 60 first <&"$out"
    "$@"
    echo >&"$in"
    read -r -t 60 second <&"$out"
    eval "exec $in>&-"
    wait "$pid" 2>/dev/null
    is "$sentence" "$first, $second" "$expected"
}
move_to_billing() {
    "$here/index_writer" "$index" "$dir/control.sock" <<END
target billing $dir/billing/.s.PGSQL.5432 1 127.83.0.2 5432
address 127.99.0.1 5432 billing
END
}
replace_by_garbage() {
    write_index
    head -c 4096 /dev/urandom >"$index.other"
    mv "$index.other" "$index"
}
with_again "a new index is seen at once" "served orders, served billing" move_to_billing
with_again "a damaged one is not: the old one stays" "served orders, served orders" replace_by_garbage

others=$("$probe" connect 127.0.0.9 5432)
write_index
size=$(stat -c %s "$index")
for length in 0 1 100 144 $((size - 1)); do
    write_index
    cp "$index" "$dir/whole"
    head -c "$length" "$dir/whole" >"$dir/cut"
    mv "$dir/cut" "$index"
    is "an index of $length bytes is none" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
done
for offset in 0 4 8 16 20 24 139 $((144 + 63)) $((144 + 64 + 107)); do
    write_index
    printf '\377' | dd of="$index" bs=1 seek="$offset" conv=notrunc status=none
    is "an index with byte $offset wrong is none" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
done
for mode in 0664 0646; do
    write_index
    chmod $mode "$index"
    is "an index of mode $mode is none" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
done
like "and SMCRED_DEBUG says why" "$(SMCRED_DEBUG=1 with "$probe" connect 127.0.0.9 5432)" \
    "smcred: index $index: is writable by others, ignored*"
write_index
mv "$index" "$index.elsewhere"
ln -s "$index.elsewhere" "$index"
is "a symbolic link to one is one" "$(with "$probe" connect 127.0.0.9 5432)" "served orders"
ln -sf "$index" "$index"
is "one that leads nowhere is none" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
rm "$index"
is "no index: nothing is ours" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
mkfifo "$index"
is "a FIFO is no index, and nobody waits for it" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
rm "$index"
mkdir "$index"
is "nor is a directory" "$(with "$probe" connect 127.0.0.9 5432)" "$others"
rmdir "$index"
write_index
is "a relative SMCRED_INDEX is not used" \
    "$(cd "$dir" && env SMCRED_INDEX=index LD_PRELOAD="$shim" "$probe" connect 127.0.0.9 5432)" "$others"

# --- the keeper says no, or nothing ---
no="E...?SFATAL.VFATAL.C28000.Msmcred: nobody is not allowed on target orders (audit id 96870813c7093ea4).."
not_now="E...?SFATAL.VFATAL.C57P03.Msmcred: "
start_keeper refusing
like "a refusal comes as PostgreSQL's own" "$(with "$probe" startup 127.99.0.1 5432)" "$no"
like "also by IPv6" "$(with "$probe" startup fd00:99::1 5432)" "$no"
like "or as Redis's" "$(with "$probe" connect 127.83.0.3 6379)" "-WRONGPASS smcred: nobody is not allowed on target orders (audit id 96870813c7093ea4)*"
write_index "target future $dir/future.sock 9 127.83.0.5 9999"
is "or as an errno, to a protocol that the shim is too old for" "$(with "$probe" connect 127.83.0.5 9999)" "Permission denied"
write_index
is "flags are kept even then" "$(with "$probe" flags 127.99.0.1 5432)" "done"
start_keeper garbling
like "garbage from a keeper is an error" "$(with "$probe" startup 127.99.0.1 5432)" "$not_now*understand.."
start_keeper empty-handed
like "so is a grant without a connection" "$(with "$probe" startup 127.99.0.1 5432)" "$not_now*understand.."
start_keeper closing
like "so is a keeper that hangs up" "$(with "$probe" startup 127.99.0.1 5432)" "$not_now*hung up without an answer.."
too_many="E...?SFATAL.VFATAL.C53300.Msmcred: too many connections to the keeper.."
start_keeper limiting
like "one that has too much to do is not one that is gone" "$(with "$probe" startup 127.99.0.1 5432)" "$too_many"
start_keeper overrun
like "nor if it says so unasked" "$(with "$probe" startup 127.99.0.1 5432)" "$too_many"
is "not once in a hundred times" \
    "$(for ((i = 0; i < 100; i++)); do with "$probe" startup 127.99.0.1 5432; done | grep -cv 'C53300')" 0
start_keeper failing
like "what stands behind it is named" "$(with "$probe" startup 127.99.0.1 5432)" \
    "$not_now""Secrets Manager does not answer.."
stop_keeper
like "so is one that is gone: never the network" "$(with "$probe" startup 127.99.0.1 5432)" "$not_now*not running.."
rm -f "$dir/control.sock"
like "or was never there" "$(with "$probe" startup 127.99.0.1 5432)" "$not_now*not running.."
if [ -n "$psql" ]; then
    like "psql says it when the keeper is gone" "$(with "$psql" -h orders-db.internal -c '')" \
        "*$dir/orders/.s.PGSQL.5432\" failed: FATAL:  smcred: the keeper is not running"
    like "and for a target's socket that was typed" "$(with "$psql" -h "$dir/orders" -c '')" \
        "*FATAL:  smcred: the keeper is not running"
    rm "$dir/orders/.s.PGSQL.5432"
    like "or has gone in order" "$(with "$psql" 'host=orders-db.internal sslmode=require' -c '')" \
        "*FATAL:  smcred: the keeper is not running"
    like "another socket that is not there is libc's" "$(with "$psql" -h "$dir" -c '')" \
        "*No such file or directory*"
else
    skip "psql says it when the keeper is gone" "no psql"
fi

# --- a target's socket whose queue is full ---
if command -v python3 >/dev/null; then
    write_index "target full $dir/full.sock 1 127.83.0.4 5432"
    mkfifo "$dir/waiting"
    cat >"$dir/full.py" <<'END'
# A listener with a full queue, and a client that does not want to wait.
import os, socket, subprocess, sys, time
path, fifo = sys.argv[1:]
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(0)
first = socket.socket(socket.AF_UNIX)
first.connect(path)
client = """
import os, socket, sys
client = socket.socket(socket.AF_UNIX)
client.setblocking(False)
said = open(sys.argv[2], 'w')
print('trying', file=said, flush=True)
error = client.connect_ex(sys.argv[1])
client.setblocking(True)
print(os.strerror(error) if error else client.recv(9).decode(), file=said)
"""
for preload in "", os.environ["LD_PRELOAD"]:
    process = subprocess.Popen([sys.executable, "-c", client, path, fifo], env={**os.environ, "LD_PRELOAD": preload})
    with open(fifo) as said:
        said.readline()
        if preload:
            time.sleep(0.2)  # it finds the queue full, unless it is slower than that
            server.accept()  # the first; there is room for one more
            server.accept()[0].sendall(b"served")
        print(said.read().strip(), flush=True)
    process.wait()
END
    is "a full queue is waited for" "$(with timeout 60 python3 "$dir/full.py" "$dir/full.sock" "$dir/waiting" | xargs)" \
        "Resource temporarily unavailable served"
    write_index
else
    skip "a full queue is waited for" "no python3"
fi

# --- it is silent ---
start_keeper kind
is "without SMCRED_DEBUG it is silent" "$(with "$probe" connect 127.99.0.1 5432 2>&1)" "served orders"
is "with it, it says one line for each decision" \
    "$(SMCRED_DEBUG=1 with "$probe" connect 127.99.0.1 5432)" \
    "smcred: connect orders: connected by the keeper
served orders"
is "control characters of a path do not reach the terminal" \
    "$(env SMCRED_DEBUG=1 SMCRED_INDEX="$dir/$(printf '\033')x" LD_PRELOAD="$shim" "$probe" connect 127.0.0.9 1 2>&1 | grep -c $'\033')" 0

# --- musl ---
if command -v musl-gcc >/dev/null; then
    musl=$dir/musl
    musl-gcc -O1 -o "$musl" "$top_srcdir/tests/preload/probe.c" 2>"$dir/log" || cat "$dir/log"
    cp "$musl" "$dir/libpq.musl"
    is "musl: connect" "$(with "$musl" connect 127.99.0.1 5432)" "served orders"
    is "musl: flags" "$(with "$musl" flags 127.99.0.1 5432)" "done"
    is "musl: poll, select, epoll" "$(with "$musl" waiting 127.99.0.1 5432)" "done"
    is "musl: epoll, told before" "$(with "$musl" registered 127.99.0.1 5432)" "served orders"
    is "musl: threads" "$(with "$musl" threads 127.99.0.1 5432)" "320 of 320"
    is "musl: a name" "$(with "$musl" resolve orders-db.internal 5432)" "$inet1"
    is "musl: a name, by libpq, freed by libc" "$(with "$dir/libpq.musl" resolve orders-db.internal 5432)" "$unix1"
    is "musl: all of it is freed" "$(with "$dir/libpq.musl" leak orders-db.internal 5432)" "does not grow"
    is "musl: an address, by libpq" "$(with "$dir/libpq.musl" resolve 127.99.0.1 5432 0 4)" "$unix1"
else
    skip "musl programs" "no musl-gcc"
fi

wait "$mute_pid"
like "a keeper that is silent is given up on" "$(cat "$mute/answer")" "$not_now*in time.."
is "not before five seconds" "$(($(cat "$mute/ms") >= 4900))" 1
done_testing
