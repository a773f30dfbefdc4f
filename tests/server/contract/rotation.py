# SPDX-License-Identifier: LGPL-2.1-or-later
"""RotateSecret, CancelRotateSecret: what they answer; what comes of it is t_rotate.sh's."""
import time

from client import at_least, at_most, difference, recent, token, violates

# Registered by t_contract.sh; it does nothing, so that finishSecret leaves AWSCURRENT where it is.
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:idle"


def refusals(c):
    arn = c.do("CreateSecret", Name="rotate/s", SecretString="1", ClientRequestToken=token())["ARN"]
    before = c.do("DescribeSecret", SecretId=arn)

    def refuses(sentence, members, kind, message):
        members = dict(members, SecretId=arn, ClientRequestToken=token())
        c.fails(sentence, "RotateSecret", members, kind, message)

    no_function = "No Lambda rotation function ARN is associated with this secret."
    refuses("no function", {}, "InvalidRequestException", no_function)
    refuses("an empty one", {"RotationLambdaARN": ""}, "InvalidRequestException", no_function)
    refuses(
        "one that is not registered",
        {"RotationLambdaARN": FUNCTION + "x"},
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
        "grants access to the principal secretsmanager.amazonaws.com.",
    )

    def rules(sentence, members, kind, message):
        refuses(sentence, {"RotationLambdaARN": FUNCTION, "RotationRules": members}, kind, message)

    rules("0 days", {"AutomaticallyAfterDays": 0}, "ValidationException",
          at_least("'0'", "rotationRules.automaticallyAfterDays", 1, "value"))  # fmt: skip
    rules("1001 days", {"AutomaticallyAfterDays": 1001}, "ValidationException",
          at_most("'1001'", "rotationRules.automaticallyAfterDays", 1000, "value"))  # fmt: skip
    rules(
        "days and an expression",
        {"AutomaticallyAfterDays": 1, "ScheduleExpression": "rate(1 day)"},
        "InvalidParameterException",
        "You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.",
    )
    for wrong in ("rate(3 hours)", "cron(0 8 31 2 ? *)", "daily"):
        rules("the expression %s" % wrong, {"ScheduleExpression": wrong}, "InvalidParameterException",
              "Invalid ScheduleExpression.")  # fmt: skip
    rules("an expression of other characters", {"ScheduleExpression": "rate(1_day)"}, "ValidationException",
          violates(("'rate(1_day)'", "rotationRules.scheduleExpression",
                    "satisfy regular expression pattern: [0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+")))  # fmt: skip
    rules("a window of minutes", {"ScheduleExpression": "rate(1 day)", "Duration": "5m"}, "ValidationException",
          violates(("'5m'", "rotationRules.duration", "satisfy regular expression pattern: [0-9]+h")))  # fmt: skip
    rules("a window that reaches the next", {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
          "InvalidParameterException", "Invalid Duration.")  # fmt: skip
    after = c.do("DescribeSecret", SecretId=arn)
    c.say("RotateSecret: refused, it leaves the secret as it was", None if after == before else repr(after))
    c.fails("what was never configured", "CancelRotateSecret", {"SecretId": arn},
            "InvalidRequestException", no_function)  # fmt: skip


def configure(c):
    first, second = token(), token()
    arn = c.do("CreateSecret", Name="rotate/c", SecretString="1", ClientRequestToken=first)["ARN"]
    same = {"ARN": arn, "Name": "rotate/c"}
    rules = {"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "2h"}
    request = {"SecretId": arn, "ClientRequestToken": second, "RotationLambdaARN": FUNCTION, "RotationRules": rules}
    c.gives("at once", "RotateSecret", request, dict(same, VersionId=second))
    c.gives("the same again", "RotateSecret", request, dict(same, VersionId=second))
    described = {
        "CreatedDate": recent,
        "LastChangedDate": recent,
        "RotationEnabled": True,
        "RotationLambdaARN": FUNCTION,
        "RotationRules": rules,
        "NextRotationDate": lambda when: time.gmtime(when)[2:6] == (1, 9, 59, 59),
        "VersionIdsToStages": {first: ["AWSCURRENT"], second: ["AWSPENDING"]},
        **same,
    }

    def describes(sentence):
        """Raw, as older botocores do not know NextRotationDate."""
        found = c.raw("DescribeSecret", {"SecretId": arn})[1]
        c.say("DescribeSecret: %s" % sentence, difference(described, found))

    describes("a secret that is being rotated")
    c.fails("another token", "RotateSecret", {"SecretId": arn, "ClientRequestToken": token()},
            "InvalidRequestException",
            "A previous rotation isn't complete. That rotation will be reattempted.")  # fmt: skip
    c.fails("the version that is to be, which has no value", "GetSecretValue",
            {"SecretId": arn, "VersionStage": "AWSPENDING"}, "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for staging label: AWSPENDING")  # fmt: skip
    c.fails("by its id", "GetSecretValue", {"SecretId": arn, "VersionId": second},
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for VersionId: %s" % second)  # fmt: skip
    c.gives("a value for the version that has none", "PutSecretValue",
            {"SecretId": arn, "ClientRequestToken": second, "SecretString": "2",
             "VersionStages": ["AWSPENDING"]},
            dict(same, VersionId=second, VersionStages=["AWSPENDING"]))  # fmt: skip
    c.gives("the rotation under way", "CancelRotateSecret", {"SecretId": arn}, dict(same, VersionId=second))
    described["RotationEnabled"] = False
    del described["NextRotationDate"]
    describes("one that was cancelled")
    c.gives("it again", "CancelRotateSecret", {"SecretId": arn}, same)
    c.fails("AWSPENDING is in the way", "RotateSecret", {"SecretId": arn, "ClientRequestToken": token()},
            "InvalidRequestException",
            "A previous rotation isn't complete. That rotation will be reattempted.")  # fmt: skip
    c.do("UpdateSecretVersionStage", SecretId=arn, VersionStage="AWSPENDING", RemoveFromVersionId=second)
    c.fails("a token that is a version's", "RotateSecret", {"SecretId": arn, "ClientRequestToken": second},
            "InvalidRequestException",
            "You can't use ClientRequestToken %s because that value is already in use for a version of "
            "secret %s." % (second, arn))  # fmt: skip
    third = token()
    c.gives("with what is stored", "RotateSecret", {"SecretId": arn, "ClientRequestToken": third},
            dict(same, VersionId=third))  # fmt: skip
    entry = [e for e in c.do("ListSecrets")["SecretList"] if e["Name"] == "rotate/c"][0]
    c.say("ListSecrets: has the rotation",
          None if entry.get("RotationEnabled") is True and entry.get("RotationRules") == rules else repr(entry))  # fmt: skip


def run(c):
    refusals(c)
    configure(c)
