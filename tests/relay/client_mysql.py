#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""client_mysql.py SOCKET [CASE]: a MySQL client that says one odd thing; prints what it hears.

One line: "in" for a login, "switch PLUGIN", "fast", "CODE STATE TEXT" for an error, "closed".
"""
import socket
import struct
import sys

FLAGS = 0x00188200  # 4.1, secure, plugins, attributes
PASSWORD = b"canary-in-a-mine"


def packet(sequence, body):
    return struct.pack("<I", len(body))[:3] + bytes([sequence]) + body


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


def response(flags=FLAGS, user=b"alice", proof=b"", plugin=b"mysql_native_password",
             attributes=b"\x0cprogram_name\x04test"):
    body = struct.pack("<IIB", flags, 1 << 24, 45) + b"\0" * 23 + user + b"\0"
    body += bytes([len(proof)]) + proof
    if flags & 0x80000:
        body += plugin + b"\0"
    if flags & 0x100000:
        body += bytes([len(attributes)]) + attributes
    return body


SAYS = {
    "login": packet(1, response()),
    "password": packet(1, response(proof=b"p" * 20)),
    "sha2": packet(1, response(plugin=b"caching_sha2_password")),
    "sha2-password": packet(1, response(plugin=b"caching_sha2_password", proof=b"p" * 32)),
    "clear": packet(1, response(plugin=b"mysql_clear_password", proof=PASSWORD + b"\0")),
    "no-plugins": packet(1, response(flags=FLAGS & ~0x80000)),
    "extended": packet(1, response()[:28] + b"\xff" * 4 + response()[32:]),
    "no-user": packet(1, response(user=b"")),
    "tls": packet(1, struct.pack("<IIB", FLAGS | 0x800, 1 << 24, 45) + b"\0" * 23),
    "old": packet(1, b"\x05\x24\0\0\0alice\0"),
    "out-of-order": packet(7, response()),
    "truncated": packet(1, response())[:-3],
    "garbage": b"\xfe" * 4096,
    "cut": packet(1, response()[:40]),
    "empty": packet(1, b""),
    "huge": b"\xff\xff\xff\1",
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "bad-attributes": packet(1, response(attributes=b"\x0cprogram")),
    "long-user": packet(1, response(user=b"u" * 300)),
    "nothing": b"",
}


def hear(connection):
    sequence, body = read_packet(connection)
    if body[0] == 0xff:
        code = struct.unpack("<H", body[1:3])[0]
        text = body[3:].decode()
        return sequence, "%d %s" % (code, text[1:6] + " " + text[6:] if text[0] == "#" else text)
    if body[0] == 0xfe:
        return sequence, "switch " + body[1:body.index(b"\0")].decode()
    if body == b"\1\3":
        return sequence, "fast"
    return sequence, "in" if body[0] == 0 else body.hex()


def talk(connection, case):
    words = []
    if case == "eager":
        connection.sendall(SAYS["login"])
    sequence, greeting = read_packet(connection)
    if greeting[0] == 0xff:
        return ["%d %s" % (struct.unpack("<H", greeting[1:3])[0], greeting[3:].decode())]
    connection.sendall(SAYS.get(case, b"" if case == "eager" else SAYS["login"]))
    if case == "truncated":
        connection.shutdown(socket.SHUT_WR)
    expected = 1 if case == "nothing" else 2
    while not words or words[-1].startswith("switch") or words[-1] == "fast":
        sequence, word = hear(connection)
        if sequence != expected:
            return words + ["out of order: %d" % sequence]
        expected += 1
        words.append(word)
        if word.startswith("switch"):
            connection.sendall(packet(expected, PASSWORD + b"\0"))
            expected += 1
    if words[-1] == "in" and case == "waits":
        print(" ".join(words), flush=True)
        sequence, word = hear(connection)
        words = [word] if sequence == 1 else ["out of order: %d" % sequence]
    elif words[-1] == "in":
        connection.sendall(packet(0, b"\x0e"))  # COM_PING
        words += ["pong"] if hear(connection) == (1, "in") else ["no pong"]
        connection.sendall(packet(0, b"\1"))
    return words


def main():
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(sys.argv[1])
    try:
        print(" ".join(talk(connection, sys.argv[2] if len(sys.argv) > 2 else "login")))
    except (EOFError, ConnectionError):
        print("closed")


main()
