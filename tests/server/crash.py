# SPDX-License-Identifier: LGPL-2.1-or-later
"""crash.py SERVER DIR ROUNDS - writers, a kill, and what has to be there afterwards; TAP.

Each writer owns its secrets and parameters, so it knows what an answer has promised: the write that
was acknowledged last, or the one that the kill left without an answer, and no other.
"""
import random
import subprocess
import sys
import threading
import time
import uuid

from rawclient import Client, Gone, Refused, Server

WRITERS, SECRETS = 4, 6


class Writer:
    """What it writes, and what must be there: for each thing the states that are allowed."""

    def __init__(self, number):
        self.number = number
        self.allowed = {}  # name: the states, None for "is not there"
        self.refused = []
        self.done = 0

    def attempt(self, name, state, call):
        """`state` is what stands if the call is acknowledged; without an answer either may."""
        before = self.allowed.get(name, [None])
        self.allowed[name] = before + [state]
        call()
        self.allowed[name] = [state]
        self.done += 1

    def step(self, client):
        name = "w%d/%d" % (self.number, random.randrange(SECRETS))
        value, token = str(uuid.uuid4()), str(uuid.uuid4())
        before = self.allowed.get(name, [None])[0]
        if before is None:
            self.attempt(name, (value, False), lambda: client(
                "CreateSecret", Name=name, SecretString=value, ClientRequestToken=token))
        elif before[1]:
            self.attempt(name, (before[0], False), lambda: client("RestoreSecret", SecretId=name))
        else:
            self.change(client, name, before, value, token)

    def change(self, client, name, before, value, token):
        chance = random.random()
        if chance < 0.5:
            self.attempt(name, (value, False), lambda: client(
                "PutSecretValue", SecretId=name, SecretString=value, ClientRequestToken=token))
        elif chance < 0.7:
            path = "/" + name
            self.attempt(path, (value, False), lambda: client(
                "PutParameter", "ssm", Name=path, Value=value, Type="SecureString", Overwrite=True))
        elif chance < 0.8:
            client("TagResource", SecretId=name, Tags=[{"Key": "k", "Value": value}])
        elif chance < 0.9:
            self.attempt(name, (before[0], True), lambda: client(
                "DeleteSecret", SecretId=name, RecoveryWindowInDays=7))
        else:
            self.attempt(name, None, lambda: client(
                "DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True))

    def run(self, host):
        client = Client(host)
        try:
            while True:
                self.step(client)
        except Gone:
            pass
        except Refused as error:
            self.refused.append(str(error))

    # --- afterwards

    def state_of(self, client, name):
        try:
            if name.startswith("/"):
                answer = client("GetParameter", "ssm", Name=name, WithDecryption=True)
                return (answer["Parameter"]["Value"], False)
            described = client("DescribeSecret", SecretId=name)
        except Refused as error:
            if "NotFound" in str(error):
                return None
            raise
        if "DeletedDate" in described:
            known = [state for state in self.allowed[name] if state and state[1]]
            return known[0] if known else "deleted"
        stages = [label for labels in described["VersionIdsToStages"].values() for label in labels]
        if stages.count("AWSCURRENT") != 1 or stages.count("AWSPREVIOUS") > 1:
            return "labels %r" % stages
        return (client("GetSecretValue", SecretId=name)["SecretString"], False)

    def wrongs(self, client):
        yield from self.refused
        self.refused = []
        for name in list(self.allowed):
            state = self.state_of(client, name)
            if state not in self.allowed[name]:
                yield "%s is %r, not one of %r" % (name, state, self.allowed[name])
            self.allowed[name] = [state]


def one_round(server, writers):
    """Kills the server a random moment after all writers have begun."""
    threads = [threading.Thread(target=writer.run, args=(server.host,), daemon=True) for writer in writers]
    begun = [writer.done for writer in writers]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while any(w.done == b and not w.refused for w, b in zip(writers, begun)) and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(random.random() * 0.05)
    server.kill()
    for thread in threads:
        thread.join(60)


def main():
    program, directory, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = random.randrange(1 << 32)
    print("# seed %d" % seed)
    random.seed(seed)
    server, writers, wrongs, unsound = Server(program, directory), [Writer(i) for i in range(WRITERS)], [], []
    server.start()
    for number in range(rounds):
        one_round(server, writers)
        server.start()
        client = Client(server.host)
        for writer in writers:
            wrongs += ["round %d: %s" % (number, wrong) for wrong in writer.wrongs(client)]
        checked = subprocess.run([program, "check", "--dir", directory], capture_output=True, text=True)
        if checked.returncode != 0:
            unsound.append("round %d: %s%s" % (number, checked.stdout, checked.stderr))
    acknowledged = sum(writer.done for writer in writers)
    server.process.terminate()
    code = server.process.wait()
    for test, (found, sentence) in enumerate((
            ([] if acknowledged >= rounds * WRITERS else [acknowledged], "%d writes through %d kills" % (acknowledged, rounds)),
            (wrongs, "each is as it was acknowledged"),
            (unsound, "every value opens and labels hold their rules after each start"),
            ([code] if code else [], "stops cleanly afterwards")), 1):
        print("%s %d - %s" % ("not ok" if found else "ok", test, sentence))
        for one in found[:10]:
            print("# %s" % str(one).replace("\n", "\n# "))
    print("1..4")


main()
