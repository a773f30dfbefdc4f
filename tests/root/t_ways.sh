#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_ways.sh - twelve ways by which an operator gets an injected password back, tried as alice.
#
# Each way is shown to see what there is to see: it finds a word that was planted for it, the login goes
# on, and the password is not in what it brought home.
. "$(dirname "$0")/world.sh"
needs_world
home=$WORLD/home/alice
loot=$home/loot
as_alice mkdir "$loot"
cd "$home" || exit 99

# nothing WHAT FILE...: what the way brought home exists, and the password is not in it.
nothing() {
    local what=$1 file
    shift
    for file in "$@"; do
        [ -s "$file" ] || { not_ok "$what" "$file is empty: the way led nowhere"; return; }
    done
    local said
    if said=$(search --tree "$loot"); then ok "$what"; else not_ok "$what" "$said"; fi
}
have() {
    command -v "$1" >/dev/null || { skip "$2" "no $1"; return 1; }
}

# A live session to look into; the marker in its argument is what a working look must find.
open_session() {
    rm -f "$dir/in"
    mkfifo "$dir/in"
    as_alice psql -XAtqh "$WORLD_HOST" -v marker=LOOKED-INTO-THIS-PROCESS <"$dir/in" >"$dir/out" 2>&1 &
    session=$!
    exec 5>"$dir/in"
    echo "select 'open';" >&5
    eventually 5 grep -q open "$dir/out"
}
close_session() {
    exec 5>&-
    wait $session
}

# 1: read the memory of psql.
open_session
as_alice perl -e '
    my $pid = shift; open my $maps, "<", "/proc/$pid/maps" or die; open my $mem, "<:raw", "/proc/$pid/mem" or die;
    while (<$maps>) { next unless /^([0-9a-f]+)-([0-9a-f]+) r/ && !/vsyscall|vvar/;
        my ($from, $to) = (hex $1, hex $2); next if $to - $from > 1 << 28;
        sysseek $mem, $from, 0; my $bytes; sysread $mem, $bytes, $to - $from; print $bytes }' $session >"$loot/1" 2>"$dir/log"
holds "1: alice reads all memory of her psql" grep -qa LOOKED-INTO-THIS-PROCESS "$loot/1"
nothing "   and the password is not there" "$loot/1"
rm -f "$loot/1"

# 2: attach a debugger.
if have gdb "2: gdb attached"; then
    as_alice gdb -q -batch -p $session -ex "generate-core-file $loot/2" >"$dir/log" 2>&1
    nothing "2: gdb attached takes a core, without the password" "$loot/2"
    rm -f "$loot/2"
fi
close_session

# 3: launch under strace; every byte read and written, and prctl() made to do nothing.
if have strace "3: launched under strace"; then
    as_alice strace -f -qq -s 100000 -x -e inject=prctl:retval=0 -o "$loot/3" "$PGBIN/psql" -XAtqh "$WORLD_HOST" -c 'select 3' \
        >"$dir/out" 2>&1
    is "3: launched under strace, alice is in" "$(cat "$dir/out")" 3
    nothing "   and the password is not in what was read and written" "$loot/3"
fi

# 4: launch under gdb; stop at every connect() and recv() and look.
if have gdb "4: launched under gdb"; then
    as_alice gdb -q -batch -ex 'set pagination off' -ex 'set breakpoint pending on' -ex 'catch syscall connect' \
        -ex run -ex bt -ex "generate-core-file $loot/4.early" -ex c -ex "generate-core-file $loot/4.late" -ex delete -ex c \
        --args "$PGBIN/psql" -XAtqh "$WORLD_HOST" -c 'select 4' >"$loot/4.txt" 2>&1
    nothing "4: stopped at connect() under gdb" "$loot/4.txt" "$loot/4.early"
    rm -f "$loot"/4.*
fi

# 5: a second preload that sees every argument of connect(), send(), and every password libpq is given.
if have gcc "5: a second preload"; then
    cat >"$dir/spy.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
static void note(const char *what, const void *bytes, size_t len)
{
    FILE *file = fopen(getenv("LOOT"), "a");
    if (file) {
        fprintf(file, "%s ", what);
        fwrite(bytes, 1, len, file);
        fclose(file);
    }
}
ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    note("send", bytes, len);
    return ((ssize_t (*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send"))(fd, bytes, len, flags);
}
ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    ssize_t got = ((ssize_t (*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv"))(fd, bytes, len, flags);
    if (got > 0)
        note("recv", bytes, (size_t)got);
    return got;
}
void *PQconnectStartParams(const char *const *keys, const char *const *values, int expand)
{
    for (size_t i = 0; keys[i]; i++)
        if (values[i])
            note(keys[i], values[i], __builtin_strlen(values[i]));
    return ((void *(*)(const char *const *, const char *const *, int))dlsym(RTLD_NEXT, "PQconnectStartParams"))(keys, values, expand);
}
END
    gcc -shared -fPIC -o "$home/spy.so" "$dir/spy.c" -ldl && chmod 755 "$home/spy.so"
    is "5: with a second preload alice is in" "$(as_alice env LOOT="$loot/5" \
        LD_PRELOAD="$SMCRED_PRELOAD:$home/spy.so" "$PGBIN/psql" -XAtqh "$WORLD_HOST" -c 'select 5' 2>&1)" 5
    nothing "   and what it saw of libpq and its socket has no password" "$loot/5"
fi

# 6, 7, 8: another server that asks for the password in clear.
cat >"$home/fake.pl" <<'END'
# A server that speaks just enough PostgreSQL to ask for a cleartext password, and keeps what it gets.
use strict; use warnings; use IO::Socket::INET;
my ($out, $ready) = @ARGV;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die;
open my $file, '>', $out or die; $file->autoflush(1); print $file "listening\n";
open my $port, '>', "$ready.new" or die; print $port $server->sockport, "\n"; close $port; rename "$ready.new", $ready;
while (my $client = $server->accept) {
    while (1) {
        sysread($client, my $head, 8) == 8 or last;
        my ($len, $code) = unpack 'NN', $head;
        if ($code == 80877103 || $code == 80877104) { syswrite $client, 'N'; next }
        sysread $client, my $rest, $len - 8; print $file "startup $rest\n";
        syswrite $client, pack 'aNN', 'R', 8, 3;
        my $answer = ''; sysread $client, $answer, 4096; print $file "answer $answer\n"; last;
    }
    close $client;
}
END
as_alice perl "$home/fake.pl" "$loot/6" "$home/port" &
fake=$!
holds "6: a server that asks for cleartext listens" eventually 5 test -s "$home/port"
fake_port=$(cat "$home/port")
as_alice psql -wXAtqc 'select 6' -h 127.0.0.1 -p "$fake_port" sslmode=disable >/dev/null 2>&1
as_alice psql -wXAtqc 'select 6' "host=$WORLD_HOST port=$fake_port sslmode=disable" >/dev/null 2>&1
nothing "6: and gets no password" "$loot/6"

fails "7: PGHOSTADDR diverts to that server, where nobody is logged in" \
    as_alice env PGHOSTADDR=127.0.0.1 PGPORT="$fake_port" psql -wXAtqh "$WORLD_HOST" -c 'select 7'
nothing "   and the other server gets no password" "$loot/6"
kill $fake
wait $fake 2>/dev/null

if as_alice unshare -Urn true 2>/dev/null; then
    as_alice unshare -Urn sh -c "ip link set lo up 2>/dev/null
        perl $home/fake.pl $loot/8 $home/port8 & fake=\$!
        for i in 1 2 3 4 5 6 7 8 9 10; do [ -s $home/port8 ] && break; sleep 0.2; done
        psql -wXAtqh $WORLD_HOST -p \$(cat $home/port8) -c 'select 8'; psql -wXAtqh $WORLD_HOST -c 'select 8'; kill \$fake" >"$dir/out" 2>&1
    nothing "8: her own network namespace gets no password" "$loot/8"
else
    skip "8: her own network namespace" "no unprivileged user namespaces"
fi

# 9: is of MySQL's clients; here the same question at PostgreSQL's: a plugin or method of the server's choice.
# What reaches the client is AuthenticationOk: no method is ever asked of it.
if have strace "9: no authentication is asked of the client"; then
    as_alice strace -f -qq -xx -s 4096 -e trace=recvfrom,read -o "$loot/9" "$PGBIN/psql" -XAtqh "$WORLD_HOST" -c 'select 9' >"$dir/out" 2>&1
    holds "9: the first answer to the client is AuthenticationOk" grep -qF '"\x52\x00\x00\x00\x08\x00\x00\x00\x00' "$loot/9"
    nothing "   and there is no password in what it reads" "$loot/9"
fi

# 10: libpq's own functions.
if as_alice python3 -c 'import psycopg2' 2>/dev/null; then
    as_alice python3 -c "import psycopg2
connection = psycopg2.connect(host='$WORLD_HOST')
print(repr(connection.info.password), connection.info.dsn_parameters, connection.get_dsn_parameters())" >"$loot/10" 2>&1
    like "10: PQpass() says nothing" "$(cat "$loot/10")" "\'\' *"
    nothing "    nor does PQconninfo()" "$loot/10"
else
    skip "10: PQpass()" "no psycopg2"
fi

# 11: speak to our sockets directly.
as_alice perl -MSocket -e '
    for my $type (SOCK_SEQPACKET, SOCK_STREAM) { for my $path (@ARGV) {
        socket(my $s, PF_UNIX, $type, 0) && connect($s, sockaddr_un($path)) or next;
        for my $bytes ("GET\n", "\0" x 24, pack("V*", 1, 0, 0, 0, 0, 0), "password\n") {
            local $SIG{ALRM} = sub { die }; send $s, $bytes, MSG_NOSIGNAL;
            eval { alarm 1; recv $s, my $answer, 65536, 0; print "$path: $answer\n" }; alarm 0 }
        print "$path: connected\n" } }' "$SMCRED_SOCKET" "$WORLD/run/orders/.s.PGSQL.5432" >"$loot/11" 2>&1
nothing "11: our sockets, spoken to directly, tell no password" "$loot/11"

# 12: ltrace, an auditing library, a libpq of her own.
if have ltrace "12: launched under ltrace"; then
    as_alice timeout 30 ltrace -f -s 4096 -e 'PQ*' -o "$loot/12" "$PGBIN/psql" -XAtqh "$WORLD_HOST" -c 'select 12' >"$dir/out" 2>&1
    nothing "12: ltrace sees no password in libpq's calls" "$loot/12"
fi
if have gcc "12: a libpq of her own"; then
    as_alice mkdir -p "$home/lib"
    as_alice cp -L "$(ldconfig -p | sed -n 's/.*libpq\.so\.5 .*=> //p' | head -n 1)" "$home/lib/libpq.so.5"
    is "12: with a libpq of her own alice is in" "$(as_alice env LD_LIBRARY_PATH="$home/lib" \
        LD_DEBUG=libs LD_DEBUG_OUTPUT="$loot/12.ld" "$PGBIN/psql" -XAtqh "$WORLD_HOST" -c 'select 12' 2>&1)" 12
    nothing "    and it is given no password" "$loot"/12.ld.*
fi
is "and alice still gets in" "$(query 'select 1')" 1
done_testing
