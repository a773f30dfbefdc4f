# SPDX-License-Identifier: LGPL-2.1-or-later
"""mysql_double.py - as much of a MySQL 8 as a rotation meets, for systems that cannot install one.

    python3 mysql_double.py DIRECTORY [sha2|clear|infile]

DIRECTORY/users has lines "NAME PASSWORD", which ALTER USER changes; DIRECTORY/answers/NAME the rows
of "SHOW ... NAME"; what is said goes to DIRECTORY/statements.  It answers in the formats of MySQL's
manual.  With `sha2` it checks passwords by caching_sha2_password.  With `clear` it is a hostile one that asks for the password in clear, with `infile` one that
wants a file of the client's; what it gets goes to DIRECTORY/loot.
"""
import hashlib
import os
import re
import socket
import struct
import sys
import threading

SALT = b"abcdefghijklmnopqrst"
CAPABILITIES = 0x001 | 0x002 | 0x004 | 0x008 | 0x080 | 0x200 | 0x2000 | 0x8000 | 0x80000 | 0x200000
ACCESS_DENIED, PARSE_ERROR = 1045, 1064


def sha1(data):
    return hashlib.sha1(data).digest()


def proof_of(password):
    once = sha1(password)
    mask = sha1(SALT + sha1(once))
    return bytes(a ^ b for a, b in zip(once, mask))


def sha2_proof_of(password):
    once = hashlib.sha256(password).digest()
    mask = hashlib.sha256(hashlib.sha256(once).digest() + SALT).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def text(value):
    data = value.encode()
    return (bytes([len(data)]) if len(data) < 251 else b"\xfc" + struct.pack("<H", len(data))) + data


class Client:
    def __init__(self, connection, directory, mode):
        self.connection, self.directory, self.mode = connection, directory, mode
        self.stream = connection.makefile("rb")
        self.sequence = 0

    def send(self, payload):
        self.connection.sendall(struct.pack("<I", len(payload))[:3] + bytes([self.sequence]) + payload)
        self.sequence = (self.sequence + 1) % 256

    def receive(self):
        head = self.stream.read(4)
        if len(head) < 4:
            raise EOFError
        self.sequence = (head[3] + 1) % 256
        return self.stream.read(int.from_bytes(head[:3], "little"))

    def send_ok(self):
        self.send(b"\x00\x00\x00\x02\x00\x00\x00")

    def send_error(self, number, message):
        self.send(b"\xff" + struct.pack("<H", number) + b"#HY000" + message.encode())

    def send_rows(self, rows):
        self.send(b"\x01")
        self.send(text("def") + text("") * 3 + text("x") + text("x") + b"\x0c\xff\x00\xff\xff\x00\x00\xfd\x00\x00\x00\x00\x00")
        self.send(b"\xfe\x00\x00\x02\x00")
        for row in rows:
            self.send(text(row))
        self.send(b"\xfe\x00\x00\x02\x00")

    def note(self, name, line):
        with open(os.path.join(self.directory, name), "a") as file:
            file.write(line + "\n")

    def users(self):
        with open(os.path.join(self.directory, "users")) as file:
            return dict(line.rstrip("\n").split(" ", 1) for line in file)

    def set_password(self, user, password):
        users = self.users()
        users[user] = password
        fresh = os.path.join(self.directory, "users.new")
        with open(fresh, "w") as file:
            file.writelines(f"{name} {value}\n" for name, value in users.items())
        os.rename(fresh, os.path.join(self.directory, "users"))

    def log_in(self):
        low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
        self.send(b"\x0a8.0.36\0" + struct.pack("<I", 7) + SALT[:8] + b"\0" + struct.pack("<HBHHB", low, 255, 2, high, 21) +
                  bytes(10) + SALT[8:] + b"\0mysql_native_password\0")
        answer = self.receive()
        name, rest = answer[32:].split(b"\0", 1)
        self.user, proof = name.decode(), rest[1:1 + rest[0]]
        if self.mode == "clear":
            self.send(b"\xfemysql_clear_password\0")
            self.note("loot", self.receive().decode(errors="replace"))
        expected_of = proof_of
        if self.mode == "sha2":
            self.send(b"\xfecaching_sha2_password\0" + SALT + b"\0")
            proof, expected_of = self.receive(), sha2_proof_of
        password = self.users().get(self.user)
        if password is None or proof != expected_of(password.encode()):
            self.send_error(ACCESS_DENIED, f"Access denied for user '{self.user}'@'127.0.0.1' (using password: YES)")
            return False
        if self.mode == "sha2":
            self.send(b"\x01\x03")  # it was in the cache
        self.send_ok()
        return True

    def answer(self, statement):
        self.note("statements", f"{self.user}: {statement}")
        if self.mode == "infile":
            self.send(b"\xfb/etc/passwd")
            self.note("loot", self.receive().decode(errors="replace"))
            return self.send_ok()
        changes = re.fullmatch(r"ALTER USER (?:USER\(\)|'(.*)'@'%') IDENTIFIED BY '(.*?)'(?: REPLACE '(.*)')?", statement)
        shows = re.fullmatch(r"(SHOW CREATE USER|SHOW GRANTS FOR) '(.*)'@'%'", statement)
        finds = re.fullmatch(r"SELECT 1 FROM mysql.user WHERE user = '(.*)' AND host = '%'", statement)
        if changes and self.mode == "require-current" and not changes[1] and changes[3] != self.users()[self.user]:
            return self.send_error(3892, "Current password needs to be specified in the REPLACE clause in order to change it.")
        if changes:
            self.set_password(changes[1] or self.user, re.sub(r"\\(.)", r"\1", changes[2]))
        elif statement == "SELECT CURRENT_USER()":
            return self.send_rows([f"{self.user}@%"])
        elif statement.startswith("SELECT NOW"):
            return self.send_rows(["2026-01-01 00:00:00"])
        elif finds:
            return self.send_rows(["1"] if finds[1] in self.users() else [])
        elif shows:
            kind = shows[1].replace(" FOR", "").replace(" ", "_").lower()
            with open(os.path.join(self.directory, "answers", f"{kind}.{shows[2]}")) as file:
                return self.send_rows(file.read().splitlines())
        elif not re.match("SET SESSION|CREATE USER|ALTER USER|GRANT|REVOKE", statement):
            return self.send_error(PARSE_ERROR, f"near '{statement}'")
        self.send_ok()

    def serve(self):
        try:
            if not self.log_in():
                return
            while True:
                command = self.receive()
                if command[0] == 1:
                    return
                self.answer(command[1:].decode())
        except (EOFError, OSError):
            pass
        finally:
            self.stream.close()
            self.connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=Client(connection, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "").serve, daemon=True).start()


main()
