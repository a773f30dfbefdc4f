#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_protocol.sh - PostgreSQL's protocol at its edges, against a real server: cancel keys, versions,
# encryption requests, replication, md5 and cleartext passwords.
. "$(dirname "$0")/world.sh"
command -v python3 >/dev/null || skip_all "no python3"
needs_world
cat >"$WORLD/etc/conf.d/more.conf" <<END
[target replica]
secret = $WORLD_SECRET
hostaddr = 127.0.0.1
allow = smcred-alice
ca_file = $WORLD_CA
replication = yes
[target clear]
secret = $WORLD_SECRET
hostaddr = 127.0.0.1
allow = smcred-alice
ca_file = $WORLD_CA
cleartext = yes
md5 = no
END
chmod 644 "$WORLD/etc/conf.d/more.conf"
sandbox reload "$WORLD"
holds "targets come with a reload" eventually 20 grep -q "reloaded: " "$WORLD_LOG/keeper.log"

# ---- raw clients ----
cat >"$dir/raw.py" <<'END'
"""raw.py VERB SOCKET [PID KEY]: a client that speaks the protocol itself."""
import socket, struct, sys, time

def dial():
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(sys.argv[2])
    return client

def startup(version, *options):
    body = b"\0".join(options) + b"\0\0"
    return struct.pack(">II", len(body) + 8, version) + body

def message(client):
    head = client.recv(5, socket.MSG_WAITALL)
    if len(head) < 5:
        return None, b""
    return head[:1], client.recv(struct.unpack(">I", head[1:])[0] - 4, socket.MSG_WAITALL)

def until(client, *kinds):
    while True:
        kind, body = message(client)
        if kind is None or kind in kinds:
            return kind, body

def sleep():  # says its key, sleeps in the database, says how that ended
    client = dial()
    client.sendall(startup(0x30000, b"user", b"smcred-alice", b"database", b"orders"))
    _, body = until(client, b"K")
    print(struct.unpack(">I", body[:4])[0], body[4:].hex(), flush=True)
    until(client, b"Z")
    query = b"select pg_sleep(120)\0"
    client.sendall(b"Q" + struct.pack(">I", len(query) + 4) + query)
    kind, body = until(client, b"E", b"Z")
    print(b" ".join(body.split(b"\0")).decode() if kind == b"E" else "slept", flush=True)

def cancel():
    client = dial()
    key = bytes.fromhex(sys.argv[4])
    client.sendall(struct.pack(">III", 12 + len(key), 80877102, int(sys.argv[3])) + key)
    print("silence" if client.recv(1) == b"" else "a word")

def negotiate():
    client = dial()
    client.sendall(startup(0x30009, b"user", b"smcred-alice", b"_pq_.unheard", b"on", b"database", b"orders"))
    kind, body = until(client, b"v", b"E", b"Z")
    print(kind.decode(), struct.unpack(">I", body[:4])[0] & 0xffff, body[8:].strip(b"\0").decode())

def encryption():
    client = dial()
    said = b""
    for code in (80877104, 80877103):
        client.sendall(struct.pack(">II", 8, code))
        said += client.recv(1)
    client.sendall(startup(0x30000, b"user", b"smcred-alice", b"database", b"orders"))
    print(said.decode(), until(client, b"Z", b"E")[0].decode())

{"sleep": sleep, "cancel": cancel, "negotiate": negotiate, "encryption": encryption}[sys.argv[1]]()
END
chmod 644 "$dir/raw.py"
socket=$WORLD/run/orders/.s.PGSQL.5432
raw() { as_alice python3 "$dir/raw.py" "$@" 2>&1; }

is "what the server does not know of a version or an option, it says itself" \
    "$(raw negotiate "$socket")" "v 0 _pq_.unheard"
is "GSSENCRequest and SSLRequest are declined, and the login goes on" "$(raw encryption "$socket")" "NN Z"
is "sslmode=require is content, as the connection is" \
    "$(query 'select ssl from pg_stat_ssl where pid = pg_backend_pid()' "sslmode=require")" t

# ---- cancel keys ----
raw sleep "$socket" >"$dir/sleep" &
sleeping=$!
asleep() { [ "$(in_the_database "select count(*) from pg_stat_activity where wait_event = 'PgSleep'")" = "$1" ]; }
holds "a query sleeps" eventually 20 asleep 1
read -r pid key <"$dir/sleep"
is "a wrong key is met with silence" "$(raw cancel "$socket" "$pid" deadbeef)" silence
is "and so is a wrong pid" "$(raw cancel "$socket" 4711 "$key")" silence
is "and the right one from another person" \
    "$(as_mallory python3 "$dir/raw.py" cancel "$socket" "$pid" "$key" 2>&1)" silence
holds "and the query sleeps on" asleep 1
is "the right one is, too" "$(raw cancel "$socket" "$pid" "$key")" silence
wait $sleeping
like "but the query ends" "$(tail -n 1 "$dir/sleep")" "*57014*canceling statement due to user request*"

# ---- replication ----
in_the_database "alter role $WORLD_ROLE replication" >/dev/null
replicate() { # TARGET
    as_alice psql -XAt "host=$WORLD/run/$1 dbname=orders replication=database" -c 'IDENTIFY_SYSTEM' 2>&1
}
like "a target without replication refuses it" "$(replicate orders)" "*FATAL:  smcred: *replication*"
like "one with it identifies the system" "$(replicate replica)" "*|orders"
mkdir "$WORLD/home/alice/wal" && chown smcred-alice: "$WORLD/home/alice/wal"
as_alice pg_receivewal -h "$WORLD/run/replica" -D "$WORLD/home/alice/wal" --no-loop >"$dir/receivewal" 2>&1 &
receiving=$!
streaming() { [ "$(in_the_database "select count(*) from pg_stat_replication where application_name like '%pg_receivewal'")" = 1 ]; }
holds "pg_receivewal streams" eventually 20 streaming
in_the_database "create table streamed (i int); select pg_switch_wal()" >/dev/null
written() { find "$WORLD/home/alice/wal" -type f ! -name '*.partial' | grep -q .; }
holds "and has a whole segment" eventually 30 written
kill $receiving
wait $receiving
like "where it is not permitted it says so" \
    "$(as_alice timeout 60 pg_receivewal -h "$WORLD/run/orders" -D "$WORLD/home/alice/wal" --no-loop 2>&1)" "*smcred: *replication*"

# ---- md5 and cleartext, as pg_hba.conf asks for them ----
hba=$WORLD/pg/data/pg_hba.conf
cp -p "$hba" "$dir/hba"
asks_for() { # METHOD
    sed "s/^hostssl all .*/hostssl all all 127.0.0.1\/32 $1/" "$dir/hba" >"$hba"
    in_the_database "select pg_reload_conf()" >/dev/null
}
set_password() { # ENCRYPTION
    printf "set password_encryption = '%s'; alter role %s password '%s';\n" "$1" "$WORLD_ROLE" "$(cat "$WORLD_PASSWORD_FILE")" |
        (cd / && as_postgres psql -Xq)
}
target() { as_alice psql -XAt -h "$WORLD/run/$1" orders -c 'select 1' 2>&1; }
answers() { [ "$(target "$1")" = 1 ]; }
set_password md5
asks_for md5
holds "md5 is answered" eventually 20 answers orders
like "unless the target says no" "$(target clear)" "*FATAL:  smcred: the server asks for md5, which the target's md5 = no forbids*"
asks_for password
holds "a cleartext password is given where the target permits it" eventually 20 answers clear
mkfifo "$dir/in"
as_alice psql -XAtqh "$WORLD/run/clear" orders <"$dir/in" >"$dir/out" 2>&1 &
session=$!
exec 5>"$dir/in"
echo "select 'live';" >&5
holds "and a session goes on" eventually 20 grep -q live "$dir/out"
holds "behind which the relay has nothing of it left" search --uid smcred-relay
exec 5>&-
wait $session
like "and nowhere else" "$(target orders)" "*FATAL:  smcred: *cleartext = yes permits*"
set_password scram-sha-256
asks_for scram-sha-256
holds "SCRAM again" eventually 20 answers orders
done_testing
