#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile.py CASE [CERT KEY]: a PostgreSQL server that misbehaves in one way; prints its port.

Speaks SCRAM well enough (user app, password "right") to go wrong at any step of it.
"""
import base64
import hashlib
import hmac
import os
import struct
import sys
import time

sys.dont_write_bytecode = True
from hostile_listener import held, listen, wrap

SALT = b"saltsaltsaltsalt"


def message(kind, body=b""):
    return kind + struct.pack(">I", len(body) + 4) + body


def auth(code, rest=b""):
    return message(b"R", struct.pack(">I", code) + rest)


def error(code, text):
    return message(b"E", b"SFATAL\0VFATAL\0C" + code + b"\0M" + text + b"\0\0")


def receive(connection, count):
    data = b""
    while len(data) < count:
        got = connection.recv(count - len(data))
        if not got:
            raise EOFError
        data += got
    return data


def read_message(connection):
    head = receive(connection, 5)
    return head[:1], receive(connection, struct.unpack(">I", head[1:])[0] - 4)


GREETING = (auth(0) + message(b"S", b"server_version\x0015.0\0") +
            message(b"S", b"client_encoding\0UTF8\0") +
            message(b"K", struct.pack(">II", 4711, 99)) + message(b"Z", b"I"))


def scram(connection, case):
    connection.sendall(auth(10, b"SCRAM-SHA-256\0\0"))
    body = read_message(connection)[1]
    if case == "close-after-first":
        return False
    client_first_bare = body[body.index(b"n=,r="):]
    nonce = client_first_bare[5:] + b"server"
    count = 4096
    if case == "wrong-nonce":
        nonce = (b"y" if nonce.startswith(b"x") else b"x") + nonce[1:]
    if case == "same-nonce":
        nonce = client_first_bare[5:]
    if case == "absurd-count":
        count = 4000000000
    server_first = b"r=%s,s=%s,i=%d" % (nonce, base64.b64encode(SALT), count)
    if case == "huge-challenge":
        server_first = b"r=%s%s,s=%s,i=4096" % (nonce, b"x" * 20000, base64.b64encode(SALT))
    if case == "mandatory-extension":
        server_first = b"m=1," + server_first
    connection.sendall(auth(11, server_first))
    if case == "twice-challenged":
        connection.sendall(auth(11, server_first))
    final = read_message(connection)[1]
    if case == "close-after-proof":
        return False
    if case == "error-after-proof":
        connection.sendall(error(b"53300", b"sorry, too many clients already"))
        return False
    without_proof = final[:final.index(b",p=")]
    key = hashlib.pbkdf2_hmac("sha256", b"right", SALT, count)
    server_key = hmac.digest(key, b"Server Key", "sha256")
    text = client_first_bare + b"," + server_first + b"," + without_proof
    signature = hmac.digest(server_key, text, "sha256")
    if case == "wrong-signature":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    if case == "no-signature":
        return True
    if case == "server-error":
        connection.sendall(auth(12, b"e=other-error"))
        return True
    connection.sendall(auth(12, b"v=" + base64.b64encode(signature)))
    return True


def answer_queries(connection):
    while True:
        kind, _ = read_message(connection)
        if kind == b"X":
            return
        connection.sendall(message(b"C", b"SELECT 0\0") + message(b"Z", b"I"))


def answer(connection, case):
    stall = case.startswith("stall")
    if case == "close-at-once":
        return
    if case == "stall-at-once":
        held.append(connection)
        return
    length = struct.unpack(">I", receive(connection, 4))[0]
    receive(connection, length - 4)
    simple = {
        "garbage": os.urandom(100),
        "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "huge-length": b"R\x7f\xff\xff\xff",
        "negative-length": b"R\xff\xff\xff\xff",
        "tiny-length": b"R\0\0\0\3",
        "cut-authentication": message(b"R", b"\0\0"),
        "half-a-message": b"R\0\0\0\x17\0\0",
        "cleartext": auth(3),
        "gssapi": auth(7),
        "unknown-mechanism": auth(10, b"SCRAM-SHA-1\0\0"),
        "no-mechanism": auth(10, b""),
        "md5-short-salt": auth(5, b"ab"),
        "final-first": auth(12, b"v=AAAA"),
        "query-result": message(b"T", b"\0\0"),
        "key-before-auth": message(b"K", b"12345678"),
        "short-key": auth(0) + message(b"K", b"1234567"),
        "ready-before-auth": message(b"Z", b"I"),
        "twice-accepted": auth(0) + auth(0),
        "error": error(b"57P03", b"the database system is starting up"),
        "long-error": error(b"57P03", b"x" * 25000),
        "huge-error": error(b"57P03", b"x" * 1000000),
        "odd-error": message(b"E", b"C28P01"),
        "notices-for-ever": message(b"N", b"SNOTICE\0M" + b"x" * 20000 + b"\0\0") * 20,
        "settings-for-ever": auth(0) + message(b"S", b"a\0" + b"x" * 20000 + b"\0") * 20,
    }
    if case in simple:
        connection.sendall(simple[case])
        time.sleep(0.05)
        return
    if stall and case == "stall-after-startup":
        held.append(connection)
        return
    if case == "notice":
        connection.sendall(message(b"N", b"SNOTICE\0VNOTICE\0C00000\0Mhello early bird\0\0"))
    if case == "negotiate":
        connection.sendall(message(b"v", struct.pack(">II", 0x30000, 0)))
    if case == "trust":
        connection.sendall(GREETING)
        answer_queries(connection)
        return
    if not scram(connection, case):
        return
    if case == "stall-after-login":
        connection.sendall(auth(0))
        held.append(connection)
        return
    connection.sendall(GREETING)
    answer_queries(connection)


def misbehave(connection, case, files):
    if case.startswith("tls-") or files:
        receive(connection, 8)  # SSLRequest
        if case == "tls-no":
            connection.sendall(b"N")
            time.sleep(0.05)
            return
        if case == "tls-error":
            connection.sendall(error(b"53300", b"too many"))
            return
        if case == "tls-close":
            return
        if case == "tls-garbage":
            connection.sendall(b"S" + os.urandom(300))
            time.sleep(0.05)
            return
        if case == "tls-stuffed":  # CVE-2021-23222: plain bytes behind the S
            connection.sendall(b"S" + GREETING)
        elif case == "tls-stall":
            connection.sendall(b"S")
            held.append(connection)
            return
        else:
            connection.sendall(b"S")
        connection = wrap(connection, files, old=case == "tls-old")
    answer(connection, case)


listen(misbehave)
