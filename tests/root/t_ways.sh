#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_ways.sh - twelve ways by which an operator gets an injected password back, tried as alice.
#
# Each way is gone twice.  First to a server that asks for a password, with a canary given to libpq as an
# injected password would be: the way must bring the canary home, or it proves nothing.  Then to our target:
# the login goes on, and what comes home holds no password.
. "$(dirname "$0")/world.sh"
needs_world
home=$WORLD/home/alice
loot=$home/loot
canary=CANARY-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
as_alice mkdir "$loot"
cd "$home" || exit 99

# A server that speaks just enough PostgreSQL to ask for a cleartext password, and keeps what it gets.
cat >"$home/decoy.pl" <<'END'
use strict; use warnings; use IO::Socket::INET;
my ($out, $ready, $address, $port) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(Listen => 9, LocalAddr => $address, LocalPort => $port, ReuseAddr => 1) or die $!;
open my $file, '>>', $out or die; $file->autoflush(1); print $file "listening\n";
open my $say, '>', "$ready.new" or die; print $say $server->sockport, "\n"; close $say; rename "$ready.new", $ready;
while (my $client = $server->accept) {
    next if fork;
    while (1) {
        sysread($client, my $head, 8) == 8 or exit;
        my ($len, $code) = unpack 'NN', $head;
        if ($code == 80877103 || $code == 80877104) { syswrite $client, 'N'; next }
        sysread $client, my $rest, $len - 8; print $file "startup $rest\n"; last;
    }
    syswrite $client, pack 'aNN', 'R', 8, 3;
    sysread $client, my $answer, 4096; print $file "answer $answer\n";
    syswrite $client, pack('aNN', 'R', 8, 0) . join('', map { pack 'aNa*', 'S', 4 + length, $_ }
        "client_encoding\0UTF8\0", "server_encoding\0UTF8\0", "server_version\0" . "15.0\0", "DateStyle\0ISO\0",
        "integer_datetimes\0on\0", "standard_conforming_strings\0on\0") . pack('aNa', 'Z', 5, 'I');
    while (sysread $client, my $head, 5) { # whatever is asked, nothing is the answer
        my ($type, $len) = unpack 'aN', $head;
        sysread $client, my $rest, $len - 4 if $len > 4;
        exit if $type eq 'X';
        syswrite $client, pack('aN', 'I', 4) . pack('aNa', 'Z', 5, 'I');
    }
    exit;
}
END
as_alice perl "$home/decoy.pl" "$home/decoy" "$home/decoy.port" 127.0.0.1 0 &
decoy_pid=$!
holds "a server that asks for cleartext listens" eventually 20 test -s "$home/decoy.port"
decoy=$(cat "$home/decoy.port")
to_decoy=(PGHOST=127.0.0.1 PGPORT="$decoy" PGPASSWORD="$canary" PGSSLMODE=disable PGDATABASE=orders)
to_us=(PGHOST="$WORLD_HOST")

# gone WHAT WAY: goes it both ways; the way is a function, its arguments are variables for the client
gone() {
    rm -rf "${loot:?}"/*
    "$2" "${to_decoy[@]}" >"$dir/said" 2>&1
    holds "$1 finds what is there to be found" grep -rqa -- "$canary" "$loot"
    rm -rf "${loot:?}"/*
    "$2" "${to_us[@]}" >"$dir/said" 2>&1
    nothing "   and of our password nothing"
}
# nothing WHAT: something was brought home, and the password is not in it
nothing() {
    local said
    [ -n "$(find "$loot" -type f -size +0c)" ] || { not_ok "$1" "nothing was brought home: $(tail -n 5 "$dir/said")"; return; }
    if said=$(search --scram "$dir/verifier" --tree "$loot"); then ok "$1"; else not_ok "$1" "$said"; fi
}
have() {
    command -v "$1" >/dev/null || { skip "$2" "no $1"; return 1; }
}
may_attach() {
    [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ] || { skip "$1" "Yama forbids it"; return 1; }
}
in_the_database "select rolpassword from pg_authid where rolname = '$WORLD_ROLE'" >"$dir/verifier"

# with_session VARIABLE... -- COMMAND...: runs the command on the pid of a psql that is logged in
with_session() {
    local variables=() session
    while [ "$1" != -- ]; do variables+=("$1"); shift; done
    shift
    rm -f "$dir/in" "$dir/out"
    mkfifo "$dir/in"
    as_alice env "${variables[@]}" psql -wXAtq <"$dir/in" >"$dir/out" 2>&1 &
    session=$!
    exec 5>"$dir/in"
    printf '%s\n' "select 'open';" '\echo ready' >&5
    eventually 20 grep -q ready "$dir/out"
    # Debian's psql is a script that has become the program; as_alice has, too.
    "$@" "$session"
    exec 5>&-
    wait "$session"
}

read_memory() {
    as_alice perl -e '
        my $pid = shift; open my $maps, "<", "/proc/$pid/maps" or die; open my $mem, "<:raw", "/proc/$pid/mem" or die;
        while (<$maps>) { next unless /^([0-9a-f]+)-([0-9a-f]+) r/ && !/vsyscall|vvar/;
            my ($from, $to) = (hex $1, hex $2); next if $to - $from > 1 << 28;
            sysseek $mem, $from, 0; my $bytes; sysread $mem, $bytes, $to - $from; print $bytes }' "$1" >"$loot/memory"
}
way_1() { with_session "$@" -- read_memory; }
gone "1: reading all memory of a psql" way_1

attach() { as_alice gdb -q -batch -p "$1" -ex 'info registers' -ex "generate-core-file $loot/core" </dev/null; }
way_2() { with_session "$@" -- attach; }
have gdb "2: gdb attached" && may_attach "2: gdb attached" && gone "2: gdb attached, by a core," way_2

way_3() {
    as_alice env "$@" strace -f -qq -s 100000 -e inject=prctl:retval=0 -o "$loot/trace" "$PGBIN/psql" -wXAtqc 'select 3'
}
have strace "3: launched under strace" && gone "3: launched under strace, prctl() disarmed," way_3
[ ! -e "$loot/trace" ] || is "   and alice is in" "$(cat "$dir/said")" 3

way_4() {
    as_alice env "$@" gdb -q -batch -ex 'set pagination off' -ex 'set breakpoint pending on' -ex 'catch syscall connect' \
        -ex run -ex bt -ex "generate-core-file $loot/early" -ex c -ex "generate-core-file $loot/late" -ex delete -ex c \
        --args "$PGBIN/psql" -wXAtqc 'select 4' </dev/null
}
have gdb "4: launched under gdb" && gone "4: launched under gdb, stopped at connect()," way_4

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
    way_5() { as_alice env "$@" LOOT="$loot/spied" LD_PRELOAD="$SMCRED_PRELOAD:$home/spy.so" "$PGBIN/psql" -wXAtqc 'select 5'; }
    gone "5: a second preload" way_5
    is "   and alice is in" "$(cat "$dir/said")" 5
fi

# heard SENTENCE: the decoy has heard the canary; it is what 6, 7 and 8 bring home.  It forgets then.
heard() {
    holds "$1" eventually 20 grep -qa "answer .*$canary" "$home/decoy"
    : >"$home/decoy"
}
# unheard SENTENCE: it has been told nothing since
unheard() { is "$1" "$(grep -ac answer "$home/decoy")" 0; }

: >"$home/decoy"
way_6() { as_alice env "$@" psql -wXAtqc 'select 6' "host=127.0.0.1 port=$decoy sslmode=disable dbname=orders"; }
way_6 PGPASSWORD="$canary" >"$dir/said" 2>&1
heard "6: a server that asks for cleartext gets it"
way_6 >"$dir/said" 2>&1
as_alice psql -wXAtqc 'select 6' "host=$WORLD_HOST port=$decoy sslmode=disable dbname=orders" >>"$dir/said" 2>&1
holds "   and asked for ours" eventually 20 grep -qa startup "$home/decoy"
is "   gets nothing at all" "$(grep -ac 'answer p' "$home/decoy")" 0
: >"$home/decoy"

way_7() { as_alice env PGHOSTADDR=127.0.0.1 PGPORT="$decoy" PGSSLMODE=disable PGDATABASE=orders "$@" psql -wXAtqh "$WORLD_HOST" -c 'select 7'; }
way_7 LD_PRELOAD= PGPASSWORD="$canary" >"$dir/said" 2>&1
heard "7: PGHOSTADDR diverts to that server under our name"
way_7 >"$dir/said" 2>&1
like "   and with the shim nowhere" "$(cat "$dir/said")" "*FATAL:  smcred: PGHOSTADDR leads to *"
unheard "   not even as far as a question"

if ! as_alice unshare -Urmn true 2>/dev/null; then
    skip "8: her own network namespace" "no unprivileged user namespaces"
elif have ip "8: her own network namespace"; then
    # The name and the address of production, and a server there, all hers.
    printf '127.0.0.1 localhost\n198.51.100.7 %s\n' "$WORLD_HOST" >"$home/hosts"
    cat >"$home/way_8" <<END
ip link set lo up && ip address add 198.51.100.7/32 dev lo && mount --bind $home/hosts /etc/hosts || exit 77
perl $home/decoy.pl $home/decoy $home/port8 198.51.100.7 5432 &
decoy=\$!
for i in \$(seq 400); do [ -s $home/port8 ] && break; sleep 0.05; done
LD_PRELOAD= PGPASSWORD=$canary PGDATABASE=orders psql -wXAtqh $WORLD_HOST -c 'select 8' >$home/said.canary 2>&1
cp $home/decoy $home/decoy.canary; : >$home/decoy
export PGUSER=smcred-alice # in there she is called root
psql -wXAtqh $WORLD_HOST -c "select current_setting('port')"
psql -wXAtqh $WORLD_HOST -p $WORLD_PORT -c "select current_setting('port')"
kill \$decoy
END
    as_alice unshare -Urmn sh "$home/way_8" >"$dir/said" 2>&1
    if [ $? = 77 ]; then
        skip "8: her own network namespace" "$(tail -n 1 "$dir/said")"
    else
        holds "8: her own network with the name and address of production gets it" grep -qa "answer .*$canary" "$home/decoy.canary"
        is "   and with the shim she is in the real one" "$(head -n 1 "$dir/said")" "$WORLD_PORT"
        unheard "   and hers hears nothing"
    fi
fi

# 9 is of MySQL's clients: they send a password in clear to a server that asks for it.  The same question at
# PostgreSQL's (t_mysql.sh asks it of theirs): the method is of the server's choice.  What reaches ours is
# AuthenticationOk: none is ever asked.
way_9() {
    as_alice env "$@" strace -f -qq -s 4096 -e trace=recvfrom,read,sendto -o "$loot/wire" "$PGBIN/psql" -wXAtqc 'select 9'
}
if have strace "9: a method of the server's choice"; then
    gone "9: a method of the server's choice" way_9
    holds "   the first that our client reads is AuthenticationOk" grep -qF '"R\0\0\0\10\0\0\0\0' "$loot/wire"
    fails "   and it is never asked for more" grep -qE '"R\\0\\0\\0\\?[^"]{1,4}\\0\\0\\0\\(3|5|n|f)' "$loot/wire"
fi
way_10() {
    as_alice env "$@" timeout 60 python3 -c "import psycopg2
connection = psycopg2.connect(dbname='orders')
print(repr(connection.info.password), connection.info.dsn_parameters, connection.get_dsn_parameters())" >"$loot/passwords"
}
if as_alice python3 -c 'import psycopg2' 2>/dev/null; then
    gone "10: PQpass() and PQconninfo()" way_10
    like "    it is empty" "$(cat "$loot/passwords")" "'' *"
else
    skip "10: PQpass()" "no psycopg2"
fi

# 11: speak to our sockets directly.  A socket of her own, which tells the canary, shows what would be heard.
cat >"$home/talk.pl" <<'END'
use Socket;
for my $type (SOCK_SEQPACKET, SOCK_STREAM) { for my $path (@ARGV) {
    my $s; # a statement before its use, or the rest of that statement means another one
    socket($s, PF_UNIX, $type, 0) && connect($s, sockaddr_un($path)) or next;
    for my $bytes ("GET\n", "\0" x 24, pack("V*", 1, 0, 0, 0, 0, 0), "password\n", pack("NN", 8, 196608)) {
        local $SIG{ALRM} = sub { die }; send $s, $bytes, MSG_NOSIGNAL;
        eval { alarm 1; recv $s, my $answer, 65536, 0; print "$path: $answer\n"; alarm 0 }; alarm 0 }
    print "$path: connected\n" } }
END
cat >"$home/tell.pl" <<'END'
use Socket;
my ($path, $word) = @ARGV;
my $s;
socket($s, PF_UNIX, SOCK_STREAM, 0) && bind($s, sockaddr_un($path)) && listen($s, 9) or die;
while (accept my $client, $s) { send $client, $word, MSG_NOSIGNAL; close $client }
END
as_alice perl "$home/tell.pl" "$home/talkative" "$canary" &
tell=$!
eventually 20 test -S "$home/talkative"
as_alice perl "$home/talk.pl" "$home/talkative" >"$loot/talk" 2>&1
holds "11: a socket that is spoken to is heard" grep -qa "$canary" "$loot/talk"
kill "$tell"
as_alice perl "$home/talk.pl" "$SMCRED_SOCKET" "$WORLD/run/orders/.s.PGSQL.5432" >"$loot/talk" 2>&1
rm -f "$loot"/p* "$loot"/w*
holds "    ours were reached" grep -q 'connected$' "$loot/talk"
nothing "    and tell no password"

# 12: ltrace at libpq's own calls; a libpq of her own, which looks at what it is given.
way_12() {
    as_alice env "$@" timeout 60 ltrace -f -s 4096 -e 'strdup+strlen+strcmp@libpq.so*' -o "$loot/calls" "$PGBIN/psql" -wXAtqc 'select 12'
}
have ltrace "12: launched under ltrace" && gone "12: ltrace at libpq's calls" way_12
if have gcc "12: a libpq of her own"; then
    cat >"$dir/libpq.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
void *PQconnectdbParams(const char *const *keys, const char *const *values, int expand)
{
    void *connection = ((void *(*)(const char *const *, const char *const *, int))dlsym(RTLD_NEXT, "PQconnectdbParams"))(keys, values, expand);
    FILE *file = fopen(getenv("LOOT"), "a");
    if (file) {
        fprintf(file, "password '%s'\n", ((char *(*)(const void *))dlsym(RTLD_NEXT, "PQpass"))(connection));
        fclose(file);
    }
    return connection;
}
END
    mkdir "$home/lib"
    # The real one behind it needs a name of its own, inside as well; this one is as long.
    perl -0777 -pe 's/libpq\.so\.5\0/libpq-r.so\0/' "$(ldconfig -p | sed -n 's/.*libpq\.so\.5 .*=> //p' | head -n 1)" >"$home/lib/libpq-r.so"
    gcc -shared -fPIC -Wl,-soname,libpq.so.5 -Wl,--no-as-needed -o "$home/lib/libpq.so.5" "$dir/libpq.c" -L"$home/lib" -l:libpq-r.so
    chmod -R go+rX "$home/lib"
    way_12b() { as_alice env "$@" LOOT="$loot/given" LD_LIBRARY_PATH="$home/lib" "$PGBIN/psql" -wXAtqc 'select 12'; }
    gone "12: a libpq of her own" way_12b
    is "    and alice is in" "$(cat "$dir/said")" 12
fi
kill "$decoy_pid"
wait "$decoy_pid" 2>/dev/null
is "and alice still gets in" "$(query 'select 1')" 1
done_testing
