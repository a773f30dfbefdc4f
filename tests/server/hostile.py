# SPDX-License-Identifier: LGPL-2.1-or-later
"""hostile.py SERVER DIR - raw bytes of all kinds at a server; TAP."""
import json
import os
import random
import socket
import sys
import time
import uuid

from rawclient import Client, Server, signed_headers

count = 0


def say(good, sentence, seen=""):
    global count
    count += 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, sentence))
    if not good:
        print("# %r" % (seen,), flush=True)


def connect(server):
    host, port = server.host.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def request(server, operation, body, more=b"", target="secretsmanager."):
    headers = signed_headers("secretsmanager", server.host, target + operation, body)
    lines = "".join("%s: %s\r\n" % item for item in headers.items())
    return b"POST / HTTP/1.1\r\n" + lines.encode() + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_answers(wire, wanted):
    """The bodies of that many answers, with their codes; fewer if the connection ends."""
    data, answers = b"", []
    while len(answers) < wanted:
        head, mark, rest = data.partition(b"\r\n\r\n")
        if mark:
            fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
            length = int(fields[b"content-length"])
            if len(rest) >= length:
                answers.append((int(head.split()[1]), rest[:length]))
                data = rest[length:]
                continue
        try:
            more = wire.recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            break
        data += more
    return answers


def ask(server, data):
    """The one answer to these bytes, (0, b"") if there is none."""
    with connect(server) as wire:
        try:
            wire.sendall(data)
            wire.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it may have closed already
        return (read_answers(wire, 1) or [(0, b"")])[0]


def leave(server, data):
    """Says this much and is gone."""
    with connect(server) as wire:
        try:
            wire.sendall(data)
        except OSError:
            pass


def lives(server):
    return Client(server.host)("GetSecretValue", SecretId="s")["SecretString"] == "v"


def answered(server, operation, body):
    code, text = ask(server, request(server, operation, body))
    return code, json.loads(text) if text else {}


def is_kind(answer, kind):
    return answer[0] == 400 and answer[1].get("__type") == kind


def bodies(server):
    serial = "SerializationException"
    get = "GetSecretValue"
    wrong = {
        "nothing": b"",
        "a number": b"1",
        "a list": b"[]",
        "null": b"null",
        "half an object": b'{"SecretId":"s"',
        "two objects": b'{"SecretId":"s"}{}',
        "a byte behind it": b'{"SecretId":"s"}x',
        "invalid UTF-8": b'{"SecretId":"\xff\xfe"}',
        "a surrogate in UTF-8": b'{"SecretId":"\xed\xa0\x80"}',
        "an overlong slash": b'{"SecretId":"\xc0\xaf"}',
        "NUL": b'{"SecretId":"s\0t"}',
        "NUL escaped": b'{"SecretId":"s\\u0000t"}',
        "a name of another kind": b'{"SecretId":1}',
        "an object for a name": b'{"SecretId":{"a":1}}',
        "100,000 brackets": b"[" * 100000,
        "100,000 objects": b'{"a":' * 100000,
        "deep in an unknown member": b'{"SecretId":"s","X":' + b"[" * 5000 + b"]" * 5000 + b"}",
        "a huge number": b'{"SecretId":"s","RecoveryWindowInDays":1e999}',
    }
    for sentence, body in wrong.items():
        operation = "DeleteSecret" if sentence == "a huge number" else get
        answer = answered(server, operation, body)
        say(is_kind(answer, serial), "%s is a %s" % (sentence, serial), answer)
    answer = answered(server, get, b'{"SecretId":"s","Unknown":[{"deep":{"er":[1,2,{"x":null}]}}]}')
    say(answer[1].get("SecretString") == "v", "unknown members are ignored", answer)
    answer = answered(server, get, b'{"SecretId":"s","SecretId":"t"}')
    say(answer[0] in (200, 400) and answer[1], "a member twice has an answer", answer)
    answer = answered(server, "DeleteSecret", b'{"SecretId":"s","RecoveryWindowInDays":9223372036854775807}')
    say(is_kind(answer, serial), "the largest number and one more", answer)
    answer = answered(server, "DeleteSecret", b'{"SecretId":"s","RecoveryWindowInDays":-4000000000000}')
    say(is_kind(answer, "InvalidParameterException"), "a number far below zero", answer)
    many = b'{"SecretId":"s",' + b",".join(b'"m%d":%d' % (i, i) for i in range(20000)) + b"}"
    say(answered(server, get, many)[1].get("SecretString") == "v", "20,000 members are ignored")


def policies(server):
    """What is a list where an object should be, or the other way round, in every place."""
    good = {"Version": "2012-10-17", "Id": "i", "Statement": [{"Sid": "s", "Effect": "Deny", "Principal": {"AWS": ["1" * 12]},
            "Action": ["secretsmanager:*"], "Resource": ["*"], "Condition": {"StringEquals": {"aws:x": ["a"]}}}]}

    def twists(value):
        for odd in (None, 1, "x", [], ["x"], [["x"]], {}, {"x": "y"}, {"x": {}}):
            yield odd
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            for twisted in twists(value[key]):
                copy = value.copy()
                copy[key] = twisted
                yield copy

    documents = [json.dumps(twisted) for twisted in twists(good)]
    answers = [answered(server, operation, json.dumps({"SecretId": "s", "ResourcePolicy": document}).encode())
               for document in documents for operation in ("ValidateResourcePolicy", "PutResourcePolicy")]
    say(all(code in (200, 400) for code, _ in answers), "%d twisted policies have an answer" % len(documents), answers)
    Client(server.host)("DeleteResourcePolicy", SecretId="s")


def wires(server):
    get = request(server, "GetSecretValue", b'{"SecretId":"s"}')
    for cut in (1, 20, len(get) // 2, len(get) - 1):
        leave(server, get[:cut])
        say(lives(server), "gone after %d bytes" % cut)
    with connect(server) as wire:
        wire.sendall(get * 20)
        answers = read_answers(wire, 20)
    good = [code == 200 and json.loads(body)["SecretString"] == "v" for code, body in answers]
    say(good == [True] * 20, "20 requests at once have 20 answers", answers)
    with connect(server) as wire:
        for at in range(0, len(get), 7):
            wire.sendall(get[at : at + 7])
        answers = read_answers(wire, 1)
    say(answers and answers[0][0] == 200, "seven bytes at a time is a request, too", answers)
    flood = b"".join(b"X-H%d: y\r\n" % i for i in range(1500))
    code = ask(server, request(server, "ListSecrets", b"{}", flood))[0]
    say(code in (413, 431), "1500 headers are too many", code)
    code = ask(server, request(server, "ListSecrets", b"{}", b"".join(b"X-H%d: y\r\n" % i for i in range(100))))[0]
    say(code == 413, "100 are, too", code)
    code = ask(server, request(server, "L" * 20000, b"{}"))[0]
    say(code in (400, 413, 431), "an operation of 20,000 letters", code)
    code = ask(server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-amz-json-1.1\r\n"
               b"Content-Length: 99999999999999999999\r\n\r\n")[0]
    say(code in (0, 400, 413), "a body of unheard-of length", code)
    code = ask(server, get.replace(b"Content-Length: ", b"Content-Length: -"))[0]
    say(code in (0, 400), "a body of negative length", code)
    code = ask(server, get.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"))[0]
    say(code in (0, 400), "two lengths that differ", code)
    code = ask(server, get.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"))[0]
    say(code in (0, 400), "a length and chunks", code)
    leave(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500))
    say(lives(server), "TLS to a port without")
    for _ in range(50):
        leave(server, os.urandom(random.randrange(1, 3000)))
    say(lives(server), "noise")


def slow_ones(program, directory):
    """More of them than connections are allowed, for longer than anybody waits."""
    server = Server(program, directory, "--max-connections", "8", "--timeout", "3600")
    server.start()
    first = Client(server.host)
    first("GetSecretValue", SecretId="s")
    wires = [connect(server) for _ in range(30)]
    for wire in wires:
        try:
            wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        except OSError:
            pass  # has made room already
    found = [Client(server.host)("GetSecretValue", SecretId="s")["SecretString"] for _ in range(3)]
    say(found == ["v"] * 3, "slow clients do not keep others out", found)
    open_ones = 0
    for wire in wires:
        wire.settimeout(0.2)
        try:
            open_ones += wire.recv(1) != b""
        except socket.timeout:
            open_ones += 1
        except OSError:
            pass
        wire.close()
    say(0 < open_ones <= 8, "who has waited longest makes room", open_ones)
    server.process.terminate()
    say(server.process.wait() == 0, "the server stops cleanly")


def resident_kib(server):
    with open("/proc/%d/status" % server.process.pid) as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def is_sanitized(server):
    with open("/proc/%d/maps" % server.process.pid) as maps:
        return any("libasan" in line or "libtsan" in line for line in maps)


def growth(server):
    kinds = [
        lambda: request(server, "GetSecretValue", b"[" * 100000),
        lambda: request(server, "GetSecretValue", b'{"SecretId":"%s"}' % (b"x" * 60000)),
        lambda: request(server, "CreateSecret", b'{"Name":"n","SecretString":"%s"}' % (b"y" * 60000)),
        lambda: request(server, "Nothing", b"{}"),
    ]
    unfinished = [
        lambda: request(server, "PutSecretValue", b'{"SecretId":"s"')[:-1],
        lambda: b"POST / HTTP/1.1\r\nX: " + b"z" * 30000,
        lambda: os.urandom(2000),
    ]

    def flood(rounds):
        for _ in range(rounds):
            for kind in kinds:
                ask(server, kind())
            for kind in unfinished:
                leave(server, kind())

    flood(20)
    before = resident_kib(server)
    flood(100)
    grown = resident_kib(server) - before
    if is_sanitized(server):
        global count
        count += 1
        print("ok %d - the server does not grow # SKIP sanitizers keep what is freed" % count)
    else:
        say(grown < 4096, "the server does not grow (%d KiB)" % grown)


def main():
    program, directory = sys.argv[1], sys.argv[2]
    server = Server(program, directory)
    server.start()
    Client(server.host)("CreateSecret", Name="s", SecretString="v", ClientRequestToken=str(uuid.uuid4()))
    bodies(server)
    policies(server)
    wires(server)
    growth(server)
    say(lives(server), "and it goes on as if nothing had been")
    server.process.terminate()
    say(server.process.wait() == 0, "stops cleanly")
    slow_ones(program, directory)
    print("1..%d" % count)


main()
