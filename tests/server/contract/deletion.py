# SPDX-License-Identifier: LGPL-2.1-or-later
"""DeleteSecret, RestoreSecret."""
from client import INVALID_NAME, MARKED, NOT_FOUND, Arn, in_days, recent, token


def run(c):
    arn = c.do("CreateSecret", Name="delete/s", SecretString="1", ClientRequestToken=token())["ARN"]
    same = {"ARN": arn, "Name": "delete/s"}

    def deletes(sentence, days, **members):
        c.gives(
            sentence, "DeleteSecret", dict(members, SecretId="delete/s"), dict(same, DeletionDate=in_days(days))
        )

    window = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
    for days in (6, 31, 0, -1):
        c.fails("a window of %d days" % days, "DeleteSecret",
                {"SecretId": arn, "RecoveryWindowInDays": days}, "InvalidParameterException", window)  # fmt: skip
    c.fails(
        "force and a window",
        "DeleteSecret",
        {"SecretId": arn, "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True},
        "InvalidParameterException",
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )
    for days, members in (
        (30, {}),
        (7, {"RecoveryWindowInDays": 7}),
        (30, {"RecoveryWindowInDays": 30}),
        (8, {"RecoveryWindowInDays": 8, "ForceDeleteWithoutRecovery": False}),
    ):
        deletes("with %r" % members, days, **members)
        c.gives("brings it back", "RestoreSecret", {"SecretId": arn}, same)
    c.gives("what was not deleted", "RestoreSecret", {"SecretId": "delete/s"}, same)
    c.say(
        "RestoreSecret: the value is there",
        None if c.do("GetSecretValue", SecretId=arn)["SecretString"] == "1" else "it is not",
    )
    described = c.do("DescribeSecret", SecretId=arn)
    c.say("RestoreSecret: DeletedDate is gone", repr(described) if "DeletedDate" in described else None)

    deletes("by default", 30)
    described = c.do("DescribeSecret", SecretId=arn)
    c.say(
        "DescribeSecret: DeletedDate is the time of the call",
        None if recent(described.get("DeletedDate", 0)) else repr(described),
    )
    for members in ({}, {"RecoveryWindowInDays": 7}):
        c.fails("again", "DeleteSecret", dict(members, SecretId=arn), "InvalidRequestException", MARKED)
    c.fails(
        "a name that waits for its deletion",
        "CreateSecret",
        {"Name": "delete/s", "ClientRequestToken": token()},
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for "
        "deletion.",
    )
    versions = c.do("ListSecretVersionIds", SecretId=arn)["Versions"]
    c.say("ListSecretVersionIds: while scheduled", None if len(versions) == 1 else repr(versions))
    deletes("at once", 0, ForceDeleteWithoutRecovery=True)
    c.fails("what is deleted", "DescribeSecret", {"SecretId": arn}, "ResourceNotFoundException", NOT_FOUND)
    made = c.gives(
        "the name again",
        "CreateSecret",
        {"Name": "delete/s", "ClientRequestToken": token()},
        {"ARN": lambda text: Arn("delete/s")(text) and text != arn, "Name": "delete/s"},
    )
    c.fails("by the old ARN", "DescribeSecret", {"SecretId": arn}, "ResourceNotFoundException", NOT_FOUND)
    c.gives(
        "what is new, at once",
        "DeleteSecret",
        {"SecretId": made["ARN"], "ForceDeleteWithoutRecovery": True},
        {"ARN": made["ARN"], "Name": "delete/s", "DeletionDate": recent},
    )
    c.gives(
        "at once what is not there",
        "DeleteSecret",
        {"SecretId": "delete/none", "ForceDeleteWithoutRecovery": True},
        {"ARN": Arn("delete/none"), "Name": "delete/none", "DeletionDate": recent},
    )
    c.fails("what is not there", "DeleteSecret", {"SecretId": "delete/none"},
            "ResourceNotFoundException", NOT_FOUND)  # fmt: skip
    c.fails("at once by an invalid name", "DeleteSecret",
            {"SecretId": "Inv Name", "ForceDeleteWithoutRecovery": True}, "ValidationException",
            INVALID_NAME)  # fmt: skip
