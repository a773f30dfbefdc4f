# SPDX-License-Identifier: LGPL-2.1-or-later
"""ListSecrets: filters, order, pages.  Runs first, while the store is empty."""
from client import Arn, at_least, at_most, recent, today, token, violates

SECRETS = (
    # name, description, tags
    ("list/AppBeta", "first secret", {"Env": "Prod", "team": "red"}),
    ("list/COMPANY/x", "DescTwo words", {"Env": "Dev"}),
    ("List/three", "", {}),
    ("COMPANYthings", "one-two", {"two": "Three"}),
    ("SecretOne", "last", {"Environment": "Prod"}),
)
FIRST, SECOND, THIRD, FOURTH, FIFTH = (name for name, _, _ in SECRETS)

# Key, values, names found, in the order of creation.
FILTERS = (
    ("name", ["list"], [FIRST, SECOND]),
    ("name", ["List/t", "Sec"], [THIRD, FIFTH]),
    ("name", ["ist"], []),
    ("name", ["!list"], [THIRD, FOURTH, FIFTH]),
    ("description", ["first"], [FIRST]),
    ("description", ["FIRST sec"], [FIRST]),
    ("description", ["d t"], [SECOND]),
    ("description", ["two"], [SECOND, FOURTH]),
    ("description", ["irst"], []),
    ("description", ["!two"], [FIRST, FIFTH]),
    ("tag-key", ["Env"], [FIRST, SECOND, FIFTH]),
    ("tag-key", ["env"], []),
    ("tag-value", ["Prod"], [FIRST, FIFTH]),
    ("tag-value", ["Th", "De"], [SECOND, FOURTH]),
    ("tag-key", ["!Env"], [FOURTH]),
    ("primary-region", ["us-east-1"], []),
    ("owning-service", ["rds"], []),
    ("all", ["beta"], [FIRST]),
    ("all", ["company"], [SECOND]),
    ("all", ["Ythings"], [FOURTH]),
    ("all", ["things"], []),
    ("all", ["pany"], []),
    ("all", ["N"], []),
    ("all", ["+"], []),
    ("all", ["ret"], []),
    ("all", ["three"], [THIRD, FOURTH]),
    ("all", ["d t"], [SECOND]),
    ("all", ["prod"], [FIRST, FIFTH]),
    ("all", ["!prod"], [SECOND, THIRD, FOURTH]),
)


def names(answer):
    return [entry["Name"] for entry in answer["SecretList"]]


def filters(c):
    def finds(sentence, expected, *wanted):
        found = names(c.do("ListSecrets", Filters=list(wanted)))
        c.say("ListSecrets: %s" % sentence, None if found == expected else repr(found))

    for key, values, expected in FILTERS:
        finds("%s %s" % (key, " or ".join(values)), expected, {"Key": key, "Values": values})
    finds("two filters must both match", [FIRST], {"Key": "name", "Values": ["list"]},
          {"Key": "tag-value", "Values": ["Prod"]})  # fmt: skip
    finds("two of one key as well", [SECOND], {"Key": "name", "Values": ["list"]},
          {"Key": "name", "Values": ["list/C", "Secret"]})  # fmt: skip
    finds("no filters are none", [name for name, _, _ in SECRETS])

    def refuses(sentence, wanted, kind, message):
        c.fails(sentence, "ListSecrets", {"Filters": wanted}, kind, message)

    refuses(
        "a key that is none",
        [{"Key": "invalid", "Values": ["x"]}],
        "ValidationException",
        violates(("'invalid'", "filters.1.member.key",
                  "satisfy enum value set: [description, name, tag-key, tag-value, primary-region, "
                  "owning-service, all]")),
    )  # fmt: skip
    refuses("no key", [{"Values": ["x"]}], "InvalidParameterException", "Invalid filter key")
    refuses("no values", [{"Key": "description"}], "InvalidParameterException",
            "Invalid filter values for key: description")  # fmt: skip
    refuses("an empty list of values", [{"Key": "all", "Values": []}], "ValidationException",
            at_least("'[]'", "filters.1.member.values", 1))  # fmt: skip
    refuses(
        "11 values",
        [{"Key": "all", "Values": ["x"] * 11}],
        "ValidationException",
        at_most("'[%s]'" % ", ".join(["x"] * 11), "filters.1.member.values", 10),
    )
    refuses("a value too long", [{"Key": "all", "Values": ["x" * 513]}], "ValidationException",
            at_most("'%s'" % ("x" * 513), "filters.1.member.values.1.member", 512))  # fmt: skip
    refuses(
        "a value of other characters",
        [{"Key": "all", "Values": ["a*"]}],
        "ValidationException",
        violates(("'a*'", "filters.1.member.values.1.member",
                  "satisfy regular expression pattern: ^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$")),
    )  # fmt: skip


def order(c):
    made = [name for name, _, _ in SECRETS]
    by_name = sorted(made)
    c.do("UpdateSecret", SecretId=SECOND, Description="DescTwo words", ClientRequestToken=token())
    changed = [name for name in made if name != SECOND] + [SECOND]
    for members, expected in (
        ({}, made),
        ({"SortOrder": "asc"}, made),
        ({"SortOrder": "desc"}, made[::-1]),
        ({"SortBy": "created-date"}, made),
        ({"SortBy": "name"}, by_name),
        ({"SortBy": "name", "SortOrder": "desc"}, by_name[::-1]),
        ({"SortBy": "last-changed-date"}, changed),
        ({"SortBy": "last-changed-date", "SortOrder": "desc"}, changed[::-1]),
        ({"SortBy": "last-accessed-date", "SortOrder": "desc"}, [FIRST] + made[:0:-1]),
    ):
        found = names(c.do("ListSecrets", **members))
        c.say("ListSecrets: %r" % members, None if found == expected else repr(found))
        paged, following = [], {}
        while True:
            page = c.do("ListSecrets", MaxResults=2, **members, **following)
            paged += names(page)
            if "NextToken" not in page:
                break
            following = {"NextToken": page["NextToken"]}
        c.say("ListSecrets: %r in pages" % members, None if paged == expected else repr(paged))
    for member, value, values in (
        ("SortOrder", "up", "[asc, desc]"),
        ("SortBy", "size", "[created-date, last-accessed-date, last-changed-date, name]"),
    ):
        c.fails("%s %s" % (member, value), "ListSecrets", {member: value}, "ValidationException",
                violates(("'%s'" % value, member[0].lower() + member[1:],
                          "satisfy enum value set: %s" % values)))  # fmt: skip


def pages(c):
    following = c.do("ListSecrets", MaxResults=1)["NextToken"]
    for sentence, members in (
        ("a token of another order", {"SortOrder": "desc", "NextToken": following}),
        ("a token of other filters", {"Filters": [{"Key": "all", "Values": ["x"]}], "NextToken": following}),
        ("a token that is none", {"NextToken": "AAAA"}),
        ("a token cut short", {"NextToken": following[:-4]}),
    ):
        c.fails(sentence, "ListSecrets", members, "InvalidNextTokenException", "Invalid token.")
    for many, message in ((0, at_least("'0'", "maxResults", 1, "value")),
                          (101, at_most("'101'", "maxResults", 100, "value"))):  # fmt: skip
        c.fails("MaxResults %d" % many, "ListSecrets", {"MaxResults": many}, "ValidationException", message)
    c.fails("a token too long", "ListSecrets", {"NextToken": "x" * 4097}, "ValidationException",
            at_most("'%s'" % ("x" * 2048), "nextToken", 4096))  # fmt: skip


def comings_and_goings(c):
    """What is deleted or made between two pages moves nothing else from one to the other."""
    made = ["pages/%d" % i for i in range(5)]
    for name in made + ["pages/read"]:
        c.do("CreateSecret", Name=name, SecretString="x", ClientRequestToken=token())
    for by in ("created-date", "last-changed-date", "last-accessed-date", "name"):
        for way in ("asc", "desc"):
            wanted = dict(SortBy=by, SortOrder=way, Filters=[{"Key": "name", "Values": ["pages/"]}])
            before = names(c.do("ListSecrets", **wanted))
            page = c.do("ListSecrets", MaxResults=2, **wanted)
            c.do("DeleteSecret", SecretId=before[0], ForceDeleteWithoutRecovery=True)
            c.do("DeleteSecret", SecretId=before[1], ForceDeleteWithoutRecovery=True)
            after = names(c.do("ListSecrets", NextToken=page["NextToken"], **wanted))
            c.say("ListSecrets: by %s, %s, goes on though what it has shown is deleted" % (by, way),
                  None if after == before[2:] else "%r, then %r" % (before, after))  # fmt: skip
            for name in before[:2]:
                c.do("CreateSecret", Name=name, SecretString="x", ClientRequestToken=token())
    for name in made + ["pages/read"]:
        c.do("DeleteSecret", SecretId=name, ForceDeleteWithoutRecovery=True)


def deleted(c):
    c.do("DeleteSecret", SecretId=THIRD)
    found = names(c.do("ListSecrets"))
    c.say("ListSecrets: not what is marked for deletion", repr(found) if THIRD in found else None)
    entry = [one for one in c.do("ListSecrets", IncludePlannedDeletion=True)["SecretList"]
             if one["Name"] == THIRD]  # fmt: skip
    c.say("ListSecrets: unless asked for, with its DeletedDate",
          None if entry and recent(entry[0].get("DeletedDate", 0)) else repr(entry))  # fmt: skip


def run(c):
    c.gives("nothing", "ListSecrets", {}, {"SecretList": []})
    versions = {}
    for name, description, tags in SECRETS:
        versions[name] = token()
        c.do("CreateSecret", Name=name, Description=description, SecretString="x",
             Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
             ClientRequestToken=versions[name])  # fmt: skip
    c.do("GetSecretValue", SecretId=FIRST)
    c.gives(
        "an entry whole",
        "ListSecrets",
        {"MaxResults": 1},
        {
            "SecretList": [
                {
                    "ARN": Arn(FIRST),
                    "Name": FIRST,
                    "Description": "first secret",
                    "LastChangedDate": recent,
                    "LastAccessedDate": today,
                    "CreatedDate": recent,
                    "Tags": [{"Key": "Env", "Value": "Prod"}, {"Key": "team", "Value": "red"}],
                    "SecretVersionsToStages": {versions[FIRST]: ["AWSCURRENT"]},
                }
            ],
            "NextToken": lambda text: len(text) > 0,
        },
    )
    for chapter in (filters, order, pages, comings_and_goings, deleted):
        chapter(c)
