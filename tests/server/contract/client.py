# SPDX-License-Identifier: LGPL-2.1-or-later
"""client.py - calls to the server, whole answers compared with what the service says, TAP.

A call goes through boto3 where botocore knows the operation, with its validation off so that the
server is the one to refuse; what boto3 would put right by itself (a token it makes up, a member it
does not know, JSON of another kind) goes as a request that botocore's signer has signed.
"""
import base64
import datetime
import email.utils
import http.client
import json
import re
import uuid
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.exceptions


# Said before the service proper is reached, and spelt with a small "message".
FRONT_END = ("ValidationException", "UnknownOperationException")
# Parameter Store spells most of its own errors so as well; these it does not.
SSM_CAPITAL = ("AccessDeniedException", "InvalidFilterValue", "InvalidNextToken", "SerializationException")


class Arn:
    """The full ARN of a secret of this name; alike wherever it stands."""

    def __init__(self, name, account="000000000000", region="us-east-1"):
        head = "arn:aws:secretsmanager:%s:%s:secret:" % (region, account)
        self.pattern = re.compile(re.escape(head + name) + "-[A-Za-z0-9]{6}$")

    def __call__(self, value):
        return bool(self.pattern.match(value))


def recent(value):
    """A time of this minute or the last few; boto3 has parsed it, raw answers have the number."""
    if isinstance(value, datetime.datetime):
        value = value.timestamp()
    return isinstance(value, (int, float)) and abs(value - datetime.datetime.now().timestamp()) < 600


def today(value):
    """00:00 UTC of today, or of yesterday if midnight has just passed."""
    if isinstance(value, datetime.datetime):
        value = value.timestamp()
    return value % 86400 == 0 and 0 <= datetime.datetime.now().timestamp() - value < 2 * 86400


def in_days(days):
    def check(value):
        return recent(value - datetime.timedelta(days=days))

    return check


def unordered(*expected):
    """A list with these elements, in any order: the service does not promise one."""

    def check(value):
        left = list(value)
        for element in expected:
            found = next((i for i, one in enumerate(left) if difference(element, one) is None), None)
            if found is None:
                return False
            del left[found]
        return not left

    return check


def difference(expected, actual, path="answer"):
    """None, or where the two part."""
    if callable(expected):
        return None if expected(actual) else "%s is %r" % (path, actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in expected.keys() - actual.keys():
            return "%s lacks %s" % (path, name)
        for name in actual.keys() - expected.keys():
            return "%s has %s: %r" % (path, name, actual[name])
        inner = (difference(expected[n], actual[n], "%s.%s" % (path, n)) for n in expected)
        return next((found for found in inner if found), None)
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        inner = (difference(e, a, "%s[%d]" % (path, i)) for i, (e, a) in enumerate(zip(expected, actual)))
        return next((found for found in inner if found), None)
    return None if expected == actual else "%s is %r, not %r" % (path, actual, expected)


def in_base64(blob):
    return base64.b64encode(blob).decode()


def blob(content):
    """Bytes as boto3 gives them, or in base64 as a raw answer has them."""
    return lambda value: value in (content, in_base64(content))


def token():
    return str(uuid.uuid4())


class Client:
    def __init__(self, url, key_id, secret_key, region="us-east-1", service="secretsmanager"):
        self.url, self.region, self.service, self.count = url, region, service, 0
        self.target = {"secretsmanager": "secretsmanager.", "ssm": "AmazonSSM."}[service]
        session = boto3.session.Session(key_id, secret_key, region_name=region)
        self.boto = session.client(
            service,
            endpoint_url=url,
            config=botocore.config.Config(parameter_validation=False, retries={"max_attempts": 0}),
        )
        self.credentials = session.get_credentials()
        self.request_ids, self.wrong_headers = set(), []
        self.wire = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)

    # --- calling: (HTTP status, the answer's members)

    def raw(self, operation, body):
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": self.target + operation,
        }
        data = body if isinstance(body, bytes) else json.dumps(body, default=in_base64).encode()
        request = botocore.awsrequest.AWSRequest("POST", self.url + "/", headers, data)
        botocore.auth.SigV4Auth(self.credentials, self.service, self.region).add_auth(request)
        self.wire.request("POST", "/", data, dict(request.headers.items()))
        answer = self.wire.getresponse()
        text = answer.read()
        self.look_at_headers(operation, dict(answer.getheaders()), len(text))
        return answer.status, json.loads(text)

    def look_at_headers(self, operation, headers, length):
        """Every answer has these and no other; each request has an id of its own."""
        request_id = headers.get("x-amzn-RequestId", "")
        expected = {
            "Content-Type": "application/x-amz-json-1.1",
            "Content-Length": str(length),
            "x-amzn-RequestId": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch,
            "Date": email.utils.parsedate_to_datetime,
        }
        wrong = difference(expected, headers, "headers")
        if request_id in self.request_ids:
            wrong = "%s is the id of another request" % request_id
        self.request_ids.add(request_id)
        if wrong:
            self.wrong_headers.append("%s: %s" % (operation, wrong))

    def call(self, operation, members):
        model = self.boto.meta.service_model
        known = model.operation_names
        if operation not in known or any(
            name not in model.operation_model(operation).input_shape.members for name in members
        ):
            return self.raw(operation, members)
        try:
            answer = self.boto._make_api_call(operation, dict(members))
        except botocore.exceptions.ClientError as error:
            answer = error.response
            said = answer["Error"]
            return answer["ResponseMetadata"]["HTTPStatusCode"], {
                "__type": said["Code"],
                "Message": said["Message"],
            }
        return answer.pop("ResponseMetadata")["HTTPStatusCode"], answer

    def do(self, operation, **members):
        """A call that prepares others: it must succeed."""
        status, answer = self.call(operation, members)
        if status != 200:
            raise SystemExit("Bail out! %s %r: %r" % (operation, members, answer))
        return answer

    # --- checking

    def say(self, sentence, wrong=None):
        self.count += 1
        print("%s %d - %s" % ("not ok" if wrong else "ok", self.count, sentence.replace("#", "_")))
        if wrong:
            print("# " + wrong.replace("\n", "\n# "), flush=True)

    def gives(self, sentence, operation, members, expected):
        """The call succeeds, with exactly these members in its answer; it is returned."""
        status, answer = self.call(operation, members)
        wrong = difference(expected, answer) if status == 200 else "%d %r" % (status, answer)
        self.say("%s: %s" % (operation, sentence), wrong)
        return answer

    def fails(self, sentence, operation, members, kind, message, status=400):
        """The call is refused with this type, this message and nothing else: raw, as boto3 hides
        how the message is spelt and adds a token where there is none."""
        found, answer = self.raw(operation, members)
        small = kind not in SSM_CAPITAL if self.service == "ssm" else kind in FRONT_END
        spelling = "message" if small else "Message"
        expected = {"__type": kind, spelling: message} if message is not None else {"__type": kind}
        wrong = difference(expected, answer)
        if not wrong and found != status:
            wrong = "HTTP status %d" % found
        self.say("%s: %s" % (operation, sentence), wrong)

    def finish(self):
        self.say("every answer has AWS's headers and no other", "\n".join(self.wrong_headers[:5]) or None)
        print("1..%d" % self.count)


NOT_FOUND = "Secrets Manager can't find the specified secret."
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
NO_TOKEN = "You must provide a ClientRequestToken value. We recommend a UUID-type value."
BOTH_VALUES = (
    "You can't specify both a binary secret value and a string secret value in the same secret."
)
INVALID_NAME = (
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
    "following: -/_+=.@!"
)


def violates(*findings):
    """The message of a ValidationException: (shown value, path, constraint) each."""
    said = "; ".join(
        "Value %s at '%s' failed to satisfy constraint: Member must %s" % finding for finding in findings
    )
    plural = "s" if len(findings) > 1 else ""
    return "%d validation error%s detected: %s" % (len(findings), plural, said)


def at_most(value, path, most, what="length"):
    return violates((value, path, "have %s less than or equal to %d" % (what, most)))


def at_least(value, path, least, what="length"):
    return violates((value, path, "have %s greater than or equal to %d" % (what, least)))
