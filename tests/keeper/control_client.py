#!/usr/bin/env python3
"""A client of S1 that can also misbehave.  Called by t_daemon.sh.

    control_client.py SOCKET VERB [TAG=TEXT]...     prints the answer: status, texts, document
    control_client.py SOCKET --hostile CASE         prints what became of a bad client
"""
import array
import json
import os
import socket
import struct
import sys

MAGIC, VERSION = 0x31434D53, 1
VERBS = {"connect": 1, "resolve": 2, "targets": 3, "explain": 4, "status": 5, "refresh": 6,
         "revoke": 7, "prove": 8, "pam_check": 16, "pam_supply": 17, "pam_account": 18,
         "pam_open": 19, "pam_close": 20, "pam_change": 21,
         "pam_prepare": 22, "pam_rotate": 23}
TAGS = {"target": 3, "name": 4, "stage": 5, "host": 6, "port": 7, "user": 8, "all": 9,
        "kind": 12, "version": 13, "reason": 14, "lift": 15, "service": 32, "password": 33,
        "old": 34, "grace": 35, "rhost": 36, "tty": 37, "session": 38, "ruser": 39, "wait": 40}
NUMBERS = {"port", "grace", "wait"}
STATUSES = ["ok", "system", "not found", "denied", "unavailable", "timed out", "invalid",
            "too large", "no memory", "protocol", "revoked", "limited", "unsupported"]


def field(tag, value):
    return struct.pack("=HHI", tag, 0, len(value)) + value + b"\0" * (-len(value) % 8)


def request(verb, fields=b"", version=VERSION):
    return struct.pack("=IHHIIQ", MAGIC, version, verb, 0, len(fields), 42) + fields


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(60)
    sock.connect(path)
    return sock


def answer(sock):
    """(status, {tag: text}, descriptors), or None if the keeper closed the connection."""
    try:
        packet, rights, _, _ = sock.recvmsg(98304, socket.CMSG_SPACE(8))
    except ConnectionResetError:
        return None
    if not packet:
        return None
    fds = array.array("i")
    for level, kind, data in rights:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data)
    _, _, _, status, size, _ = struct.unpack("=IHHIIQ", packet[:24])
    body, texts = packet[24:24 + size], {}
    while body:
        tag, _, size = struct.unpack("=HHI", body[:8])
        texts[tag] = body[8:8 + size].decode()
        body = body[8 + size + -size % 8:]
    return status, texts, list(fds)


def show(result):
    if result is None:
        print("closed")
        return
    status, texts, fds = result
    print("status:", STATUSES[status])
    for tag, text in texts.items():
        print("text %d: %s" % (tag, text))
    for fd in fds:
        try:
            print("document:", json.dumps(json.loads(os.pread(fd, 1 << 22, 0)), sort_keys=True))
        except (OSError, ValueError):
            print("descriptor")


def ask(path, verb, arguments):
    fields = b""
    for argument in arguments:
        tag, text = argument.split("=", 1)
        value = struct.pack("=I", int(text)) if tag in NUMBERS else os.fsencode(text)
        fields += field(TAGS[tag], value)
    sock = connect(path)
    sock.send(request(VERBS[verb], fields))
    show(answer(sock))


def hostile(path, case):
    packets = {
        "truncated": request(3)[:10],
        "cut-field": request(4, field(6, b"host"))[:-4],
        "version": request(3, version=9),
        "verb": request(77),
        "garbage": bytes(range(200)),
        "oversized": request(4, field(6, b"h" * 9000)),
        "too-large-for-verb": request(3, field(6, b"h" * 100)),
        "missing-field": request(1),
        "nul": request(1, field(3, b"ord\0ers")),
        "empty": request(1, field(3, b"")),
    }
    sock = connect(path)
    if case == "idle":  # the keeper closes whoever says nothing
        show(answer(sock))
    elif case == "descriptor":
        socket.send_fds(sock, [request(3)], [0])
        show(answer(sock))
    elif case == "deaf":  # asks and never reads: it is let go, and nobody else suffers
        sock.setblocking(False)
        try:
            for _ in range(100000):
                sock.send(request(5))
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass
        ask(path, "status", [])
    elif case == "crowd":
        crowd = [connect(path) for _ in range(1000)]
        ask(path, "status", [])
        print("crowd:", len(crowd))
    else:
        sock.send(packets[case])
        show(answer(sock))


if __name__ == "__main__":
    if sys.argv[2] == "--hostile":
        hostile(sys.argv[1], sys.argv[3])
    else:
        ask(sys.argv[1], sys.argv[2], sys.argv[3:])
