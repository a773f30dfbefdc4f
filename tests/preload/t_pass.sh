#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_pass.sh - programs whose connections are not ours do under the shim what they do without it.
. "$top_srcdir/tests/preload/lib.sh" || exit 99
write_index

# same SENTENCE COMMAND...: equal output and exit status.
same() {
    local sentence=$1 without under
    shift
    if ! command -v "$1" >/dev/null; then
        skip "$sentence" "no $1"
        return
    fi
    without=$(timeout 120 "$@" 2>&1; echo "exit $?")
    under=$(with timeout 120 "$@"; echo "exit $?")
    # How long curl waited in vain is not a result.
    is "$sentence" "$(sed 's/after [0-9]* ms/after N ms/' <<<"$under")" \
        "$(sed 's/after [0-9]* ms/after N ms/' <<<"$without")"
}

# An epoll server on loopback, itself under the shim; it ends with its standard input.
if command -v python3 >/dev/null; then
    cat >"$dir/server.py" <<'END'
import os, select, socket, sys, threading
server = socket.create_server(("127.0.0.1", 0))
poll = select.epoll()
for fd in (server.fileno(), 0):
    poll.register(fd, select.EPOLLIN)
print(server.getsockname()[1], flush=True)
clients = {}
while True:
    for fd, _ in poll.poll():
        if fd == 0:
            sys.exit()
        if fd == server.fileno():
            client, _ = server.accept()
            clients[client.fileno()] = client
            poll.register(client, select.EPOLLIN)
            continue
        client = clients.pop(fd)
        poll.unregister(client)
        client.recv(65536)
        body = b"x" * 200000
        client.settimeout(60)
        client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        client.close()
END
    cat >"$dir/client.py" <<'END'
import asyncio, socket, sys
async def fetch():
    reader, writer = await asyncio.open_connection("localhost", int(sys.argv[1]), family=socket.AF_INET)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    return len(await reader.read())
async def main():
    print(await asyncio.gather(*(fetch() for _ in range(20))))
asyncio.run(main())
END
    mkfifo "$dir/leash" "$dir/said"
    with timeout 300 python3 "$dir/server.py" <"$dir/leash" >"$dir/said" &
    server=$!
    exec 8>"$dir/leash" 9<"$dir/said"
    read -r -t 60 port <&9
    same "a download" curl -sS --max-time 60 "http://localhost:$port/"
    same "another, by IPv4" curl -sS -4 --max-time 60 "http://127.0.0.1:$port/"
    same "wget" wget -q -T 10 -t 1 -O - "http://localhost:$port/"
    same "an event loop" python3 "$dir/client.py" "$port"
    same "a second event loop" node -e 'fetch("http://127.0.0.1:'"$port"'/").then(r => r.text()).then(t => console.log(t.length))'
    exec 8>&- 9<&-
    wait "$server"
    is "a server with epoll" "$?" 0
else
    skip "a download" "no python3"
fi

# A real sshd on loopback, with keys of its own.  It starts as root alone, and wants its own directory.
start_sshd() {
    local port
    [ -x /usr/sbin/sshd ] && [ "$(id -u)" = 0 ] && command -v ssh >/dev/null || return 1
    ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key" && ssh-keygen -q -t ed25519 -N '' -f "$dir/user_key" || return 1
    [ -d /run/sshd ] || { mkdir -m 755 /run/sshd && made_run_sshd=yes; }
    for _ in 1 2 3 4 5; do # between our choice and its bind somebody else may take the port
        port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
        printf '%s\n' "ListenAddress 127.0.0.1:$port" "HostKey $dir/host_key" "AuthorizedKeysFile $dir/user_key.pub" \
            'PermitRootLogin yes' 'StrictModes no' 'UsePAM no' 'PidFile none' >"$dir/sshd_config"
        /usr/sbin/sshd -D -e -f "$dir/sshd_config" >"$dir/sshd.log" 2>&1 8>&- 9<&- &
        sshd=$!
        for ((i = 0; i < 400; i++)); do
            grep -q '^Server listening' "$dir/sshd.log" && break 2
            kill -0 "$sshd" 2>/dev/null || break
            sleep 0.05
        done
    done
    grep -q '^Server listening' "$dir/sshd.log" && ssh_port=$port
}
if command -v perl >/dev/null && start_sshd; then
    ssh_there=(ssh -F none -i "$dir/user_key" -o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR
        -o UserKnownHostsFile="$dir/known_hosts" -p "$ssh_port")
    is "an ssh gets there" "$(with "${ssh_there[@]}" root@127.0.0.1 'echo there')" there
    same "and brings the same" "${ssh_there[@]}" root@127.0.0.1 'echo there; head -c 1000000 /dev/zero | wc -c; exit 7'
    same "also by name" "${ssh_there[@]}" root@localhost 'echo there'
    kill "$sshd"
    wait "$sshd" 2>/dev/null
    [ -z "${made_run_sshd-}" ] || rmdir /run/sshd
else
    skip "an ssh" "needs root, ssh and sshd"
fi
same "a refused download" curl -sS --max-time 60 http://127.0.0.1:1/
same "a resolver" getent ahosts localhost
same "a resolver of users" getent passwd root
same "ssh" ssh -V
same "an ssh that reaches nobody" ssh -o BatchMode=yes -o ConnectTimeout=60 -p 1 127.0.0.1
same "perl" perl -MSocket -e 'socket(my $s, PF_INET, SOCK_STREAM, 0); print connect($s, sockaddr_in(1, inet_aton("127.0.0.1"))) ? 1 : $!'
same "psql --version" psql --version
if command -v musl-gcc >/dev/null && musl-gcc -O1 -o "$dir/musl" "$top_srcdir/tests/preload/probe.c" 2>"$dir/log"; then
    same "a musl program" "$dir/musl" connect 127.0.0.9 1
    same "a musl program's resolver" "$dir/musl" resolve localhost 80
    same "a musl program's mistakes" "$dir/musl" others 127.0.0.9 1
else
    skip "a musl program" "no musl-gcc"
fi
done_testing
