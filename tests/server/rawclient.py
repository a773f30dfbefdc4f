# SPDX-License-Identifier: LGPL-2.1-or-later
"""rawclient.py - a server to start and kill, and signed calls to it with Python's own library alone."""
import datetime
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import sys

KEY_ID, SECRET_KEY = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
TARGETS = {"secretsmanager": "secretsmanager.", "ssm": "AmazonSSM."}


class Gone(Exception):
    """No answer: the server was killed before, meanwhile or afterwards."""


class Refused(Exception):
    pass


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed_headers(service, host, target, body):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-date": now, "x-amz-target": target}
    names = ";".join(headers)
    canonical = "POST\n/\n\n%s\n%s\n%s" % (
        "".join("%s:%s\n" % item for item in headers.items()), names, hashlib.sha256(body).hexdigest())
    scope = "%s/us-east-1/%s/aws4_request" % (now[:8], service)
    text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (now, scope, hashlib.sha256(canonical.encode()).hexdigest())
    key = ("AWS4" + SECRET_KEY).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        KEY_ID, scope, names, sign(key, text).hex())
    return headers


class Client:
    def __init__(self, host):
        self.host = host
        self.wire = http.client.HTTPConnection(host, timeout=60)

    def __call__(self, operation, service="secretsmanager", **members):
        body = json.dumps(members).encode()
        try:
            self.wire.request("POST", "/", body, signed_headers(service, self.host, TARGETS[service] + operation, body))
            answer = self.wire.getresponse()
            status, text = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Gone(str(error))
        if status != 200:
            raise Refused(text.decode())
        return json.loads(text)


class Server:
    def __init__(self, program, directory, *options):
        self.command = [program, "--dir", directory, "--listen", "127.0.0.1:0", "--log-level", "error", *options]

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://"):
            print("Bail out! the server did not start: %r" % line)
            sys.exit(1)
        self.host = line.strip()[len("listening on http://"):].rstrip("/")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
