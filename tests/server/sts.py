# sts.py - run by t_sts.sh: prints "0 NAME" for each case that holds, "1 NAME" for each that does not.
import base64
import datetime
import json
import os
import subprocess
import sys
import time

import boto3
import botocore.config
from botocore import UNSIGNED
from botocore.exceptions import ClientError

url, world = os.environ["url"], os.environ["world"]
ACCOUNT = "111122223333"
ROLE = "arn:aws:iam::%s:role/app" % ACCOUNT


def keys(name):
    with open(os.path.join(world, name)) as file:
        pairs = dict(line.strip().split("=", 1) for line in file)
    return {"aws_access_key_id": pairs["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": pairs["AWS_SECRET_ACCESS_KEY"]}


def client(service, credentials, region="us-east-1"):
    return boto3.client(service, endpoint_url=url, region_name=region, **credentials)


def session_keys(answer):
    c = answer["Credentials"]
    return {"aws_access_key_id": c["AccessKeyId"], "aws_secret_access_key": c["SecretAccessKey"],
            "aws_session_token": c["SessionToken"]}


def check(name, condition, detail=""):
    print(0 if condition else 1, name, flush=True)
    if not condition:
        print("#", name, detail, file=sys.stderr)


def fails(name, call, code, message, http_code):
    try:
        answer = call()
        check(name, False, answer)
    except ClientError as e:
        error, meta = e.response["Error"], e.response["ResponseMetadata"]
        got = (error["Code"], error["Message"], meta["HTTPStatusCode"])
        check(name, got == (code, message, http_code), got)


ada, bob = client("sts", keys("ada")), client("sts", keys("bob"))
who = ada.get_caller_identity()
check("a user is told who it is", who["Arn"] == "arn:aws:iam::%s:user/ada" % ACCOUNT
      and who["Account"] == ACCOUNT and who["UserId"].startswith("AIDA"), who)

answer = ada.assume_role(RoleArn=ROLE, RoleSessionName="one")
print("canary", answer["Credentials"]["SessionToken"][:64], file=sys.stderr)
now = datetime.datetime.now(datetime.timezone.utc)
left = (answer["Credentials"]["Expiration"] - now).total_seconds()
check("a session lasts an hour", 3300 < left <= 3600, left)
check("a session has a name", answer["AssumedRoleUser"]["Arn"] ==
      "arn:aws:sts::%s:assumed-role/app/one" % ACCOUNT, answer["AssumedRoleUser"])
check("its key is of the temporary kind", answer["Credentials"]["AccessKeyId"].startswith("ASIA"))
session = session_keys(answer)
who = client("sts", session).get_caller_identity()
check("a session is told who it is", who["Arn"] == answer["AssumedRoleUser"]["Arn"]
      and who["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
      and who["UserId"].endswith(":one"), who)
sm = client("secretsmanager", session)
arn = sm.create_secret(Name="of/the/role", SecretString="one")["ARN"]
check("a session may what its role may, in its account", ":%s:" % ACCOUNT in arn, arn)
check("a session reads", sm.get_secret_value(SecretId=arn)["SecretString"] == "one")

policy = json.dumps({"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": arn}})
answer = ada.assume_role(RoleArn=ROLE, RoleSessionName="two", Policy=policy)
narrow = client("secretsmanager", session_keys(answer))
check("a session policy lets through", narrow.describe_secret(SecretId=arn)["ARN"] == arn)
fails("a session policy narrows", lambda: narrow.get_secret_value(SecretId=arn),
      "AccessDeniedException",
      "User: arn:aws:sts::%s:assumed-role/app/two is not authorized to perform: "
      "secretsmanager:GetSecretValue on resource: %s because no session policy allows the "
      "secretsmanager:GetSecretValue action" % (ACCOUNT, arn), 400)

def tagged(*pairs, name="tagged", **more):
    return ada.assume_role(RoleArn=ROLE, RoleSessionName=name,
                           Tags=[{"Key": k, "Value": v} for k, v in pairs], **more)


sm.tag_resource(SecretId=arn, Tags=[{"Key": "team", "Value": "db"}])
by_team = json.dumps({"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": "*",
    "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}}})
ours = client("secretsmanager", session_keys(tagged(("team", "db"), ("Stage", ""), Policy=by_team)))
check("a session has tags", ours.describe_secret(SecretId=arn)["ARN"] == arn)
theirs = client("secretsmanager", session_keys(tagged(("team", "web"), Policy=by_team)))
fails("which policies compare", lambda: theirs.describe_secret(SecretId=arn), "AccessDeniedException",
      "User: arn:aws:sts::%s:assumed-role/app/tagged is not authorized to perform: "
      "secretsmanager:DescribeSecret on resource: %s because no session policy allows the "
      "secretsmanager:DescribeSecret action" % (ACCOUNT, arn), 400)
fails("the role says which there may be", lambda: tagged(("team", "db"), ("other", "x")), "AccessDenied",
      "User: arn:aws:iam::%s:user/ada is not authorized to perform: sts:TagSession on resource: %s"
      % (ACCOUNT, ROLE), 403)
fails("none is there twice", lambda: tagged(("team", "db"), ("team", "x")), "ValidationError",
      "Duplicate tag keys found. Please note that Tag keys are case insensitive.", 400)
fails("a tag's value has a length", lambda: tagged(("team", "x" * 257)), "ValidationError",
      "1 validation error detected: Value '%s' at 'tags.1.member.value' failed to satisfy constraint: "
      "Member must have length less than or equal to 256" % ("x" * 257), 400)
fails("a tag is handed on to no further session", lambda: tagged(("team", "db"), TransitiveTagKeys=["team"]),
      "ValidationError", "Transitive session tags are not supported by this server.", 400)

admin_of_another = client("sts", keys("env"))
check("another account's role is assumed", admin_of_another.assume_role(
    RoleArn=ROLE, RoleSessionName="far")["AssumedRoleUser"]["Arn"].endswith(ACCOUNT + ":assumed-role/app/far"))
fails("a session holds only so much", lambda: admin_of_another.assume_role(
    RoleArn=ROLE, RoleSessionName="far", Tags=[{"Key": "k%d" % i, "Value": "v" * 256} for i in range(50)]),
      "PackedPolicyTooLarge", "Packed policy and tags of a session exceed the allotted space.", 400)

REFUSED = "User: arn:aws:iam::%s:user/%s is not authorized to perform: sts:AssumeRole on resource: %s"
fails("whom the role does not trust is refused",
      lambda: bob.assume_role(RoleArn=ROLE, RoleSessionName="xx"),
      "AccessDenied", REFUSED % (ACCOUNT, "bob", ROLE), 403)
fails("a role that is not there is told in the same words",
      lambda: ada.assume_role(RoleArn=ROLE + "x", RoleSessionName="xx"),
      "AccessDenied", REFUSED % (ACCOUNT, "ada", ROLE + "x"), 403)
fails("a wrong external id is refused",
      lambda: ada.assume_role(RoleArn=ROLE, RoleSessionName="xx", ExternalId="wrong"),
      "AccessDenied", REFUSED % (ACCOUNT, "ada", ROLE), 403)
check("the right one is not",
      ada.assume_role(RoleArn=ROLE, RoleSessionName="xx", ExternalId="right")["Credentials"])
fails("a session may last as long as its role allows",
      lambda: ada.assume_role(RoleArn=ROLE, RoleSessionName="xx", DurationSeconds=7200),
      "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this "
      "role.", 400)
fails("the model is checked",
      lambda: ada.assume_role(RoleArn=ROLE, RoleSessionName="a b"), "ValidationError",
      "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: "
      "Member must satisfy regular expression pattern: [\\w+=,.@-]*", 400)
fails("a managed policy would have to be there",
      lambda: ada.assume_role(RoleArn=ROLE, RoleSessionName="xx",
                              PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]),
      "ValidationError", "Policy arn:aws:iam::aws:policy/ReadOnlyAccess does not exist or is not "
      "attachable.", 400)
fails("a session policy must be one",
      lambda: ada.assume_role(RoleArn=ROLE, RoleSessionName="xx", Policy="{}"),
      "MalformedPolicyDocument",
      "The policy is not in the valid JSON format: there is no Statement", 400)
check("a role may be assumed by a role",
      client("sts", session).assume_role(RoleArn=ROLE, RoleSessionName="chained")["Credentials"])

INVALID = "The security token included in the request is invalid."
forged = dict(session, aws_session_token=session["aws_session_token"][:-8] + "AAAAAAA=")
fails("a forged token is refused", client("secretsmanager", forged).list_secrets,
      "UnrecognizedClientException", INVALID, 400)
bare = {k: v for k, v in session.items() if k != "aws_session_token"}
fails("a session's key needs its token", client("secretsmanager", bare).list_secrets,
      "UnrecognizedClientException", INVALID, 400)
other = session_keys(ada.assume_role(RoleArn=ROLE, RoleSessionName="three"))
swapped = dict(session, aws_session_token=other["aws_session_token"])
fails("a token belongs to its key", client("secretsmanager", swapped).list_secrets,
      "UnrecognizedClientException", INVALID, 400)
wrong = dict(session, aws_secret_access_key="x" * 40)
fails("STS has its own words for a wrong signature", client("sts", wrong).get_caller_identity,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS "
      "Secret Access Key and signing method. Consult the service documentation for details.", 403)
fails("and for an unknown key", client("sts", {"aws_access_key_id": "AKIAAAAAAAAAAAAAAAAA",
                                               "aws_secret_access_key": "x"}).get_caller_identity,
      "InvalidClientTokenId", INVALID, 403)


# --- web identities ---------------------------------------------------------------------------------

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def half(der, at):
    length = der[at + 1]
    number = der[at + 2:at + 2 + length].lstrip(b"\0")
    return number.rjust(32, b"\0"), at + 2 + length


def jwt(key="rsa", alg="RS256", header=None, **claims):
    body = {"iss": "https://issuer.example/ci", "aud": "sts.amazonaws.com", "sub": "repo:mine/x",
            "exp": int(time.time()) + 600, "nbf": int(time.time()) - 5}
    body.update(claims)
    body = {k: v for k, v in body.items() if v is not None}
    covered = "%s.%s" % (b64(json.dumps({"alg": alg, "typ": "JWT", **(header or {})}).encode()),
                         b64(json.dumps(body).encode()))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign",
                                os.path.join(world, key + ".pem")], input=covered.encode(),
                               stdout=subprocess.PIPE, check=True).stdout
    if alg == "ES256":
        r, at = half(signature, 2)
        s, _ = half(signature, at)
        signature = r + s
    return "%s.%s" % (covered, b64(signature))


anonymous = boto3.client("sts", endpoint_url=url, region_name="us-east-1",
                         config=botocore.config.Config(signature_version=UNSIGNED))


def web(token, role=ROLE, **more):
    return lambda: anonymous.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="web", WebIdentityToken=token, **more)


for alg, key in (("RS256", "rsa"), ("ES256", "ec")):
    answer = web(jwt(key, alg))()
    check("a web identity signed with %s gets a session" % alg,
          answer["SubjectFromWebIdentityToken"] == "repo:mine/x"
          and answer["Audience"] == "sts.amazonaws.com"
          and answer["Provider"] == "issuer.example/ci", answer)
who = client("sts", session_keys(answer)).get_caller_identity()
check("which is the role's", who["Arn"] == "arn:aws:sts::%s:assumed-role/app/web" % ACCOUNT, who)
check("one of several audiences is enough", web(jwt(aud=["nobody", "other"]))()["Audience"] == "other")
check("a clock may be off by a little", web(jwt(nbf=int(time.time()) + 20))()["Credentials"])

TOKEN = "InvalidIdentityToken"
BAD = "Couldn't verify the signature of the identity token."
fails("another's key does not sign", web(jwt("other")), TOKEN, BAD, 400)
fails("nor does none", web(jwt(alg="none")), TOKEN, BAD, 400)
fails("nor one that demands what nobody here knows", web(jwt(header={"crit": ["exp"]})), TOKEN, BAD, 400)
fails("nor one of another kind", web(jwt("rsa", "HS256")), TOKEN, BAD, 400)
cut = jwt().split(".")
fails("nor claims that were changed", web(".".join([cut[0], b64(json.dumps(
    {"iss": "https://issuer.example/ci", "aud": "other", "sub": "repo:mine/y",
     "exp": int(time.time()) + 600}).encode()), cut[2]])), TOKEN, BAD, 400)
fails("an unknown issuer is told", web(jwt(iss="https://else.example")), TOKEN,
      "No OpenIDConnect provider found in your account for https://else.example", 400)
fails("a wrong audience is told", web(jwt(aud="me")), TOKEN, "Incorrect token audience", 400)
fails("what is no token is told", web("abcd"), TOKEN,
      "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
      "Token)", 400)
fails("a token without end is refused", web(jwt(exp=None)), TOKEN, "Missing a required claim: exp", 400)
fails("one of tomorrow too", web(jwt(nbf=int(time.time()) + 86400)), TOKEN,
      "The ID Token provided is not yet valid: nbf", 400)
try:
    web(jwt(exp=1000000000))()
    check("an old token is told", False)
except ClientError as e:
    error = e.response["Error"]
    check("an old token is told", error["Code"] == "ExpiredTokenException" and
          error["Message"].startswith("Token expired: current date/time ") and
          error["Message"].endswith(" must be before the expiration date/time1000000000"), error)
fails("the trust policy decides about the subject", web(jwt(sub="repo:theirs/x")), "AccessDenied",
      "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
fails("and so for a role that is not there", web(jwt(), ROLE + "x"), "AccessDenied",
      "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
fails("and about the session's name",
      lambda: anonymous.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="other",
                                                      WebIdentityToken=jwt()),
      "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


# --- ending sessions --------------------------------------------------------------------------------

def admin(*words, text=None):
    return subprocess.run([os.environ["server"], *words, "--dir", os.path.join(world, "store")],
                          input=text, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout


def revoke(seconds):
    """As AWS's console revokes sessions: those issued before that many seconds from now."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    policy = {"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": when.strftime("%Y-%m-%dT%H:%M:%SZ")}}}}
    admin("policy", "put", "--role", "app", "--account", ACCOUNT, "--name", "AWSRevokeOlderSessions", "-",
          text=json.dumps(policy))


revoke(-3600)
check("sessions that are new enough go on", sm.describe_secret(SecretId=arn)["ARN"] == arn)
revoke(3600)
fails("older ones are revoked", lambda: sm.describe_secret(SecretId=arn), "AccessDeniedException",
      "User: arn:aws:sts::%s:assumed-role/app/one is not authorized to perform: "
      "secretsmanager:DescribeSecret on resource: %s with an explicit deny in an identity-based policy"
      % (ACCOUNT, arn), 400)
check("roles are listed", ROLE + "  3600 s\n" in admin("role", "list"))
with open(os.path.join(world, "trust")) as trust:
    check("a role's trust policy is shown",
          admin("role", "show", "--role", "app", "--account", ACCOUNT).strip() == trust.read().strip())
admin("role", "delete", "--role", "app", "--account", ACCOUNT)
check("a role is deleted", ROLE not in admin("role", "list"))
fails("its sessions end", client("sts", session).get_caller_identity, "InvalidClientTokenId", INVALID, 403)
check("issuers are listed", admin("issuer", "list") ==
      "%s  https://issuer.example/ci  sts.amazonaws.com,other  2 keys\n" % ACCOUNT)
admin("issuer", "delete", "--url", "https://issuer.example/ci", "--account", ACCOUNT)
fails("one that is deleted is trusted no more", web(jwt()), TOKEN,
      "No OpenIDConnect provider found in your account for https://issuer.example/ci", 400)
