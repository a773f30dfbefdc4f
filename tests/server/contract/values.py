# SPDX-License-Identifier: LGPL-2.1-or-later
"""CreateSecret, GetSecretValue, BatchGetSecretValue, PutSecretValue, UpdateSecret, DescribeSecret."""
from client import (
    BOTH_VALUES, MARKED, NOT_FOUND, NO_TOKEN, Arn, at_least, at_most, blob, recent, today, token, unordered,
    violates,
)  # fmt: skip


def in_use(one, arn):
    return (
        "You can't use ClientRequestToken %s because that value is already in use for a version of "
        "secret %s." % (one, arn)
    )


def no_value(what, which):
    return "Secrets Manager can't find the specified secret value for %s: %s" % (what, which)


def create(c):
    a = token()
    made = c.gives(
        "with a value",
        "CreateSecret",
        {"Name": "create/text", "SecretString": "one", "ClientRequestToken": a},
        {"ARN": Arn("create/text"), "Name": "create/text", "VersionId": a},
    )
    c.gives(
        "the same again, same token and value, changes nothing",
        "CreateSecret",
        {"Name": "create/text", "SecretString": "one", "ClientRequestToken": a},
        {"ARN": made["ARN"], "Name": "create/text", "VersionId": a},
    )
    c.fails(
        "same token, other value",
        "CreateSecret",
        {"Name": "create/text", "SecretString": "two", "ClientRequestToken": a},
        "ResourceExistsException",
        in_use(a, made["ARN"]),
    )
    c.fails(
        "same token, same bytes as a binary",
        "CreateSecret",
        {"Name": "create/text", "SecretBinary": b"one", "ClientRequestToken": a},
        "ResourceExistsException",
        in_use(a, made["ARN"]),
    )
    c.fails(
        "a name that is taken",
        "CreateSecret",
        {"Name": "create/text", "SecretString": "one", "ClientRequestToken": token()},
        "ResourceExistsException",
        "The operation failed because the secret create/text already exists.",
    )
    c.gives(
        "one token serves several secrets",
        "CreateSecret",
        {"Name": "create/other", "SecretString": "x", "ClientRequestToken": a},
        {"ARN": Arn("create/other"), "Name": "create/other", "VersionId": a},
    )
    c.gives(
        "without a value there is no version",
        "CreateSecret",
        {"Name": "create/empty", "ClientRequestToken": token()},
        {"ARN": Arn("create/empty"), "Name": "create/empty"},
    )
    c.gives(
        "a binary value, a description, tags",
        "CreateSecret",
        {
            "Name": "create/all",
            "SecretBinary": b"\0\xff",
            "Description": "d",
            "Tags": [{"Key": "k", "Value": "v"}],
            "ClientRequestToken": a,
        },
        {"ARN": Arn("create/all"), "Name": "create/all", "VersionId": a},
    )
    for text in ("/lead", "C!a=p+s_.@-", "CREATE/TEXT", "x" * 512):
        c.gives(
            "the name %.12s" % text,
            "CreateSecret",
            {"Name": text, "ClientRequestToken": token()},
            {"ARN": Arn(text), "Name": text},
        )
    c.fails(
        "no token, even without a value",
        "CreateSecret",
        {"Name": "create/x"},
        "InvalidRequestException",
        NO_TOKEN,
    )
    for sentence, members, kind, message in (
        ("both values", {"SecretString": "a", "SecretBinary": b"b"}, "InvalidParameterException",
         BOTH_VALUES),
        ("an empty text", {"SecretString": ""}, "ValidationException",
         at_least("'***'", "secretString", 1)),
        ("an empty binary", {"SecretBinary": b""}, "ValidationException",
         at_least("'***'", "secretBinary", 1)),
        ("a text too long", {"SecretString": "x" * 65537}, "ValidationException",
         at_most("'***'", "secretString", 65536)),
        ("a text too long in bytes", {"SecretString": "\u20ac" * 21846}, "ValidationException",
         at_most("'***'", "secretString", 65536)),
        ("a binary too long", {"SecretBinary": b"x" * 65537}, "ValidationException",
         at_most("'***'", "secretBinary", 65536)),
        ("a description too long", {"Description": "d" * 2049}, "ValidationException",
         at_most("'%s'" % ("d" * 2048), "description", 2048)),
        ("several violations in one message", {"Name": "", "ClientRequestToken": "short"},
         "ValidationException",
         violates(("''", "name", "have length greater than or equal to 1"),
                  ("'short'", "clientRequestToken", "have length greater than or equal to 32"))),
        ("a tag without a key", {"Tags": [{"Value": "v"}]}, "ValidationException",
         violates(("null", "tags.1.member.key", "not be null"))),
    ):  # fmt: skip
        members = {"Name": "create/x", "ClientRequestToken": a, **members}
        c.fails(sentence, "CreateSecret", members, kind, message)
    c.gives(
        "the longest text",
        "CreateSecret",
        {"Name": "create/long", "SecretString": "x" * 65536, "ClientRequestToken": a},
        {"ARN": Arn("create/long"), "Name": "create/long", "VersionId": a},
    )
    c.fails(
        "a secret refused leaves nothing behind",
        "DescribeSecret",
        {"SecretId": "create/x"},
        "ResourceNotFoundException",
        NOT_FOUND,
    )


def get(c):
    a, b = token(), token()
    arn = c.do("CreateSecret", Name="get/text", SecretString="one", ClientRequestToken=a)["ARN"]

    def value(text, version, *labels):
        return {
            "ARN": arn,
            "Name": "get/text",
            "VersionId": version,
            "SecretString": text,
            "VersionStages": unordered(*labels),
            "CreatedDate": recent,
        }

    c.gives("by name", "GetSecretValue", {"SecretId": "get/text"}, value("one", a, "AWSCURRENT"))
    c.gives("by ARN", "GetSecretValue", {"SecretId": arn}, value("one", a, "AWSCURRENT"))
    c.gives("by partial ARN", "GetSecretValue", {"SecretId": arn[:-7]}, value("one", a, "AWSCURRENT"))
    c.fails(
        "name and suffix are not an ARN",
        "GetSecretValue",
        {"SecretId": "get/text" + arn[-7:]},
        "ResourceNotFoundException",
        NOT_FOUND,
    )
    for name, found in (("get-a1b2c3", False), ("get-a1b2", True), ("get-a1b2c3-", True)):
        other = c.do("CreateSecret", Name=name, SecretString="x", ClientRequestToken=a)["ARN"]
        expected = {
            "ARN": other,
            "Name": name,
            "VersionId": a,
            "SecretString": "x",
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": recent,
        }
        c.gives("%s by name" % name, "GetSecretValue", {"SecretId": name}, expected)
        c.gives("%s by ARN" % name, "GetSecretValue", {"SecretId": other}, expected)
        if found:
            c.gives("%s by partial ARN" % name, "GetSecretValue", {"SecretId": other[:-7]}, expected)
        else:
            c.fails(
                "the partial ARN of %s reads as a full one" % name,
                "GetSecretValue",
                {"SecretId": other[:-7]},
                "ResourceNotFoundException",
                NOT_FOUND,
            )
    for wrong in (
        arn.replace("us-east-1", "us-east-9"),
        arn.replace("000000000000", "999999999999"),
        arn[:-1] + ("a" if arn[-1] != "a" else "b"),
        "arn:aws:secretsmanager",
        "GET/TEXT",
    ):
        shown = wrong.replace(arn[-6:], "SUFFIX")
        if "999999999999" in wrong:
            continue  # another account's: what a policy says decides
        c.fails(
            "no such secret: %s" % (shown if "SUFFIX" in shown else shown[:40]),
            "GetSecretValue",
            {"SecretId": wrong},
            "ResourceNotFoundException",
            NOT_FOUND,
        )

    c.do("PutSecretValue", SecretId=arn, SecretBinary=b"\0two\xff", ClientRequestToken=b)
    binary = value("", b, "AWSCURRENT")
    del binary["SecretString"]
    binary["SecretBinary"] = b"\0two\xff"
    c.gives("a binary", "GetSecretValue", {"SecretId": arn}, binary)
    c.gives(
        "the label before",
        "GetSecretValue",
        {"SecretId": arn, "VersionStage": "AWSPREVIOUS"},
        value("one", a, "AWSPREVIOUS"),
    )
    c.gives(
        "by version", "GetSecretValue", {"SecretId": arn, "VersionId": a}, value("one", a, "AWSPREVIOUS")
    )
    c.gives(
        "by version and label",
        "GetSecretValue",
        {"SecretId": arn, "VersionId": a, "VersionStage": "AWSPREVIOUS"},
        value("one", a, "AWSPREVIOUS"),
    )
    c.fails(
        "version and label that disagree",
        "GetSecretValue",
        {"SecretId": arn, "VersionId": a, "VersionStage": "AWSCURRENT"},
        "InvalidRequestException",
        "You provided a VersionStage that is not associated to the provided VersionId.",
    )
    c.fails(
        "a label on no version",
        "GetSecretValue",
        {"SecretId": arn, "VersionStage": "awscurrent"},
        "ResourceNotFoundException",
        no_value("staging label", "awscurrent"),
    )
    unknown = token()
    c.fails(
        "no such version",
        "GetSecretValue",
        {"SecretId": arn, "VersionId": unknown},
        "ResourceNotFoundException",
        no_value("VersionId", unknown),
    )
    c.fails(
        "a secret without a version",
        "GetSecretValue",
        {"SecretId": "create/empty"},
        "ResourceNotFoundException",
        no_value("staging label", "AWSCURRENT"),
    )
    for text in ('{"a":"\\"\\\\/\\b"}', "\u00e4\u20ac\U0001f600", " \t\n", "0", "null"):
        c.do("PutSecretValue", SecretId=arn, SecretString=text, ClientRequestToken=token())
        c.say(
            "GetSecretValue: answers %r as it was given" % text,
            None if c.do("GetSecretValue", SecretId=arn)["SecretString"] == text else "it does not",
        )


def batch(c):
    a = token()
    made = {}
    for name in ("batch/1", "batch/2", "batch/gone"):
        made[name] = c.do("CreateSecret", Name=name, SecretString=name, ClientRequestToken=a)["ARN"]
    c.do("CreateSecret", Name="batch/bin", SecretBinary=b"\1\xff", ClientRequestToken=a)
    c.do("DeleteSecret", SecretId="batch/gone")

    def value(name):
        return {
            "ARN": made[name],
            "Name": name,
            "VersionId": a,
            "SecretString": name,
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": recent,
        }

    def error(name, code, message):
        return {"SecretId": name, "ErrorCode": code, "Message": message}

    c.gives(
        "in the order asked for, errors apart",
        "BatchGetSecretValue",
        {"SecretIdList": ["batch/2", "batch/none", made["batch/1"], "batch/gone", "create/empty"]},
        {
            "SecretValues": [value("batch/2"), value("batch/1")],
            "Errors": [
                error("batch/none", "ResourceNotFoundException", NOT_FOUND),
                error("batch/gone", "InvalidRequestException", MARKED),
                error(
                    "create/empty",
                    "ResourceNotFoundException",
                    no_value("staging label", "AWSCURRENT"),
                ),
            ],
        },
    )
    c.gives(
        "a binary",
        "BatchGetSecretValue",
        {"SecretIdList": ["batch/bin"]},
        {
            "SecretValues": [
                {
                    "ARN": Arn("batch/bin"),
                    "Name": "batch/bin",
                    "VersionId": a,
                    "SecretBinary": blob(b"\1\xff"),
                    "VersionStages": ["AWSCURRENT"],
                    "CreatedDate": recent,
                }
            ],
            "Errors": [],
        },
    )
    by_name = {"Filters": [{"Key": "name", "Values": ["batch/1", "batch/2", "batch/gone"]}]}
    c.gives(
        "by filter, without what is scheduled for deletion",
        "BatchGetSecretValue",
        by_name,
        {"SecretValues": [value("batch/1"), value("batch/2")], "Errors": []},
    )
    page = c.gives(
        "a page",
        "BatchGetSecretValue",
        dict(by_name, MaxResults=1),
        {"SecretValues": [value("batch/1")], "Errors": [], "NextToken": lambda text: len(text) > 0},
    )
    following = dict(by_name, MaxResults=1, NextToken=page.get("NextToken", "x"))
    c.gives(
        "the next page",
        "BatchGetSecretValue",
        following,
        {"SecretValues": [value("batch/2")], "Errors": []},
    )
    c.fails(
        "a token of another request",
        "BatchGetSecretValue",
        dict(following, Filters=[{"Key": "name", "Values": ["batch"]}]),
        "InvalidNextTokenException",
        "Invalid token.",
    )
    either = "Either 'SecretIdList' or 'Filters' must be provided, but not both."
    c.fails("neither list", "BatchGetSecretValue", {}, "InvalidParameterException", either)
    c.fails(
        "both lists",
        "BatchGetSecretValue",
        dict(by_name, SecretIdList=["batch/1"]),
        "InvalidParameterException",
        either,
    )
    c.fails(
        "MaxResults with a list",
        "BatchGetSecretValue",
        {"SecretIdList": ["batch/1"], "MaxResults": 3},
        "InvalidParameterException",
        "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
    )
    c.fails(
        "too many",
        "BatchGetSecretValue",
        {"SecretIdList": ["x"] * 21},
        "ValidationException",
        at_most("'[%s]'" % ", ".join(["x"] * 21), "secretIdList", 20),
    )
    c.fails(
        "an empty list",
        "BatchGetSecretValue",
        {"SecretIdList": []},
        "ValidationException",
        at_least("'[]'", "secretIdList", 1),
    )
    c.fails(
        "MaxResults too large",
        "BatchGetSecretValue",
        dict(by_name, MaxResults=21),
        "ValidationException",
        at_most("'21'", "maxResults", 20, "value"),
    )


def put(c):
    a, b, third = token(), token(), token()
    arn = c.do("CreateSecret", Name="put/s", ClientRequestToken=token())["ARN"]

    def stored(version, *labels):
        return {
            "ARN": arn,
            "Name": "put/s",
            "VersionId": version,
            "VersionStages": unordered(*labels),
        }

    def put_one(sentence, members, version, *labels):
        c.gives(sentence, "PutSecretValue", dict(members, SecretId="put/s"), stored(version, *labels))

    put_one(
        "the first version has AWSCURRENT besides what is asked for",
        {"SecretString": "1", "ClientRequestToken": a, "VersionStages": ["blue"]},
        a, "AWSCURRENT", "blue",
    )  # fmt: skip
    put_one(
        "a version under a label alone leaves AWSCURRENT where it is",
        {"SecretString": "2", "ClientRequestToken": b, "VersionStages": ["AWSPENDING", "blue"]},
        b, "AWSPENDING", "blue",
    )  # fmt: skip
    put_one(
        "the same again answers the labels it has now",
        {"SecretString": "2", "ClientRequestToken": b, "VersionStages": ["green"]},
        b, "AWSPENDING", "blue",
    )  # fmt: skip
    c.fails(
        "same token, other value",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "x", "ClientRequestToken": b},
        "ResourceExistsException",
        in_use(b, arn),
    )
    put_one("by default AWSCURRENT moves", {"SecretString": "3", "ClientRequestToken": third}, third,
            "AWSCURRENT")  # fmt: skip
    c.gives(
        "the labels after the moves",
        "DescribeSecret",
        {"SecretId": arn},
        {
            "ARN": arn,
            "Name": "put/s",
            "CreatedDate": recent,
            "LastChangedDate": recent,
            "VersionIdsToStages": {
                a: ["AWSPREVIOUS"],
                b: unordered("AWSPENDING", "blue"),
                third: ["AWSCURRENT"],
            },
        },
    )
    both = token()
    put_one(
        "AWSCURRENT and AWSPENDING together",
        {"SecretString": "4", "ClientRequestToken": both, "VersionStages": ["AWSCURRENT", "AWSPENDING"]},
        both, "AWSCURRENT", "AWSPENDING",
    )  # fmt: skip
    last = token()
    put_one("the next", {"SecretString": "5", "ClientRequestToken": last}, last, "AWSCURRENT")
    c.gives(
        "who loses AWSCURRENT loses AWSPENDING; a version without labels is hidden",
        "DescribeSecret",
        {"SecretId": arn},
        {
            "ARN": arn,
            "Name": "put/s",
            "CreatedDate": recent,
            "LastChangedDate": recent,
            "VersionIdsToStages": {b: ["blue"], both: ["AWSPREVIOUS"], last: ["AWSCURRENT"]},
        },
    )
    c.gives(
        "but can be read by its id",
        "GetSecretValue",
        {"SecretId": arn, "VersionId": a},
        {"ARN": arn, "Name": "put/s", "VersionId": a, "SecretString": "1", "CreatedDate": recent},
    )
    c.fails(
        "no value",
        "PutSecretValue",
        {"SecretId": "put/s", "ClientRequestToken": token()},
        "InvalidRequestException",
        "You must provide either SecretString or SecretBinary.",
    )
    c.fails(
        "both values",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "a", "SecretBinary": b"b", "ClientRequestToken": token()},
        "InvalidParameterException",
        BOTH_VALUES,
    )
    c.fails(
        "no labels in the list",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "a", "VersionStages": [], "ClientRequestToken": a},
        "ValidationException",
        at_least("'[]'", "versionStages", 1),
    )
    many = ["l%d" % i for i in range(21)]
    c.fails(
        "21 labels in the list",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "a", "VersionStages": many, "ClientRequestToken": a},
        "ValidationException",
        at_most("'[%s]'" % ", ".join(many), "versionStages", 20),
    )
    c.fails(
        "an empty label",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "a", "VersionStages": ["x", ""], "ClientRequestToken": a},
        "ValidationException",
        at_least("''", "versionStages.2.member", 1),
    )
    c.fails(
        "more than 20 labels in all",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "a", "VersionStages": many[:20],
         "ClientRequestToken": token()},
        "LimitExceededException",
        "You can't attach more than 20 staging labels to the versions of a secret.",
    )  # fmt: skip
    c.fails(
        "a rotation token of other characters",
        "PutSecretValue",
        {"SecretId": "put/s", "SecretString": "a", "ClientRequestToken": a, "RotationToken": "_" * 36},
        "ValidationException",
        violates(("'***'", "rotationToken", "satisfy regular expression pattern: ^[a-zA-Z0-9\\-]+$")),
    )


def quota(c):
    arn = c.do("CreateSecret", Name="quota", SecretString="0", ClientRequestToken=token())["ARN"]
    for i in range(99):
        c.do("PutSecretValue", SecretId=arn, SecretString=str(i), ClientRequestToken=token())
    c.fails(
        "the 101st version within a day",
        "PutSecretValue",
        {"SecretId": arn, "SecretString": "x", "ClientRequestToken": token()},
        "LimitExceededException",
        "The secret has too many versions that are labelled or younger than a day.",
    )
    c.say(
        "GetSecretValue: the last one stored is still the one",
        None if c.do("GetSecretValue", SecretId=arn)["SecretString"] == "98" else "it is not",
    )


def update(c):
    a, b = token(), token()
    arn = c.do("CreateSecret", Name="update/s", SecretString="1", ClientRequestToken=a)["ARN"]
    same = {"ARN": arn, "Name": "update/s"}
    c.gives(
        "the description alone makes no version",
        "UpdateSecret",
        {"SecretId": "update/s", "Description": "new", "ClientRequestToken": token()},
        same,
    )
    c.gives(
        "a value makes one",
        "UpdateSecret",
        {"SecretId": "update/s", "SecretString": "2", "ClientRequestToken": b},
        dict(same, VersionId=b),
    )
    c.gives(
        "the same again",
        "UpdateSecret",
        {"SecretId": "update/s", "SecretString": "2", "ClientRequestToken": b},
        dict(same, VersionId=b),
    )
    c.fails(
        "same token, other value",
        "UpdateSecret",
        {"SecretId": "update/s", "SecretString": "3", "ClientRequestToken": b},
        "ResourceExistsException",
        in_use(b, arn),
    )
    third = token()
    c.gives(
        "the same value under a new token is a new version",
        "UpdateSecret",
        {"SecretId": "update/s", "SecretString": "2", "ClientRequestToken": third},
        dict(same, VersionId=third),
    )
    c.gives(
        "all of it",
        "DescribeSecret",
        {"SecretId": "update/s"},
        {
            "ARN": arn,
            "Name": "update/s",
            "Description": "new",
            "CreatedDate": recent,
            "LastChangedDate": recent,
            "VersionIdsToStages": {b: ["AWSPREVIOUS"], third: ["AWSCURRENT"]},
        },
    )
    c.do("UpdateSecret", SecretId=arn, Description="", ClientRequestToken=token())
    described = c.do("DescribeSecret", SecretId=arn)
    c.say(
        "UpdateSecret: an empty description takes it away",
        None if "Description" not in described else repr(described),
    )
    c.gives("nothing at all", "UpdateSecret", {"SecretId": arn, "ClientRequestToken": token()}, same)
    c.fails(
        "both values",
        "UpdateSecret",
        {"SecretId": arn, "SecretString": "a", "SecretBinary": b"b", "ClientRequestToken": a},
        "InvalidParameterException",
        BOTH_VALUES,
    )


def describe(c):
    a = token()
    arn = c.do(
        "CreateSecret", Name="describe", SecretString="1", Description="text", ClientRequestToken=a
    )["ARN"]
    fresh = {
        "ARN": arn,
        "Name": "describe",
        "Description": "text",
        "CreatedDate": recent,
        "LastChangedDate": recent,
        "VersionIdsToStages": {a: ["AWSCURRENT"]},
    }
    c.gives("a fresh secret", "DescribeSecret", {"SecretId": "describe"}, fresh)
    c.do("GetSecretValue", SecretId="describe")
    fresh["LastAccessedDate"] = today
    c.gives("one that was read", "DescribeSecret", {"SecretId": arn}, fresh)
    c.do("BatchGetSecretValue", SecretIdList=["create/text"])
    c.say(
        "BatchGetSecretValue: counts as access",
        None if "LastAccessedDate" in c.do("DescribeSecret", SecretId="create/text") else "it does not",
    )
    c.gives(
        "one without a version",
        "DescribeSecret",
        {"SecretId": "create/empty"},
        {
            "ARN": Arn("create/empty"),
            "Name": "create/empty",
            "CreatedDate": recent,
            "LastChangedDate": recent,
        },
    )


def run(c):
    for chapter in (create, get, batch, put, quota, update, describe):
        chapter(c)
