#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""client.py SOCKET [CASE]: sends one first packet and prints what comes back, an error as
"SQLSTATE message"; with a login, "in" and what came with it."""
import socket
import struct
import sys


def packet(body, version=0x30000):
    return struct.pack(">II", len(body) + 8, version) + body


def fields(body):
    return {text[:1]: text[1:].decode() for text in body.split(b"\0") if text}


CASES = {
    "login": packet(b"user\0alice\0\0"),
    "no-user": packet(b"\0"),
    "empty-user": packet(b"user\0\0\0"),
    "two-users": packet(b"user\0alice\0user\0root\0\0"),
    "no-terminator": packet(b"user\0alice\0"),
    "no-value": packet(b"user\0"),
    "trailing": packet(b"user\0alice\0\0user\0root\0\0"),
    "version-2": packet(b"user\0alice\0\0", 0x20000),
    "version-4": packet(b"user\0alice\0\0", 0x40000),
    "version-3.9": packet(b"user\0alice\0_pq_.command\0on\0\0", 0x30009),
    "no-user-3.9": packet(b"_pq_.command\0on\0\0", 0x30009),
    "oversized": struct.pack(">II", 10005, 0x30000),
    "gigantic": struct.pack(">I", 0x7FFFFFFF),
    "tiny": struct.pack(">I", 4),
    "garbage": b"\xff" * 4096,
    "http": b"GET / HTTP/1.1\r\n\r\n",
    "ssl-twice": packet(b"", 80877103) * 2,
    "gss-then-ssl": packet(b"", 80877104) + packet(b"", 80877103) + packet(b"user\0alice\0\0"),
    "cancel": packet(struct.pack(">II", 4711, 815), 80877102),
    "short-cancel": packet(b"1234567", 80877102),
    "replication": packet(b"user\0alice\0replication\0true\0\0"),
    "long-option": packet(b"user\0alice\0options\0" + b"x" * 9960 + b"\0\0"),
    "truncated": packet(b"user\0alice\0\0")[:-3],
    "nothing": b"",
}


def main():
    case = sys.argv[2] if len(sys.argv) > 2 else "login"
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(60)
    client.connect(sys.argv[1])
    client.sendall(CASES[case])
    if case == "truncated":
        client.shutdown(socket.SHUT_WR)
    data = b""
    while not data.endswith(b"Z\0\0\0\5I"):
        try:
            got = client.recv(65536)
        except ConnectionResetError:
            got = b""
        if not got:
            break
        data += got
    words = []
    while data:
        if data[:1] == b"N" and (len(data) < 5 or data[1] != 0):  # a one-byte "no"
            words.append("N")
            data = data[1:]
            continue
        length = struct.unpack(">I", data[1:5])[0]
        kind, body, data = data[:1], data[5:length + 1], data[length + 1:]
        if kind == b"E":
            words.append("{C} {M}".format(**{k.decode(): v for k, v in fields(body).items()}))
        elif kind == b"N":
            words.append("notice " + fields(body)[b"M"])
        elif kind == b"v":
            words.append("negotiate")
        elif kind == b"Z":
            words.append("in")
    print(" ".join(words) or "closed")


main()
