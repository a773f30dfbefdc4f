#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile_redis.py CASE [CERT KEY]: a Redis server that misbehaves in one way; prints its port.

Knows the user app with password "right".  What it is asked goes to standard error, a line a command.
"""
import os
import socket
import sys
import time

sys.dont_write_bytecode = True
from hostile_listener import held, listen, wrap

# Instead of TLS.
PLAIN = {
    "tls-no": b"-ERR unknown command\r\n",
    "tls-garbage": os.urandom(300),
}
# Instead of waiting for anybody to log in.
AT_ONCE = {
    "connections": b"-ERR max number of clients reached\r\n",
    "protected": b"-DENIED Redis is running in protected mode because " + b"x" * 700 + b"\r\n",
}
# Instead of a verdict.
INSTEAD = {
    "garbage": bytes(range(200, 256)),
    "http": b"HTTP/1.0 400 Bad Request\r\n\r\n",
    "postgres": b"E\0\0\0\x0cSFATAL\0\0",
    "bulk": b"$5\r\nhello\r\n",
    "push": b">2\r\n+a\r\n+b\r\n",
    "no-return": b"+OK\n+OK\n+OK\n",
    "nothing": b"\r\n\r\n",
    "nul": b"+O\0K\r\n+OK\r\n",
    "huge-line": b"+" + b"a" * 1000000,
    "huge-error": b"-" + b"a" * 1000000,
    "nopass": b"-ERR AUTH <password> called without any password configured for the default user.\r\n",
    "loading": b"-MASTERDOWN Link with MASTER is down\r\n",
    "half": b"+O",
    "empty-error": b"-\r\n",
}


class Talk:
    def __init__(self, connection):
        self.connection, self.data = connection, b""

    def more(self):
        got = self.connection.recv(65536)
        if not got:
            raise EOFError
        self.data += got

    def line(self):
        while b"\r\n" not in self.data:
            self.more()
        line, self.data = self.data.split(b"\r\n", 1)
        return line

    def hear(self):
        """A command, as a list of words."""
        line = self.line()
        if not line.startswith(b"*"):
            words = line.split()
        else:
            words = []
            for _ in range(int(line[1:])):
                size = self.line()
                if not size.startswith(b"$"):
                    self.connection.sendall(b"-ERR Protocol error\r\n")
                    raise EOFError
                while len(self.data) < int(size[1:]) + 2:
                    self.more()
                words.append(self.data[:int(size[1:])])
                self.data = self.data[int(size[1:]) + 2:]
        print(" ".join(map(repr, words)), file=sys.stderr, flush=True)
        return words

    def say(self, words):
        self.connection.sendall(words)


def log_in(talk, case):
    """True if the client is let in.  Whom case "again" lets in has been refused on the same connection."""
    known, refusals = False, 0
    while True:
        words = talk.hear()
        name = words[0].upper()
        if name == b"AUTH":
            known = words[1:] in ([b"app", b"right"], [b"right"]) and (case != "again" or refusals > 0)
            refusals += not known
            talk.say(b"+OK\r\n" if known
                     else b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
            if known and case == "stall-after-auth":
                held.append(talk.connection)
            if known and case.endswith("-after-auth"):
                return False
        elif not known:
            talk.say(b"-NOAUTH Authentication required.\r\n")
        elif name == b"SELECT":
            talk.say(b"-ERR DB index is out of range\r\n" if case == "select" else b"+OK\r\n")
        elif name == b"CLIENT":
            talk.say(b"-NOPERM this user has no permissions\r\n" if case == "name" else b"+OK\r\n")
            return True


def answer(talk):
    while True:
        words = talk.hear()
        if words and words[0].upper() == b"PING":
            talk.say(b"+PONG\r\n")
        elif words and words[0].upper() == b"HELLO":
            talk.say(b"%1\r\n+proto\r\n:3\r\n")
        elif words:
            talk.say(b"-ERR unknown command '" + words[0][:128] + b"'\r\n")


def misbehave(connection, case, files):
    if case == "close-at-once":
        return
    if case in PLAIN:
        connection.sendall(PLAIN[case])
        time.sleep(0.1)
        return
    if files:
        connection = wrap(connection, files, old=case == "tls-old")
    elif connection.recv(1, socket.MSG_PEEK) == b"\x16":  # TLS, some of whose bytes may be the end of a line
        held.append(connection)
        return
    talk = Talk(connection)
    if case in AT_ONCE:
        talk.say(AT_ONCE[case])
        time.sleep(0.1)
        return
    if case == "unasked":
        talk.say(b"+OK\r\n")
    if case in ("stall", "unasked"):
        held.append(connection)
    elif case == "close":
        talk.hear()
    elif case in INSTEAD:
        talk.hear()
        talk.say(INSTEAD[case])
        time.sleep(0.1)
    elif log_in(talk, case):
        if case == "surplus":
            talk.say(b"+SURPLUS\r\n")
        if case != "end":
            answer(talk)


listen(misbehave)
