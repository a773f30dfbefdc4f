#!/usr/bin/env python3
"""A login as PAM's application makes it.  Called by t_pam.sh.

    pam_login.py SOCKET SERVICE USER [--leave] [-- COMMAND...]

Opens a login, prints its answer, runs the command in it, closes the login; with --leave it just
goes away.
"""
import subprocess
import sys

sys.dont_write_bytecode = True
import control_client as s1


def ask(path, verb, tags):
    sock = s1.connect(path)
    sock.send(s1.request(s1.VERBS[verb], b"".join(s1.field(s1.TAGS[t], v.encode()) for t, v in tags)))
    return s1.answer(sock)


def main():
    command = sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else []
    path, service, user = sys.argv[1:4]
    status, texts, _ = ask(path, "pam_open", [("service", service), ("user", user),
                                              ("rhost", "192.0.2.9"), ("tty", "pts/9")])
    print("open:", s1.STATUSES[status], texts, flush=True)
    if command:
        subprocess.run(command, check=False)
    if status == 0 and "--leave" not in sys.argv:
        status, _, _ = ask(path, "pam_close", [("session", texts[38]), ("reason", "logout")])
        print("close:", s1.STATUSES[status])


main()
