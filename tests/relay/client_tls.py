#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""client_tls.py SOCKET ENGINE CASE CA NAME: a client that wants TLS towards the relay, with a certificate
of NAME's by CA, and prints how that went; in some cases it does not want it at all."""
import hashlib
import select
import socket
import ssl
import struct
import subprocess
import sys

SSL_REQUEST = struct.pack(">II", 8, 80877103)
HELLO = b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"  # how a ClientHello of 512 bytes begins
ROWS = 200000


class Wire:
    """A socket, plain until secure() and TLS from then on; OpenSSL never touches the socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.tls = None
        self.said = b""
        self.heard_goodbye = False

    def secure(self, context, name):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.repeat(self.tls.do_handshake)

    def repeat(self, step):
        """Runs a step of OpenSSL's until it wants no more bytes; None at the end of the stream."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self.flush()
                got = self.socket.recv(65536)
                if not got:
                    return None
                self.incoming.write(got)
            finally:
                self.flush()

    def flush(self):
        if self.outgoing.pending:
            self.socket.sendall(self.outgoing.read())

    def send(self, data):
        if not self.tls:
            self.socket.sendall(data)
            return
        while data:
            data = data[self.tls.write(data):]
            self.flush()

    def receive(self):
        if not self.tls:
            return self.socket.recv(65536)
        try:
            return self.repeat(lambda: self.tls.read(65536)) or b""
        except ssl.SSLZeroReturnError:
            self.heard_goodbye = True
            return b""

    def take(self, count):
        while len(self.said) < count:
            got = self.receive()
            if not got:
                raise EOFError
            self.said += got
        data, self.said = self.said[:count], self.said[count:]
        return data

    def has_ended(self):
        try:
            return not self.socket.recv(1)
        except ConnectionResetError:
            return True

    def finish(self):
        """Says that there is no more to come, and goes on listening."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()


# ---- PostgreSQL ----

def message(wire):
    kind = wire.take(1)
    return kind, wire.take(struct.unpack(">I", wire.take(4))[0] - 4)


def startup(version=0x30000, body=b"user\0alice\0database\0app\0\0"):
    return struct.pack(">II", len(body) + 8, version) + body


def until_ready(wire):
    """What was said up to ReadyForQuery, one word a message, and the rows."""
    rows = []
    while True:
        kind, body = message(wire)
        if kind == b"E":
            fields = {text[:1]: text[1:].decode() for text in body.split(b"\0") if text}
            raise RuntimeError(fields[b"C"] + " " + fields[b"M"])
        if kind == b"D":
            rows.append(body[6:].decode())
        if kind == b"d":
            rows.append(body)
        if kind == b"K":
            wire.key = body
        if kind == b"Z" or kind == b"G":
            return rows


def query(wire, text):
    body = text.encode() + b"\0"
    wire.send(b"Q" + struct.pack(">I", len(body) + 4) + body)


def ask(wire, text):
    query(wire, text)
    return until_ready(wire)


def log_in(wire):
    wire.send(startup())
    until_ready(wire)


def copy(wire):
    """Megabytes each way, which come back as they went."""
    lines = b"".join(b"%d\t%s\n" % (i, b"x" * (i % 97)) for i in range(ROWS))
    ask(wire, "create temporary table t (a int, b text)")
    ask(wire, "copy t from stdin")
    for at in range(0, len(lines), 70000):
        piece = lines[at:at + 70000]
        wire.send(b"d" + struct.pack(">I", len(piece) + 4) + piece)
    wire.send(b"c\0\0\0\4")
    until_ready(wire)
    query(wire, "copy (select * from t order by a) to stdout")
    got = b"".join(row for row in until_ready(wire) if isinstance(row, bytes))
    return hashlib.md5(got).digest() == hashlib.md5(lines).digest()


def cancel(wire, key, context, name):
    wire.send(SSL_REQUEST)
    assert wire.take(1) == b"S"
    wire.secure(context, name)
    wire.send(struct.pack(">II", 16, 80877102) + key)


def update_keys(path, ca, name):
    """openssl wants new keys in the middle of a session, and of the relay too; it obeys a K at a line's beginning."""
    client = subprocess.Popen(["openssl", "s_client", "-unix", path, "-starttls", "postgres", "-CAfile", ca,
                               "-verify_hostname", name, "-verify_return_error"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def say(words, answer):
        client.stdin.write(words)
        client.stdin.flush()
        said = b""
        while answer not in said:
            got = client.stdout.read1()
            if not got:
                raise EOFError
            said += got

    text = b"\0select repeat('new keys ', 9)\0\0\0"
    question = b"P" + struct.pack(">I", len(text) + 4) + text
    question += b"B\0\0\0\x0c" + b"\0" * 8 + b"E\0\0\0\x09\0" + b"\0" * 4 + b"S\0\0\0\4"
    say(b"K\n", b"KEYUPDATE")
    say(startup(), b"Z\0\0\0\5I")
    for _ in range(3):
        say(b"K\n", b"KEYUPDATE")
        say(question, b"new keys new keys")
    client.kill()
    client.wait()
    return "answered"


def postgres(wire, case, context, name, path):
    if case == "direct":
        context.set_alpn_protocols(["postgresql"])
        wire.secure(context, name)
        log_in(wire)
        return "%s %s" % (wire.tls.selected_alpn_protocol(), ask(wire, "select 'in'")[0])
    if case == "key-update":
        return update_keys(path, context.ca, name)
    if case == "inject":
        wire.send(SSL_REQUEST + startup())
        assert wire.take(1) == b"S"
        return "alert" if wire.take(1) == b"\x15" and wire.has_ended_after_alert() else "served"
    wire.send(SSL_REQUEST)
    answer = wire.take(1)
    if answer != b"S":
        log_in(wire)
        return "refused, and %s without" % ask(wire, "select 'in'")[0]
    if case in STALLS:
        return stall(wire, case)
    wire.secure(context, name)
    if case == "twice":
        wire.send(SSL_REQUEST)
        return until_ready(wire)
    log_in(wire)
    if case == "copy":
        return "whole" if copy(wire) else "torn"
    if case == "half-close":
        query(wire, "select pg_sleep(0.3), 'late'")
        wire.finish()
        late = until_ready(wire)[0].endswith("late") and wire.receive() == b""
        return "late" if late and wire.heard_goodbye else "lost"
    if case == "cancel":
        query(wire, "select pg_sleep(50)")
        while not select.select([wire.socket], [], [], 2)[0]:  # one that came before the query was in vain
            cancel(Wire(path), wire.key, context, name)
        return until_ready(wire)
    if case == "backpressure":
        query(wire, "select repeat('y', 1000) from generate_series(1, 30000)")
        ask_other = Wire(path)
        log_in(ask_other)
        ask(ask_other, "select 'meanwhile'")  # the relay serves others while this one does not read
        return "%d rows" % len(until_ready(wire))
    return "%s %s" % (wire.tls.version(), ask(wire, "select 'in'")[0])


# ---- MySQL ----

FLAGS = 0x0000_0001 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000
TLS = 0x0000_0800


def packet(sequence, body):
    return struct.pack("<I", len(body))[:3] + bytes([sequence]) + body


def read_packet(wire):
    head = wire.take(4)
    return head[3], wire.take(head[0] | head[1] << 8 | head[2] << 16)


def head(flags):
    return struct.pack("<IIB", flags, 1 << 24, 45) + b"\0" * 23


def response():
    return head(FLAGS | TLS) + b"alice\0" + b"\0" + b"mysql_native_password\0"


def verdict(wire, sequence):
    """The word on the login, under the number that comes next."""
    got, body = read_packet(wire)
    if got != sequence:
        return "out of order: %d" % got
    if body[0] == 0xFF:
        return "%d %s" % (body[1] | body[2] << 8, body[3:].decode())
    return "in" if body[0] == 0 else "switch"


def mysql(wire, case, context, name, path):
    _, greeting = read_packet(wire)
    flags = greeting.split(b"\0", 1)[1]
    if not flags[4 + 8 + 1 + 1] & TLS >> 8:
        return "not offered"
    if case == "inject":
        wire.send(packet(1, head(FLAGS | TLS)) + packet(2, response()))
        return "alert" if wire.take(1) == b"\x15" and wire.has_ended_after_alert() else "served"
    if case == "sequence":
        wire.send(packet(3, head(FLAGS | TLS)))
        return verdict(wire, 2)
    wire.send(packet(1, head(FLAGS | TLS)))
    if case in STALLS:
        return stall(wire, case)
    wire.secure(context, name)
    if case == "twice":
        wire.send(packet(2, head(FLAGS | TLS)))
        return verdict(wire, 3)
    wire.send(packet(2, response()))
    return "%s %s" % (wire.tls.version(), verdict(wire, 3))


# ---- Redis ----

def redis(wire, case, context, name, path):
    """TLS comes at once: there is no word to ask for it."""
    if case in STALLS:
        return stall(wire, case)
    wire.secure(context, name)
    wire.send(b"*1\r\n$4\r\nPING\r\n")
    return "%s %s" % (wire.tls.version(), wire.receive().decode().strip())


# ---- clients that stop in the middle ----

STALLS = {"silence": b"", "half-a-hello": HELLO, "no-hello": HELLO + b"\xff" * 600, "garbage": b"GET / HTTP/1.1\r\n\r\n", "leave": None}


def stall(wire, case):
    """Whether the relay ends it, and how: with an alert or without a word."""
    if STALLS[case] is None:
        wire.socket.shutdown(socket.SHUT_WR)
    else:
        wire.send(STALLS[case])
    heard = b""
    try:
        while True:
            got = wire.socket.recv(65536)
            if not got:
                break
            heard += got
    except ConnectionResetError:
        pass
    return "alert" if heard[:1] == b"\x15" else "closed" if not heard else "served"


def main():
    path, engine, case, ca, name = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca)
    context.ca = ca
    if case == "old":
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    if case == "tls12":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    wire = Wire(path)
    wire.has_ended_after_alert = lambda: (wire.take(6), wire.has_ended())[1]
    try:
        print({"postgres": postgres, "mysql": mysql, "redis": redis}[engine](wire, case, context, name, path))
    except ssl.SSLCertVerificationError as error:
        print("the client refuses:", error.verify_message)
    except ssl.SSLError as error:
        print("TLS:", error.reason)
    except EOFError:
        print("closed")
    except RuntimeError as error:
        print(error)


main()
