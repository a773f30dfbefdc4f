#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""client_redis.py SOCKET [CASE]: a Redis client that says one odd thing; prints the lines it hears.

One line of them all, up to the PONG that it asks for at its end, or "closed".
"""
import socket
import sys
import time

PASSWORD = "canary-in-a-mine"


def command(*words):
    words = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


PING = command("PING")
SAYS = {
    "ping": PING,
    "auth": command("AUTH", PASSWORD) + PING,
    "auth-user": command("AUTH", "alice", PASSWORD) + PING,
    "auth-twice": command("AUTH", "app", PASSWORD) + command("AUTH", PASSWORD) + PING,
    "auth-other": command("AUTH", PASSWORD) + command("AUTH", "root", PASSWORD) + PING,
    "auth-late": command("ECHO", "x") + command("AUTH", PASSWORD) + PING,
    "hello": command("HELLO", "3", "AUTH", "default", PASSWORD, "SETNAME", "worker") + PING,
    "lines": b"auth '" + PASSWORD.encode() + b"'\r\nping\r\n",
    "reset": command("RESET") + PING,
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "http": b"GET / HTTP/1.0\r\nHost: cache\r\n\r\n" + PING,
    "broken": command("ECHO", "x") + b"*1\r\nPING\r\n" + PING,
    "long-user": command("AUTH", "u" * 300, PASSWORD),
    "nul-user": command("AUTH", "u\0", PASSWORD),
    "long-auth": command("AUTH", "p" * 70000) + PING,
    "long-line": b"a" * 70000 + b"\r\nPING\r\n",
    "many": (command("RESET") + command("ACL", "SETUSER", "app", ">" + PASSWORD)) * 500 + PING,
    "no-words": b"\r\n" * 100000 + PING,
    "huge-count": b"*2147483648\r\n" + PING,
    "negative": b"*1\r\n$-1\r\n" + PING,
    "half-open": command("AUTH", "alice", PASSWORD)[:-9],
    "half": command("AUTH", "alice", PASSWORD)[:-9],
}
DRIPS = ("auth-twice", "hello", "reset")


def pieces(words, size):
    return [words[at:at + size] for at in range(0, len(words), size)]


def main():
    case = sys.argv[2] if len(sys.argv) > 2 else "ping"
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(sys.argv[1])
    if case == "late":
        time.sleep(3)
        connection.sendall(PING)
    elif case == "drip":
        for piece in pieces(b"".join(SAYS[it].removesuffix(PING) for it in DRIPS) + PING, 3):
            connection.sendall(piece)
            time.sleep(0.002)
    elif case != "nothing" and case != "waits":
        try:
            connection.sendall(SAYS[case])
        except BrokenPipeError:
            pass
    if case == "waits":
        connection.sendall(PING)
    if case == "half":
        return
    data = b""
    while case == "waits" or not data.endswith(b"+PONG\r\n"):
        try:
            got = connection.recv(65536)
        except ConnectionResetError:
            got = b""
        data += got
        if case == "waits" and got:
            print(got.decode(errors="replace").strip(), flush=True)
        if not got:
            data += b"closed\r\n"
            break
    if case != "waits":
        print(" ".join(data.decode(errors="replace").split("\r\n")).strip())


main()
