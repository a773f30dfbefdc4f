#!/usr/bin/python3
"""A Secrets Manager that misbehaves as the secret's name says.  Called by t_hostile.sh.

hostile.py PORT_FILE LOG_FILE [CERT KEY]: listens on 127.0.0.1, writes its port, serves until killed.
Each request is one line of LOG_FILE: the target, its headers' names, the secret asked for.
"""
import calendar
import http.server
import json
import os
import ssl
import sys
import time
import zlib
from email.utils import formatdate

GOOD = {"ARN": "arn:aws:secretsmanager:us-east-1:1:secret:x-AAAAAA", "Name": "x",
        "VersionId": "11111111-1111-1111-1111-111111111111", "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1.523477145713E9,
        "SecretString": json.dumps({"username": "app", "password": "hunter2", "port": "5432"})}
ERRORS = {
    "type_plain": {"__type": "ResourceNotFoundException", "Message": "gone"},
    "type_namespace": {"__type": "com.amazon.AWSMimirService#ResourceNotFoundException",
                       "message": "gone"},
    "type_tail": {"__type": "ResourceNotFoundException:http://internal.amazon.com/", "message": "gone"},
    "type_code": {"code": "ResourceNotFoundException", "errorMessage": "gone"},
    "denied": {"__type": "AccessDeniedException", "Message": "no"},
    "throttled": {"__type": "ThrottlingException", "message": "Rate exceeded"},
    "escapes": {"__type": "Evil\u001b[31m\nException", "message": "a\nb\u001b[0m"},
}
seen = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, code, body, headers=(), content_type="application/x-amz-json-1.1", length=None):
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("x-amzn-RequestId", "req-1")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.record("GET")
        self.send(200, b"")

    def record(self, what):
        with open(sys.argv[2], "a") as log:
            log.write("%s %s %s\n" % (what, self.headers.get("amz-sdk-request"),
                                      self.headers.get("amz-sdk-invocation-id")))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = body.get("SecretId", "")
        count = seen[name] = seen.get(name, 0) + 1
        self.record(name)
        self.close_connection = True
        good = json.dumps(GOOD).encode()
        if name.startswith("credentials_"):
            self.send(400, json.dumps({"__type": name[12:], "message": "who are you?"}).encode())
        elif name in ERRORS:
            self.send(400, json.dumps(ERRORS[name]).encode())
        elif name == "type_header":
            self.send(400, b"", [("x-amzn-ErrorType", "ResourceNotFoundException:x")])
        elif name == "truncated":
            self.send(200, good[:50], length=len(good))
        elif name == "huge":
            self.send(200, b" " * (2 << 20))
        elif name == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            except OSError:
                pass
        elif name == "headers":
            self.send(200, good, [("X-%d" % i, "x" * 60000) for i in range(40)])
        elif name == "bomb":
            self.send(200, zlib.compress(b" " * (64 << 20)), [("Content-Encoding", "deflate")])
        elif name == "trickle":
            try:
                for _ in range(100):
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    time.sleep(0.1)
            except OSError:
                pass
        elif name == "always_skewed":
            later = time.time() + 3600 * count
            self.send(400, b'{"__type":"InvalidSignatureException","message":'
                      b'"Signature expired: is now earlier than"}', [("Date", formatdate(later))])
        elif name == "slow":
            self.send(200, good[:10], length=len(good))
            self.wfile.flush()
            time.sleep(60)
        elif name == "silent":
            time.sleep(60)
        elif name == "html":
            self.send(200, b"<html>captive portal</html>", content_type="text/html")
        elif name == "html_error":
            self.send(502, b"<html>Bad Gateway</html>", content_type="text/html")
        elif name == "not_an_object":
            self.send(200, b'["hunter2"]')
        elif name == "no_version":
            self.send(200, b'{"SecretString":"hunter2"}')
        elif name == "nul":
            self.send(200, good.replace(b"hunter2", rb"hunter2\\u0000x"))
        elif name == "binary":
            self.send(200, json.dumps({**{k: v for k, v in GOOD.items() if k != "SecretString"},
                                       "SecretBinary": "AAAA"}).encode())
        elif name == "once_500" and count == 1:
            self.send(500, b'{"__type":"InternalServiceError","message":"oops"}')
        elif name == "once_throttled" and count == 1:
            self.send(400, b'{"__type":"ThrottlingException","message":"Rate exceeded"}')
        elif name == "always_500":
            self.send(500, b'{"__type":"InternalServiceError","message":"oops"}')
        elif name in ("redirect", "redirect_302", "redirect_303"):
            self.send(int(name[9:] or 307), b"", [("Location", "http://%s/elsewhere" % self.headers["Host"])])
        elif name == "other_version":
            self.send(200, good)
        elif name == "skew" and abs(self.age() - 3600) > 60:
            later = time.time() + 3600
            self.send(400, b'{"__type":"InvalidSignatureException","message":'
                      b'"Signature expired: is now earlier than"}', [("Date", formatdate(later))])
        elif name == "not_http":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        else:
            self.send(200, good)

    def age(self):
        stamp = time.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        return calendar.timegm(stamp) - time.time()

    def send_response(self, code, message=None):
        self.send_response_only(code, message)  # without a Date of its own


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(sys.argv[1] + ".new", "w") as port:
    port.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
