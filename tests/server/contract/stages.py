# SPDX-License-Identifier: LGPL-2.1-or-later
"""UpdateSecretVersionStage, ListSecretVersionIds."""
from client import Arn, at_least, at_most, recent, today, token, unordered


def move(c):
    a, b, spare = token(), token(), token()
    arn = c.do("CreateSecret", Name="stage/s", SecretString="1", ClientRequestToken=a)["ARN"]
    c.do("PutSecretValue", SecretId=arn, SecretString="2", ClientRequestToken=b)
    c.do("PutSecretValue", SecretId=arn, SecretString="3", ClientRequestToken=spare,
         VersionStages=["AWSPENDING", "mine"])  # fmt: skip
    same = {"ARN": arn, "Name": "stage/s"}

    def moves(sentence, label, labels_after, **members):
        c.gives(
            sentence,
            "UpdateSecretVersionStage",
            dict(members, SecretId="stage/s", VersionStage=label),
            same,
        )
        found = c.do("DescribeSecret", SecretId=arn)["VersionIdsToStages"]
        found = {version: sorted(labels) for version, labels in found.items()}
        c.say("UpdateSecretVersionStage: %s, seen" % sentence,
              None if found == labels_after else repr(found))  # fmt: skip

    def refuses(sentence, label, message, **members):
        c.fails(
            sentence,
            "UpdateSecretVersionStage",
            dict(members, SecretId="stage/s", VersionStage=label),
            "InvalidParameterException",
            message,
        )

    moves(
        "AWSCURRENT to the pending version takes AWSPREVIOUS along", "AWSCURRENT",
        {b: ["AWSPREVIOUS"], spare: ["AWSCURRENT", "AWSPENDING", "mine"]},
        MoveToVersionId=spare, RemoveFromVersionId=b,
    )  # fmt: skip
    moves(
        "and back", "AWSCURRENT",
        {b: ["AWSCURRENT"], spare: ["AWSPENDING", "AWSPREVIOUS", "mine"]},
        MoveToVersionId=b, RemoveFromVersionId=spare,
    )  # fmt: skip
    moves(
        "a label that is free", "AWSSOMETHING",
        {b: ["AWSCURRENT", "AWSSOMETHING"], spare: ["AWSPENDING", "AWSPREVIOUS", "mine"]},
        MoveToVersionId=b,
    )  # fmt: skip
    moves(
        "a label off", "AWSPENDING",
        {b: ["AWSCURRENT", "AWSSOMETHING"], spare: ["AWSPREVIOUS", "mine"]},
        RemoveFromVersionId=spare,
    )  # fmt: skip
    moves(
        "a label to where it is", "AWSCURRENT",
        {b: ["AWSCURRENT", "AWSSOMETHING"], spare: ["AWSPREVIOUS", "mine"]},
        MoveToVersionId=b,
    )  # fmt: skip
    refuses(
        "a label that is elsewhere", "AWSCURRENT",
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently "
        "attached to version %s, so you must explicitly reference that version in "
        "RemoveFromVersionId." % b,
        MoveToVersionId=a,
    )  # fmt: skip
    for to in (a, None):
        members = {"MoveToVersionId": to} if to else {}
        refuses(
            "a label from where it is not%s" % (", to another" if to else ""), "mine",
            "When you move staging label mine, if you specify RemoveFromVersionId, it must be set to "
            "the version that currently has the staging label mine.",
            RemoveFromVersionId=b, **members,
        )  # fmt: skip
    refuses(
        "AWSCURRENT off", "AWSCURRENT",
        "You can only move staging label AWSCURRENT to a different secret version. It can\u2019t be "
        "completely removed.",
        RemoveFromVersionId=b,
    )  # fmt: skip
    unknown = token()
    refuses("to no version", "x", "Not a valid version: %s" % unknown, MoveToVersionId=unknown)
    refuses("from no version", "mine", "Not a valid version: %s" % unknown, RemoveFromVersionId=unknown)
    c.fails(
        "an id too short",
        "UpdateSecretVersionStage",
        {"SecretId": arn, "VersionStage": "x", "MoveToVersionId": "short"},
        "ValidationException",
        at_least("'short'", "moveToVersionId", 32),
    )
    c.fails(
        "a label too long",
        "UpdateSecretVersionStage",
        {"SecretId": arn, "VersionStage": "x" * 257, "MoveToVersionId": a},
        "ValidationException",
        at_most("'%s'" % ("x" * 257), "versionStage", 256),
    )
    for i in range(16):
        c.do("UpdateSecretVersionStage", SecretId=arn, VersionStage="n%d" % i, MoveToVersionId=b)
    c.fails(
        "the 21st label",
        "UpdateSecretVersionStage",
        {"SecretId": arn, "VersionStage": "one more", "MoveToVersionId": a},
        "LimitExceededException",
        "You can't attach more than 20 staging labels to the versions of a secret.",
    )


def list_versions(c):
    a, b, third = token(), token(), token()
    arn = c.do("CreateSecret", Name="versions/s", SecretString="1", ClientRequestToken=a)["ARN"]
    c.do("PutSecretValue", SecretId=arn, SecretString="2", ClientRequestToken=b)
    c.do("PutSecretValue", SecretId=arn, SecretString="3", ClientRequestToken=third)
    c.do("GetSecretValue", SecretId=arn)

    def version(which, *labels):
        entry = {"VersionId": which, "CreatedDate": recent, "KmsKeyIds": ["DefaultEncryptionKey"]}
        if labels:
            entry["VersionStages"] = list(labels)
        return entry

    current = dict(version(third, "AWSCURRENT"), LastAccessedDate=today)
    previous = version(b, "AWSPREVIOUS")
    same = {"ARN": arn, "Name": "versions/s"}
    c.gives(
        "those with labels",
        "ListSecretVersionIds",
        {"SecretId": "versions/s"},
        dict(same, Versions=unordered(previous, current)),
    )
    c.gives(
        "the deprecated too",
        "ListSecretVersionIds",
        {"SecretId": arn, "IncludeDeprecated": True},
        dict(same, Versions=unordered(version(a), previous, current)),
    )
    page = c.gives(
        "a page",
        "ListSecretVersionIds",
        {"SecretId": arn, "MaxResults": 1},
        dict(same, Versions=[previous], NextToken=lambda text: len(text) > 0),
    )
    c.gives(
        "the next page",
        "ListSecretVersionIds",
        {"SecretId": arn, "MaxResults": 1, "NextToken": page.get("NextToken", "x")},
        dict(same, Versions=[current]),
    )
    c.do("PutSecretValue", SecretId=arn, SecretString="4", ClientRequestToken=token())
    c.gives(
        "the next page, though what was on the first has lost its labels",
        "ListSecretVersionIds",
        {"SecretId": arn, "MaxResults": 1, "NextToken": page.get("NextToken", "x")},
        dict(same, Versions=[dict(current, VersionStages=["AWSPREVIOUS"])], NextToken=lambda text: len(text) > 0),
    )
    c.fails(
        "a token of another request",
        "ListSecretVersionIds",
        {"SecretId": arn, "IncludeDeprecated": True, "NextToken": page.get("NextToken", "x")},
        "InvalidNextTokenException",
        "Invalid token.",
    )
    c.gives(
        "of a secret without any",
        "ListSecretVersionIds",
        {"SecretId": "create/empty"},
        {"ARN": Arn("create/empty"), "Name": "create/empty", "Versions": []},
    )
    for many, message in ((0, at_least("'0'", "maxResults", 1, "value")),
                          (101, at_most("'101'", "maxResults", 100, "value"))):  # fmt: skip
        c.fails(
            "MaxResults %d" % many,
            "ListSecretVersionIds",
            {"SecretId": arn, "MaxResults": many},
            "ValidationException",
            message,
        )


def run(c):
    move(c)
    list_versions(c)
