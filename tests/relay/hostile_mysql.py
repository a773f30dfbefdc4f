#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_mysql.py CASE [CERT KEY]: a MySQL server that misbehaves in one way; prints its port.

Knows the user app with password "right", and every method well enough to go wrong at any step.
"""
import hashlib
import os
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
from hostile_listener import held, listen, wrap

NONCE = b"0123456789abcdefghij"
NATIVE, SHA2 = b"mysql_native_password", b"caching_sha2_password"
SSL_FLAG = 0x800
FLAGS = 0x018FF7DF & ~SSL_FLAG  # MySQL 8's, without what no test needs
EXTENDED = 0x7  # MariaDB's: progress, COM_MULTI, bulk operations
met = []  # cases of connections that were greeted


def packet(sequence, body):
    return struct.pack("<I", len(body))[:3] + bytes([sequence]) + body


def greeting(plugin=NATIVE, flags=FLAGS, protocol=10, extended=0):
    return (bytes([protocol]) + b"8.0.36\0" + struct.pack("<I", 4711) + NONCE[:8] + b"\0" +
            struct.pack("<HBHHB", flags & 0xffff, 45, 2, flags >> 16, 21) + b"\0" * 6 +
            struct.pack("<I", extended) + NONCE[8:] + b"\0" + plugin + b"\0")


OK = b"\0\0\0\2\0\0\0"


def error(code, state, text):
    return b"\xff" + struct.pack("<H", code) + (b"#" + state if state else b"") + text


def switch(plugin, nonce):
    return b"\xfe" + plugin + b"\0" + nonce


def receive(connection, count):
    data = b""
    while len(data) < count:
        got = connection.recv(count - len(data))
        if not got:
            raise EOFError
        data += got
    return data


def read_packet(connection):
    head = receive(connection, 4)
    return head[3], receive(connection, struct.unpack("<I", head[:3] + b"\0")[0])


def proof_of(response):
    rest = response[32:]
    rest = rest[rest.index(b"\0") + 1:]
    return rest[1:1 + rest[0]]


def sha(name, *parts):
    return hashlib.new(name, b"".join(parts)).digest()


def scrambled(name, password=b"right"):
    once = sha(name, password)
    twice = sha(name, once)
    mask = sha(name, NONCE, twice) if name == "sha1" else sha(name, twice, NONCE)
    return bytes(a ^ b for a, b in zip(once, mask))


def offers_to_resume(hello):
    """Has a ClientHello the extension pre_shared_key?"""
    at = 43  # behind the random bytes
    at += 1 + hello[at]
    at += 2 + struct.unpack(">H", hello[at:at + 2])[0]
    at += 1 + hello[at] + 2
    while at < len(hello):
        kind, size = struct.unpack(">HH", hello[at:at + 4])
        if kind == 41:
            return True
        at += 4 + size
    return False


class Talk:
    def __init__(self, connection):
        self.connection, self.sequence = connection, 0

    def say(self, body):
        self.connection.sendall(packet(self.sequence, body))
        self.sequence = (self.sequence + 1) % 256

    def hear(self):
        sequence, body = read_packet(self.connection)
        if sequence != self.sequence:
            raise ValueError("a packet out of order")
        self.sequence = (sequence + 1) % 256
        return body

    def ask(self, body):
        self.say(body)
        return self.hear()


def verdict(talk, good, behind=b""):
    if not good:
        talk.say(error(1045, b"28000", b"Access denied for user 'app'@'test'"))
        return
    talk.connection.sendall(packet(talk.sequence, OK) + behind)
    while True:
        _, command = read_packet(talk.connection)
        if command[:1] == b"\1":
            return
        if not behind:
            talk.connection.sendall(packet(1, OK))


# What a server may say instead of a verdict; True where what it heard was right.
def sha2_full(talk, response):
    talk.say(b"\1\4")
    return talk.hear() in (b"right\0", b"no proof of this is known here".ljust(64, b"\0"))


def parsec(talk, _):
    if talk.ask(switch(b"parsec", b"n" * 32)) != b"":
        return False
    return len(talk.ask(b"P\0" + b"s" * 18)) == 64


METHODS = {
    "good": lambda talk, response: proof_of(response) == scrambled("sha1"),
    "sha2-full": sha2_full,
    "ed25519": lambda talk, _: len(talk.ask(switch(b"client_ed25519", b"e" * 32))) == 64,
    "parsec": parsec,
    "sha256": lambda talk, _: talk.ask(switch(b"sha256_password", NONCE + b"\0")) in
              (b"right\0", b"no proof of this is known here".ljust(64, b"\0")),
    "clear": lambda talk, _: talk.ask(switch(b"mysql_clear_password", b"")) == b"right\0",
    "switch-sha2": lambda talk, _: talk.ask(switch(SHA2, NONCE + b"\0")) == scrambled("sha256"),
}
INSTEAD = {  # of a verdict on the response
    "switch-unknown": switch(b"auth_gssapi_client", b"x"),
    "switch-old": b"\xfe",
    "switch-cut": b"\xfe" + b"x" * 40,
    "switch-huge": switch(NATIVE, b"x" * 300),
    "short-nonce": switch(NATIVE, b"x" * 19),
    "long-nonce": switch(NATIVE, b"x" * 22),
    "next-factor": b"\2" + switch(NATIVE, NONCE)[1:],
    "more-data": b"\1what?",
    "result-set": b"\1\0\0\0",
    "odd-error": b"\xff\x15",
    "too-many": error(1226, b"42000", b"User 'app' has exceeded the resource"),
    "no-password": error(1698, b"28000", b"Access denied for user 'app'@'test'"),
    "expired": error(1862, b"HY000", b"Your password has expired."),
    "too-often": error(3955, b"HY000", b"Access denied for user 'app'. Account is blocked."),
    "locked": error(3118, b"HY000", b"Access denied for user 'app'. Account is locked."),
    "no-state": error(1045, b"", b"Access denied, says an old server"),
}
FIRST = {  # instead of a greeting
    "garbage": b"\x40\0\0\0" + b"\xa7" * 64,
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "postgres": b"E\0\0\0" + b"SFATAL\0" * 20,
    "huge-length": b"\xff\xff\xff\0",
    "empty": packet(0, b""),
    "old": packet(0, b"\x09" + b"3.23\0"),
    "no-41": packet(0, greeting(flags=0x2)),
    "out-of-order": packet(3, greeting()),
    "long-version": packet(0, b"\x0a" + b"8" * 500 + b"\0"),
    "connections": packet(0, error(1040, b"08004", b"Too many connections")),
    "blocked": packet(0, error(1129, b"", b"Host 'relay' is blocked")),
    "denied": packet(0, error(1045, b"28000", b"Access denied, says somebody")),
    "half": packet(0, greeting())[:30],
}


def misbehave(connection, case, files):
    talk = Talk(connection)
    if case == "close-at-once":
        return
    if case == "stall-at-once":
        held.append(connection)
        return
    if case in FIRST:
        connection.sendall(FIRST[case])
        time.sleep(0.1)
        return
    tls = case != "tls-no" and (bool(files) or case.startswith("tls-"))
    plugin = SHA2 if case.startswith("sha2-") else b"unheard_of" if case == "unheard" else NATIVE
    flags = FLAGS | (SSL_FLAG if tls else 0)
    if case == "shrinks" and met:  # the second attempt's server knows of no plugins
        flags &= ~0x80000
    if case == "extended":  # a MariaDB of 10.2
        flags &= ~1
    met.append(case)
    talk.say(greeting(plugin, flags, extended=EXTENDED if case == "extended" else 0))
    if case == "tls-stuffed":
        connection.sendall(packet(2, OK))
    if case == "tls-flight" and len(connection.recv(4096, socket.MSG_PEEK)) == 36:
        return  # the request for TLS came alone
    if tls:
        request = talk.hear()
        if len(request) != 32 or not struct.unpack("<I", request[:4])[0] & SSL_FLAG:
            return
        if case == "tls-close":
            return
        if case == "tls-garbage":
            connection.sendall(os.urandom(300))
            time.sleep(0.1)
            return
        if case == "tls-forgets" and offers_to_resume(connection.recv(4096, socket.MSG_PEEK)):
            return
        talk.connection = connection = wrap(connection, files)
    response = talk.hear()
    if case == "stall":
        held.append(connection)
    elif case == "close":
        return
    elif case == "wrong-sequence":
        connection.sendall(packet(99, OK))
        time.sleep(0.1)
    elif case in INSTEAD:
        talk.say(INSTEAD[case])
        time.sleep(0.1)
    elif case == "switch-for-ever":
        while True:
            talk.ask(switch(NATIVE, NONCE + b"\0"))
    elif case == "parsec-ok":
        talk.say(switch(b"parsec", b"n" * 32))
        talk.sequence += 1
        talk.say(OK)
        time.sleep(0.1)
    elif case == "parsec-twice":
        talk.ask(switch(b"parsec", b"n" * 32))
        talk.ask(b"P\0" + b"s" * 18)
        talk.ask(b"P\0" + b"s" * 18)
        verdict(talk, True)
    elif case == "eager":
        verdict(talk, True, packet(1, OK))
    elif case == "parsec-salt":
        talk.ask(switch(b"parsec", b"n" * 32))
        talk.say(b"P\x7f" + b"s" * 18)
        time.sleep(0.1)
    elif case == "sha2-fast":
        good = proof_of(response) == scrambled("sha256")
        if good:
            talk.say(b"\1\3")
        verdict(talk, good)
    elif case == "extended":
        verdict(talk, struct.unpack("<I", response[28:32])[0] == EXTENDED & ~2)
    elif case == "sha2-word":
        talk.say(b"\1\x09")
        time.sleep(0.1)
    else:
        verdict(talk, METHODS.get(case, METHODS["good"])(talk, response))


listen(misbehave)
