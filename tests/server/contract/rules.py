# SPDX-License-Identifier: LGPL-2.1-or-later
"""What holds for every operation: the secret's id, the token, kinds of JSON, and what comes first."""
from client import INVALID_NAME, MARKED, NOT_FOUND, NO_TOKEN, at_least, at_most, token, violates

# Operation, the members it needs besides SecretId, what it says on a secret that is marked: MARKED
# refuses, None does not.
WITH_ID = (
    ("GetSecretValue", {}, MARKED),
    ("PutSecretValue", {"SecretString": "x", "ClientRequestToken": token()}, MARKED),
    ("UpdateSecret", {"ClientRequestToken": token()}, MARKED),
    ("UpdateSecretVersionStage", {"VersionStage": "x"}, MARKED),
    ("TagResource", {"Tags": []}, MARKED),
    ("UntagResource", {"TagKeys": []}, MARKED),
    ("DescribeSecret", {}, None),
    ("ListSecretVersionIds", {}, None),
    ("DeleteSecret", {}, MARKED),
    ("RestoreSecret", {}, None),
    ("RotateSecret", {"ClientRequestToken": token()}, MARKED),
    ("CancelRotateSecret", {}, MARKED),
)


def ids(c):
    c.do("CreateSecret", Name="rules/marked", ClientRequestToken=token())
    c.do("DeleteSecret", SecretId="rules/marked")
    for operation, members, marked in WITH_ID:

        def refuses(sentence, secret_id, kind, message):
            c.fails(sentence, operation, dict(members, SecretId=secret_id), kind, message)

        if marked:
            refuses("a secret marked for deletion", "rules/marked", "InvalidRequestException", marked)
        refuses("no such secret", "rules/none", "ResourceNotFoundException", NOT_FOUND)
        refuses("no id", None, "ValidationException", violates(("null", "secretId", "not be null")))
        refuses("an empty id", "", "ValidationException", at_least("''", "secretId", 1))
        refuses("an id too long", "x" * 2049, "ValidationException",
                at_most("'%s'" % ("x" * 2048), "secretId", 2048))  # fmt: skip
        for name in ("Inv Name", " Inv*Name? ", " Inv *?!]Name\\-", "name\u00e4"):
            refuses("the id %s" % name, name, "ValidationException", INVALID_NAME)
    for name in ("Inv Name", "a:b"):
        c.fails("the name %s" % name, "CreateSecret", {"Name": name, "ClientRequestToken": token()},
                "ValidationException", INVALID_NAME)  # fmt: skip
    c.fails("no name", "CreateSecret", {"ClientRequestToken": token()}, "ValidationException",
            violates(("null", "name", "not be null")))  # fmt: skip
    c.fails("a name too long", "CreateSecret", {"Name": "x" * 513, "ClientRequestToken": token()},
            "ValidationException", at_most("'%s'" % ("x" * 513), "name", 512))  # fmt: skip


def tokens(c):
    for operation, members, _ in WITH_ID:
        if "ClientRequestToken" not in members:
            continue
        without = {name: value for name, value in members.items() if name != "ClientRequestToken"}
        kind = "InvalidParameterException" if operation == "RotateSecret" else "InvalidRequestException"
        c.fails("no token, before the secret is looked for", operation,
                dict(without, SecretId="rules/none"), kind, NO_TOKEN)  # fmt: skip
        for wrong, message in (("x" * 31, at_least), ("x" * 65, at_most)):
            c.fails("a token of %d characters" % len(wrong), operation,
                    dict(members, SecretId="rules/none", ClientRequestToken=wrong), "ValidationException",
                    message("'%s'" % wrong, "clientRequestToken", 32 if message is at_least else 64))  # fmt: skip
    loud = token().upper()
    arn = c.do("CreateSecret", Name="rules/token", SecretString="x", ClientRequestToken=loud)["ARN"]
    sixty_four = "any 64 characters, with blanks and signs: ".ljust(64, "*")
    c.do("PutSecretValue", SecretId=arn, SecretString="y", ClientRequestToken=sixty_four)
    found = c.do("DescribeSecret", SecretId=arn)["VersionIdsToStages"]
    c.say(
        "PutSecretValue: a version is named as its token is written",
        None if found == {loud: ["AWSPREVIOUS"], sixty_four: ["AWSCURRENT"]} else repr(found),
    )


def json_kinds(c):
    for sentence, body, message in (
        ("no JSON", b"{", None),
        ("not an object", b"[]", None),
        ("nothing", b"", None),
        ("a number for a text", b'{"SecretId":1}', "NUMBER_VALUE cannot be converted to String"),
        ("true for a text", b'{"SecretId":true}', "TRUE_VALUE cannot be converted to String"),
        ("an object for a text", b'{"SecretId":{}}',
         "Start of structure or map found where not expected."),
        ("a list for a text", b'{"SecretId":[]}', "Start of list found where not expected"),
    ):  # fmt: skip
        c.fails(sentence, "GetSecretValue", body, "SerializationException", message)
    c.fails("a text for a number", "GetRandomPassword", b'{"PasswordLength":"x"}', "SerializationException",
            "STRING_VALUE cannot be converted to Long")  # fmt: skip
    c.fails("a text for a boolean", "GetRandomPassword", b'{"IncludeSpace":"x"}', "SerializationException",
            "STRING_VALUE cannot be converted to Boolean")  # fmt: skip
    c.fails("a text for a list", "TagResource", b'{"SecretId":"x","Tags":"x"}', "SerializationException",
            "Expected list or null")  # fmt: skip
    for operation, body, path in (
        ("TagResource", b'{"SecretId":"x","Tags":[null]}', "tags.1.member"),
        ("UntagResource", b'{"SecretId":"x","TagKeys":["a",null]}', "tagKeys.2.member"),
        ("ListSecrets", b'{"Filters":[null]}', "filters.1.member"),
        ("ListSecrets", b'{"Filters":[{"Key":"name","Values":[null]}]}', "filters.1.member.values.1.member"),
    ):
        c.fails("null in a list", operation, body, "ValidationException",
                violates(("null", path, "not be null")))  # fmt: skip
    c.fails("an unknown operation", "GetSecretValues", b"{}", "UnknownOperationException", None)
    status, answer = c.raw("ListSecrets", {"NoSuchMember": {"a": 1}, "MaxResults": 1})
    c.say("ListSecrets: unknown members are passed over", None if status == 200 else repr(answer))
    status, answer = c.raw("DescribeSecret", {"SecretId": "rules/token", "VersionId": None})
    c.say("DescribeSecret: null is as if absent", None if status == 200 else repr(answer))


def run(c):
    ids(c)
    tokens(c)
    json_kinds(c)
