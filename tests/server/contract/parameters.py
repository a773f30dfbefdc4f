# SPDX-License-Identifier: LGPL-2.1-or-later
"""Parameter Store: the subset of AmazonSSM that the server has."""
import json

from client import Arn, at_least, at_most, recent, token, unordered, violates

HEAD = "arn:aws:ssm:us-east-1:000000000000:parameter"
FORM = (
    "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can "
    "consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, "
    "numbers and the following 3 symbols .-_"
)
RESERVED = 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).'
PATH_FORM = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a "
    'forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only '
    "letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special "
    "characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "
    '"/". Valid example: /get/parameters2-/by1./path0_.'
)
EXISTS = (
    "The parameter already exists. To overwrite this value, set the overwrite option in the request "
    "to true."
)
ADMIN = "arn:aws:iam::000000000000:user/admin"


def arn(name):
    return HEAD + (name if name.startswith("/") else "/" + name)


def shown(name, value, version=1, kind="String", **more):
    return dict(
        Name=name,
        Type=kind,
        Value=value,
        Version=version,
        LastModifiedDate=recent,
        ARN=arn(name),
        DataType="text",
        **more
    )


def described(name, version=1, kind="String", tier="Standard", **more):
    """As DescribeParameters has it; an older botocore drops the ARN."""
    if described.has_arn:
        more["ARN"] = arn(name)
    return dict(
        Name=name,
        Type=kind,
        LastModifiedDate=recent,
        LastModifiedUser=ADMIN,
        Version=version,
        Tier=tier,
        Policies=[],
        DataType="text",
        **more
    )


def put(name, value="v", kind="String", **more):
    return dict(Name=name, Value=value, Type=kind, **more)


def put_and_get(c):
    c.gives("one", "PutParameter", put("/p/one", "1"), {"Version": 1, "Tier": "Standard"})
    c.gives("it", "GetParameter", {"Name": "/p/one"}, {"Parameter": shown("/p/one", "1")})
    c.fails("again", "PutParameter", put("/p/one", "2"), "ParameterAlreadyExists", EXISTS)
    c.gives("over it", "PutParameter", {"Name": "/p/one", "Value": "2", "Overwrite": True},
            {"Version": 2, "Tier": "Standard"})  # fmt: skip
    c.gives("the latest", "GetParameter", {"Name": "/p/one"}, {"Parameter": shown("/p/one", "2", 2)})
    c.gives("a version", "GetParameter", {"Name": "/p/one:1"},
            {"Parameter": shown("/p/one", "1", Selector=":1")})  # fmt: skip
    c.gives("by ARN", "GetParameter", {"Name": arn("/p/one")}, {"Parameter": shown("/p/one", "2", 2)})
    c.gives("by ARN and version", "GetParameter", {"Name": arn("/p/one") + ":1"},
            {"Parameter": shown("/p/one", "1", Selector=":1")})  # fmt: skip
    c.gives("no slash", "PutParameter", put("flat", "f"), {"Version": 1, "Tier": "Standard"})
    c.gives("with a slash", "GetParameter", {"Name": "/flat"}, {"Parameter": shown("/flat", "f")})
    c.gives("blanks around", "GetParameter", {"Name": " flat "}, {"Parameter": shown("flat", "f")})
    c.fails("with a slash, again", "PutParameter", put("/flat"), "ParameterAlreadyExists", EXISTS)
    c.fails("nothing", "GetParameter", {"Name": "nothing"}, "ParameterNotFound", None)
    c.fails("in another region", "GetParameter", {"Name": arn("/flat").replace("us-east-1", "eu-west-1")},
            "ParameterNotFound", None)  # fmt: skip
    c.fails("no such version", "GetParameter", {"Name": "flat:9"}, "ParameterVersionNotFound",
            "Systems Manager could not find version 9 of flat. Verify the version and try again.")  # fmt: skip
    c.fails("no such label", "GetParameter", {"Name": "flat:gone"}, "ParameterVersionNotFound",
            "Systems Manager could not find label gone of flat. Verify the label and try again.")  # fmt: skip
    for name in ("a/b", "//", "/a//b", "/a/", "a b", "ä"):
        c.fails("name %r" % name, "GetParameter", {"Name": name}, "ValidationException", FORM)
    c.do("PutParameter", **put("list", "a,b", "StringList"))
    c.gives("a list", "GetParameter", {"Name": "list"}, {"Parameter": shown("list", "a,b", kind="StringList")})


def secure(c):
    c.gives("secure", "PutParameter", put("/s/key", "secret", "SecureString"),
            {"Version": 1, "Tier": "Standard"})  # fmt: skip
    plain = shown("/s/key", "secret", kind="SecureString")
    c.gives("decrypted", "GetParameter", {"Name": "/s/key", "WithDecryption": True}, {"Parameter": plain})
    hidden = dict(plain, Value=lambda value: "secret" not in value and len(value) > 40)
    c.gives("encrypted", "GetParameter", {"Name": "/s/key"}, {"Parameter": hidden})
    c.fails("changing its type", "PutParameter", put("/s/key", Overwrite=True), "HierarchyTypeMismatchException",
            "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you "
            "can't change a parameter from a String type to a SecureString type. You must create a new, "
            "unique parameter.")  # fmt: skip
    c.fails("a key that is not there", "PutParameter", put("/s/other", "v", "SecureString", KeyId="alias/none"),
            "InvalidKeyId", "Invalid keyId alias/none")  # fmt: skip
    c.gives("its key", "DescribeParameters", {"ParameterFilters": [{"Key": "Name", "Values": ["/s/key"]}]},
            {"Parameters": [described("/s/key", kind="SecureString", KeyId="alias/aws/ssm")]})  # fmt: skip


def refusals(c):
    kinds = "[SecureString, StringList, String]"
    c.fails("no type", "PutParameter", {"Name": "x", "Value": "v"}, "ValidationException",
            "A parameter type is required when you create a parameter.")  # fmt: skip
    c.fails("another type", "PutParameter", put("x", kind="Blob"), "ValidationException",
            violates(("'Blob'", "type", "satisfy enum value set: " + kinds)))  # fmt: skip
    c.fails("an empty value", "PutParameter", put("x", ""), "ValidationException", at_least("''", "value", 1))
    c.fails("aws", "PutParameter", put("awsome"), "ValidationException", RESERVED)
    c.fails("ssm", "PutParameter", put("SSM-x"), "ValidationException", RESERVED)
    c.fails("below /aws", "PutParameter", put("/aws/x"), "AccessDeniedException",
            "No access to reserved parameter name: /aws/x.")  # fmt: skip
    c.fails("below /ssm", "PutParameter", put("/ssm/x"), "ValidationException", FORM)
    c.fails("16 levels", "PutParameter", put("/a" * 16), "HierarchyLevelLimitExceededException",
            "A hierarchy can have a maximum of 15 levels.")  # fmt: skip
    c.gives("15 levels", "PutParameter", put("/a" * 15), {"Version": 1, "Tier": "Standard"})
    c.fails("tags over it", "PutParameter", put("x", Overwrite=True, Tags=[{"Key": "k", "Value": "v"}]),
            "ValidationException",
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, "
            "please remove overwrite flag. To update tags for an existing parameter, please use "
            "AddTagsToResource or RemoveTagsFromResource.")  # fmt: skip
    c.fails("a data type", "PutParameter", put("x", DataType="Text"), "ValidationException",
            "The following data type is not supported: Text (Data type names are all lowercase.)")  # fmt: skip
    c.fails("a nested one", "PutParameter", put("x", "{{y}}"), "ValidationException",
            "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.")  # fmt: skip
    c.fails("4097 characters", "PutParameter", put("x", "v" * 4097), "ValidationException",
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger "
            "parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see "
            "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
            "parameter-store-advanced-parameters.html")  # fmt: skip
    c.gives("4096 characters", "PutParameter", put("/r/4096", "v" * 4096), {"Version": 1, "Tier": "Standard"})
    c.gives("4097, advanced", "PutParameter", put("/r/4097", "v" * 4097, Tier="Intelligent-Tiering"),
            {"Version": 1, "Tier": "Advanced"})  # fmt: skip
    c.fails("down again", "PutParameter", put("/r/4097", Tier="Standard", Overwrite=True), "ValidationException",
            "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
            "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced "
            "parameter and recreate it as a standard parameter.")  # fmt: skip
    c.fails("8193 characters", "PutParameter", put("x", "v" * 8193, Tier="Advanced"), "ValidationException",
            "Advanced tier parameters support a maximum parameter value of 8192 characters.")  # fmt: skip
    c.gives("a pattern", "PutParameter", put("/r/pattern", "12", AllowedPattern=r"^\d+$"),
            {"Version": 1, "Tier": "Standard"})  # fmt: skip
    c.fails("not of it", "PutParameter", put("/r/pattern", "x2", Overwrite=True), "ParameterPatternMismatchException",
            r"Parameter value, cannot be validated against allowedPattern: ^\d+$")  # fmt: skip
    c.fails("no pattern", "PutParameter", put("x", AllowedPattern="("), "InvalidAllowedPatternException",
            "The request does not meet the regular expression requirement: (")  # fmt: skip
    c.fails("a pattern that explodes", "PutParameter", put("x", "a" * 40 + "!", AllowedPattern="(a|a)+b"),
            "ParameterPatternMismatchException",
            "Parameter value, cannot be validated against allowedPattern: (a|a)+b")  # fmt: skip
    c.fails("policies", "PutParameter", put("x", Policies='[{"Type":"Expiration"}]', Tier="Advanced"),
            "InvalidPolicyTypeException", "Parameter policies are not supported by this server.")  # fmt: skip


def many(c):
    names = ["/m/a", "/m/b", "/m/c/d", "/m/c/e/f"]
    for name in names:
        c.do("PutParameter", **put(name, name[-1]))
    c.gives("of three", "GetParameters", {"Names": ["/m/b", "/m/none", "/m/a"]},
            {"Parameters": unordered(shown("/m/a", "a"), shown("/m/b", "b")),
             "InvalidParameters": ["/m/none"]})  # fmt: skip
    c.gives("all there", "GetParameters", {"Names": ["/m/a"]},
            {"Parameters": [shown("/m/a", "a")], "InvalidParameters": []})  # fmt: skip
    eleven = ["n%d" % i for i in range(11)]
    c.fails("of eleven", "GetParameters", {"Names": eleven}, "ValidationException",
            at_most("'[%s]'" % ", ".join(eleven), "names", 10))  # fmt: skip
    c.fails("one twice", "GetParameters", {"Names": ["a", "a"]}, "ValidationException",
            "Parameter names can't be repeated in a request: a.")  # fmt: skip
    c.gives("children", "GetParametersByPath", {"Path": "/m"},
            {"Parameters": [shown("/m/a", "a"), shown("/m/b", "b")]})  # fmt: skip
    whole = [shown(name, name[-1]) for name in names]
    c.gives("all below", "GetParametersByPath", {"Path": "/m/", "Recursive": True}, {"Parameters": whole})
    c.gives("nothing below", "GetParametersByPath", {"Path": "/m/a"}, {"Parameters": []})
    page = {"Path": "/m", "Recursive": True, "MaxResults": 3}
    first = c.gives("a page", "GetParametersByPath", page, {"Parameters": whole[:3], "NextToken": bool})
    c.gives("the last", "GetParametersByPath", dict(page, NextToken=first["NextToken"]), {"Parameters": whole[3:]})
    c.fails("a token", "GetParametersByPath", dict(page, NextToken="x"), "InvalidNextToken",
            "The specified token is not valid.")  # fmt: skip
    c.fails("no path", "GetParametersByPath", {"Path": "m"}, "ValidationException", PATH_FORM)
    c.fails("by name", "GetParametersByPath", {"Path": "/m", "ParameterFilters": [{"Key": "Name", "Values": ["a"]}]},
            "InvalidFilterKey",
            "The following filter key is not valid: Name. Valid filter keys include: [Type, KeyId].")  # fmt: skip
    c.gives("by type", "GetParametersByPath",
            {"Path": "/", "Recursive": True, "ParameterFilters": [{"Key": "Type", "Values": ["StringList"]}]},
            {"Parameters": [shown("list", "a,b", kind="StringList")]})  # fmt: skip


def labels(c):
    for value in "123":
        c.do("PutParameter", **put("/l/x", value, Overwrite=True))
    c.gives("the latest", "LabelParameterVersion", {"Name": "/l/x", "Labels": ["prod", "b"]},
            {"InvalidLabels": [], "ParameterVersion": 3})  # fmt: skip
    c.gives("it", "GetParameter", {"Name": "/l/x:prod"}, {"Parameter": shown("/l/x", "3", 3, Selector=":prod")})
    c.gives("it moves", "LabelParameterVersion", {"Name": "/l/x", "ParameterVersion": 1, "Labels": ["prod"]},
            {"InvalidLabels": [], "ParameterVersion": 1})  # fmt: skip
    c.gives("it, moved", "GetParameter", {"Name": "/l/x:prod"}, {"Parameter": shown("/l/x", "1", Selector=":prod")})
    bad = ["1st", "aws.x", "SSMx", "a b"]
    c.gives("bad ones", "LabelParameterVersion", {"Name": "/l/x", "Labels": bad + ["good"]},
            {"InvalidLabels": bad, "ParameterVersion": 3})  # fmt: skip
    c.fails("none of them", "GetParameter", {"Name": "/l/x:good"}, "ParameterVersionNotFound",
            "Systems Manager could not find label good of /l/x. Verify the label and try again.")  # fmt: skip
    c.fails("no such version", "LabelParameterVersion", {"Name": "/l/x", "ParameterVersion": 7, "Labels": ["p"]},
            "ParameterVersionNotFound",
            "Systems Manager could not find version 7 of /l/x. Verify the version and try again.")  # fmt: skip
    c.do("LabelParameterVersion", Name="/l/x", ParameterVersion=2, Labels=["n%d" % i for i in range(10)])
    c.fails("the 11th", "LabelParameterVersion", {"Name": "/l/x", "ParameterVersion": 2, "Labels": ["more"]},
            "ParameterVersionLabelLimitExceeded",
            "A parameter version can have maximum 10 labels.Move one or more labels to another version and "
            "try again.")  # fmt: skip
    past = {"Name": "/l/x", "Type": "String", "LastModifiedDate": recent, "LastModifiedUser": ADMIN,
            "Tier": "Standard", "Policies": [], "DataType": "text"}  # fmt: skip
    c.gives("it all", "GetParameterHistory", {"Name": "/l/x"},
            {"Parameters": [dict(past, Value="1", Version=1, Labels=["prod"]),
                            dict(past, Value="2", Version=2, Labels=["n%d" % i for i in range(10)]),
                            dict(past, Value="3", Version=3, Labels=["b"])]})  # fmt: skip
    c.gives("two", "UnlabelParameterVersion", {"Name": "/l/x", "ParameterVersion": 3, "Labels": ["b", "prod"]},
            {"RemovedLabels": ["b"], "InvalidLabels": ["prod"]})  # fmt: skip
    c.gives("by label", "GetParametersByPath",
            {"Path": "/l", "ParameterFilters": [{"Key": "Label", "Values": ["prod"]}]}, {"Parameters": []})  # fmt: skip
    for i in range(97):
        c.do("PutParameter", **put("/l/x", str(i), Overwrite=True))
    c.fails("the 101st while the first has a label", "PutParameter", put("/l/x", Overwrite=True),
            "ParameterMaxVersionLimitExceeded",
            "You attempted to create a new version of /l/x by calling the PutParameter API with the overwrite "
            "flag. Version 1, the oldest version, can't be deleted because it has a label associated with it. "
            "Move the label to another version of the parameter, and try again.")  # fmt: skip
    c.do("UnlabelParameterVersion", Name="/l/x", ParameterVersion=1, Labels=["prod"])
    c.gives("the 101st", "PutParameter", put("/l/x", Overwrite=True), {"Version": 101, "Tier": "Standard"})
    c.fails("the first, gone", "GetParameter", {"Name": "/l/x:1"}, "ParameterVersionNotFound",
            "Systems Manager could not find version 1 of /l/x. Verify the version and try again.")  # fmt: skip


def describing(c):
    c.do("PutParameter", **put("/d/one", Description="d", AllowedPattern=".*", Tags=[{"Key": "t", "Value": "1"}]))
    c.do("PutParameter", **put("/d/two", Tier="Advanced"))
    one, two = described("/d/one", Description="d", AllowedPattern=".*"), described("/d/two", tier="Advanced")

    def finds(sentence, expected, *filters):
        c.gives(sentence, "DescribeParameters", {"ParameterFilters": list(filters)}, {"Parameters": expected})

    def by(key, *values, **more):
        return dict(Key=key, Values=list(values), **more)

    finds("by name", [one], by("Name", "/d/one"))
    finds("by two names", [one, two], by("Name", "/d/one", "/d/two"))
    finds("by a beginning", [one, two], by("Name", "/d/", Option="BeginsWith"))
    finds("by a part", [two], by("Name", "d/tw", Option="Contains"))
    finds("by path", [one, two], by("Path", "/d"))
    finds("not below it", [], by("Path", "/d/one"))
    finds("by tag", [one], by("tag:t", "1"))
    finds("by tag and path", [], by("tag:t", "2"), by("Path", "/d", Option="Recursive"))
    finds("by tier", [two], by("Tier", "Advanced"), by("Path", "/d"))
    finds("by type", [one, two], by("Type", "String"), by("Path", "/d"))
    c.gives("the older filters", "DescribeParameters", {"Filters": [by("Name", "/d/one")]}, {"Parameters": [one]})
    page = {"ParameterFilters": [by("Path", "/d")], "MaxResults": 1}
    first = c.gives("a page", "DescribeParameters", page, {"Parameters": [one], "NextToken": bool})
    c.gives("another", "DescribeParameters", dict(page, NextToken=first["NextToken"]), {"Parameters": [two]})

    def refuses(sentence, kind, message, *filters, **more):
        c.fails(sentence, "DescribeParameters", dict(ParameterFilters=list(filters), **more), kind, message)

    refuses("both kinds", "ValidationException",
            "You can use either Filters or ParameterFilters in a single request.",
            Filters=[by("Name", "x")])  # fmt: skip
    refuses("by label", "InvalidFilterKey",
            "The following filter key is not valid: Label. Valid filter keys include: [Path, Name, Type, KeyId, "
            "Tier].", by("Label", "x"))  # fmt: skip
    refuses("an option", "InvalidFilterOption",
            "The following filter option is not valid: Sounds. Valid options include: [BeginsWith, Equals].",
            by("Name", "x", Option="Sounds"))  # fmt: skip
    refuses("an option of a path", "InvalidFilterOption",
            "The following filter option is not valid: Equals. Valid options include: [Recursive, OneLevel].",
            by("Path", "/x", Option="Equals"))  # fmt: skip
    refuses("no values", "InvalidFilterValue",
            "The following filter values are missing : null for filter key Name.", {"Key": "Name"})  # fmt: skip
    refuses("one twice", "InvalidFilterKey",
            "The following filter is duplicated in the request: Name. A request can contain only one occurrence "
            "of a specific filter.", by("Name", "x"), by("Name", "y"))  # fmt: skip
    refuses("a type", "InvalidFilterOption",
            "The following filter value is not valid: Blob. Valid values include: [String, StringList, "
            "SecureString].", by("Type", "Blob"))  # fmt: skip
    refuses("a key", "ValidationException",
            violates(("'Colour'", "parameterFilters.1.member.key",
                      "satisfy regular expression pattern: tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType")),
            by("Colour", "x"))  # fmt: skip
    refuses("a path", "ValidationException", PATH_FORM, by("Path", "x"))


def tags(c):
    of = {"ResourceType": "Parameter", "ResourceId": "/d/one"}
    c.do("AddTagsToResource", **of, Tags=[{"Key": "u", "Value": ""}, {"Key": "t", "Value": "2"}])
    c.gives("two", "ListTagsForResource", of, {"TagList": [{"Key": "t", "Value": "2"}, {"Key": "u", "Value": ""}]})
    c.do("RemoveTagsFromResource", **of, TagKeys=["u", "none"])
    c.gives("one", "ListTagsForResource", of, {"TagList": [{"Key": "t", "Value": "2"}]})
    c.gives("of x as of /x", "ListTagsForResource", dict(of, ResourceId="/flat"), {"TagList": []})
    c.fails("of nothing", "ListTagsForResource", dict(of, ResourceId="none"), "InvalidResourceId",
            "The resource ID is not valid. Verify that you entered the correct ID and try again.")  # fmt: skip
    c.fails("of another kind", "ListTagsForResource", dict(of, ResourceType="Document"), "InvalidResourceType",
            "Document is not a valid resource type for this request.")  # fmt: skip


def deleting(c):
    for name in ("/x/1", "/x/2", "/x/3"):
        c.do("PutParameter", **put(name))
    c.gives("one", "DeleteParameter", {"Name": "/x/1"}, {})
    c.fails("again", "DeleteParameter", {"Name": "/x/1"}, "ParameterNotFound", None)
    c.gives("several", "DeleteParameters", {"Names": ["/x/2", "/x/none", "/x/3"]},
            {"DeletedParameters": ["/x/2", "/x/3"], "InvalidParameters": ["/x/none"]})  # fmt: skip
    c.gives("made again it begins at 1", "PutParameter", put("/x/1"), {"Version": 1, "Tier": "Standard"})


def references(c, secrets):
    secret = "ssm/secret"
    made = secrets.do("CreateSecret", Name=secret, SecretString="one", ClientRequestToken=token())
    secrets.do("PutSecretValue", SecretId=secret, SecretString="two", ClientRequestToken=token())
    name = "/aws/reference/secretsmanager/" + secret

    def source(value, stage, version):
        def check(text):
            answer = json.loads(text)
            return (
                Arn(secret)(answer["ARN"])
                and answer["name"] == secret
                and answer["secretString"] == value
                and answer["versionStages"] == [stage]
                and version in (None, answer["versionId"])
            )

        return check

    def as_parameter(value, stage, version=None):
        return {"Name": name, "Type": "SecureString", "Value": value, "Version": 0, "LastModifiedDate": recent,
                "ARN": HEAD + name, "DataType": "text", "SourceResult": source(value, stage, version)}  # fmt: skip

    def get(selector=""):
        return {"Name": name + selector, "WithDecryption": True}

    old = made["VersionId"]
    c.gives("a secret", "GetParameter", get(), {"Parameter": as_parameter("two", "AWSCURRENT")})
    c.gives("by label", "GetParameter", get(":AWSPREVIOUS"), {"Parameter": as_parameter("one", "AWSPREVIOUS")})
    c.gives("by version", "GetParameter", get(":" + old), {"Parameter": as_parameter("one", "AWSPREVIOUS", old)})
    c.fails("sealed", "GetParameter", {"Name": name}, "ValidationException",
            "WithDecryption flag must be True for retrieving a Secret Manager secret.")  # fmt: skip
    gone = "/aws/reference/secretsmanager/none"
    c.fails("none", "GetParameter", {"Name": gone, "WithDecryption": True}, "ParameterNotFound",
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret %s not found." % gone)  # fmt: skip
    c.gives("among others", "GetParameters", {"Names": [name, gone, "/flat"], "WithDecryption": True},
            {"Parameters": unordered(as_parameter("two", "AWSCURRENT"), shown("/flat", "f")),
             "InvalidParameters": [gone]})  # fmt: skip
    c.fails("the bare name", "GetParameter", {"Name": "secret", "WithDecryption": True}, "ParameterNotFound", None)


def run(c, secrets):
    metadata = c.boto.meta.service_model.shape_for("ParameterMetadata")
    described.has_arn = "ARN" in metadata.members
    put_and_get(c)
    secure(c)
    refusals(c)
    many(c)
    labels(c)
    describing(c)
    tags(c)
    deleting(c)
    references(c, secrets)
