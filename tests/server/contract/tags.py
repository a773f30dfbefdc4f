# SPDX-License-Identifier: LGPL-2.1-or-later
"""TagResource, UntagResource."""
from client import at_least, at_most, token, unordered, violates


def run(c):
    arn = c.do("CreateSecret", Name="tags/s", ClientRequestToken=token())["ARN"]
    changed = c.do("DescribeSecret", SecretId=arn)["LastChangedDate"]

    def has(sentence, *tags):
        found = c.do("DescribeSecret", SecretId=arn)
        expected = [{"Key": key, "Value": value} for key, value in tags]
        wrong = None if "Tags" in found and unordered(*expected)(found["Tags"]) else repr(found)
        c.say("TagResource: %s" % sentence, wrong)

    def tag(key, value="v"):
        return {"SecretId": arn, "Tags": [{"Key": key, "Value": value}]}

    c.gives("one", "TagResource", tag("k"), {})
    c.gives("the same key", "TagResource", tag("k", "new"), {})
    c.gives("another case, an empty value", "TagResource", tag("K", ""), {})
    has("what stays", ("k", "new"), ("K", ""))
    c.gives("one and an unknown", "UntagResource", {"SecretId": arn, "TagKeys": ["k", "nobody"]}, {})
    has("what stays after that", ("K", ""))
    c.gives("the last", "UntagResource", {"SecretId": arn, "TagKeys": ["K"]}, {})
    has("an empty list once there were some")
    c.say(
        "TagResource: LastChangedDate stands",
        None if c.do("DescribeSecret", SecretId=arn)["LastChangedDate"] == changed else "it moved",
    )
    c.fails(
        "a key of AWS's own",
        "TagResource",
        tag("aws:mine"),
        "InvalidParameterException",
        "Tag keys that begin with aws: are reserved for system use.",
    )
    c.fails(
        "a key too long",
        "TagResource",
        tag("k" * 129),
        "ValidationException",
        at_most("'%s'" % ("k" * 129), "tags.1.member.key", 128),
    )
    c.fails("an empty key", "TagResource", tag(""), "ValidationException",
            at_least("''", "tags.1.member.key", 1))  # fmt: skip
    c.fails(
        "a value too long",
        "TagResource",
        tag("k", "v" * 257),
        "ValidationException",
        at_most("'%s'" % ("v" * 257), "tags.1.member.value", 256),
    )
    c.fails("no tags", "TagResource", {"SecretId": arn}, "ValidationException",
            violates(("null", "tags", "not be null")))  # fmt: skip
    c.fails("no keys", "UntagResource", {"SecretId": arn}, "ValidationException",
            violates(("null", "tagKeys", "not be null")))  # fmt: skip
    fifty = [{"Key": "k%d" % i, "Value": ""} for i in range(50)]
    c.gives("50", "TagResource", {"SecretId": arn, "Tags": fifty}, {})
    c.fails("the 51st", "TagResource", tag("one more"), "LimitExceededException",
            "You can't attach more than 50 tags to a secret.")  # fmt: skip
    has("the 50 stand", *[("k%d" % i, "") for i in range(50)])
