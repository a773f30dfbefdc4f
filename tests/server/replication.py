# replication.py STAGE - run by t_replication.sh: prints "0 NAME" for each case that holds, else "1 NAME".
import os
import sys

import boto3
from botocore.exceptions import ClientError

url = os.environ["url"]
us, eu, ap = (boto3.client("secretsmanager", endpoint_url=url, region_name=region)
              for region in ("us-east-1", "eu-west-1", "ap-south-1"))


def check(name, condition, detail=""):
    print(0 if condition else 1, name, flush=True)
    if not condition:
        print(name, detail, file=sys.stderr)


def fails(name, call, code, message):
    try:
        check(name, False, call())
    except ClientError as e:
        error = e.response["Error"]
        check(name, (error["Code"], error["Message"]) == (code, message), error)


def status(client, name):
    found = client.describe_secret(SecretId=name).get("ReplicationStatus", [])
    return {entry["Region"]: entry for entry in found}


IN_SYNC = {"Region": "ap-south-1", "KmsKeyId": "alias/aws/secretsmanager", "Status": "InSync",
           "StatusMessage": "Replication succeeded"}
THERE = dict(IN_SYNC, Region="eu-west-1", KmsKeyId="alias/there")
REPLICA = ("InvalidParameterException", "Operation not permitted on a replica secret. Call must be "
           "made in primary secret's region.")


def same(name, client):
    ours, theirs = us.describe_secret(SecretId="db"), client.describe_secret(SecretId="db")
    for member in ("Name", "Description", "VersionIdsToStages", "Tags", "LastChangedDate"):
        check("%s: the same %s" % (name, member), ours.get(member) == theirs.get(member),
              (ours.get(member), theirs.get(member)))
    check(name + ": the same value", us.get_secret_value(SecretId="db")["SecretString"] ==
          client.get_secret_value(SecretId="db")["SecretString"])


def first():
    request = dict(Name="db", SecretString="one", Description="d", ClientRequestToken="t" * 32,
                   Tags=[{"Key": "a", "Value": "b"}], AddReplicaRegions=[{"Region": "ap-south-1"}])
    made = us.create_secret(**request)
    check("created with a replica", made["ReplicationStatus"] == [IN_SYNC], made)
    again = us.create_secret(**request)
    for answer in made, again:
        del answer["ResponseMetadata"]
    check("asked for again, answered again", made == again, again)
    added = us.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": "eu-west-1", "KmsKeyId": "alias/there"}])
    check("replicated to another region", added["ReplicationStatus"] == [IN_SYNC, THERE]
          and added["ARN"] == made["ARN"], added)
    same("after the first copy", eu)
    there = eu.describe_secret(SecretId="db")
    check("the ARN differs in its region", there["ARN"] ==
          made["ARN"].replace("us-east-1", "eu-west-1"), there)
    check("both say which is the primary", there["PrimaryRegion"] == "us-east-1" ==
          us.describe_secret(SecretId="db")["PrimaryRegion"], there)
    check("the replica has no status", "ReplicationStatus" not in there, there)
    check("the replica has its own key", there["KmsKeyId"] == "alias/there" and
          "KmsKeyId" not in us.describe_secret(SecretId="db"), there)
    check("and uses it", eu.list_secret_version_ids(SecretId="db")["Versions"][0]["KmsKeyIds"][0]
          .startswith("arn:aws:kms:eu-west-1:000000000000:key/"))
    listed = eu.list_secrets(Filters=[{"Key": "primary-region", "Values": ["us-east"]}])["SecretList"]
    check("is found by its primary region", [s["Name"] for s in listed] == ["db"], listed)
    check("which the primary is not", us.list_secrets(
        Filters=[{"Key": "primary-region", "Values": ["us-east"]}])["SecretList"] == [])

    first_id = us.get_secret_value(SecretId="db")["VersionId"]
    second_id = us.put_secret_value(SecretId="db", SecretString="two")["VersionId"]
    same("after a new version", eu)
    check("an old version too", ap.get_secret_value(SecretId="db", VersionId=first_id)
          ["SecretString"] == "one")
    us.update_secret_version_stage(SecretId="db", VersionStage="AWSCURRENT",
                                   MoveToVersionId=first_id, RemoveFromVersionId=second_id)
    same("after a label moved", eu)
    us.update_secret(SecretId="db", Description="new")
    us.tag_resource(SecretId="db", Tags=[{"Key": "c", "Value": "d"}])
    us.untag_resource(SecretId="db", TagKeys=["a"])
    us.put_secret_value(SecretId="db", SecretBinary=b"\0\xff", VersionStages=["mine"])
    same("after all else", eu)
    same("after all else, in the third region", ap)
    check("a binary value", eu.get_secret_value(SecretId="db", VersionStage="mine")
          ["SecretBinary"] == b"\0\xff")
    policy = ('{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, '
              '"Action": "secretsmanager:*", "Resource": "*"}}')
    us.put_resource_policy(SecretId="db", ResourcePolicy=policy)
    check("the policy too", eu.get_resource_policy(SecretId="db")["ResourcePolicy"] == policy)
    us.delete_resource_policy(SecretId="db")
    check("and its end", "ResourcePolicy" not in eu.get_resource_policy(SecretId="db"))

    for name, call in (
            ("PutSecretValue", lambda: eu.put_secret_value(SecretId="db", SecretString="x")),
            ("UpdateSecret", lambda: eu.update_secret(SecretId="db", Description="x")),
            ("UpdateSecretVersionStage", lambda: eu.update_secret_version_stage(
                SecretId="db", VersionStage="x", MoveToVersionId=first_id)),
            ("RotateSecret", lambda: eu.rotate_secret(SecretId="db")),
            ("CancelRotateSecret", lambda: eu.cancel_rotate_secret(SecretId="db")),
            ("TagResource", lambda: eu.tag_resource(SecretId="db", Tags=[{"Key": "x"}])),
            ("UntagResource", lambda: eu.untag_resource(SecretId="db", TagKeys=["c"])),
            ("PutResourcePolicy", lambda: eu.put_resource_policy(SecretId="db",
                                                                 ResourcePolicy=policy)),
            ("DeleteResourcePolicy", lambda: eu.delete_resource_policy(SecretId="db")),
            ("DeleteSecret", lambda: eu.delete_secret(SecretId="db")),
            ("forced DeleteSecret", lambda: eu.delete_secret(SecretId="db",
                                                             ForceDeleteWithoutRecovery=True)),
            ("RestoreSecret", lambda: eu.restore_secret(SecretId="db")),
            ("ReplicateSecretToRegions", lambda: eu.replicate_secret_to_regions(
                SecretId="db", AddReplicaRegions=[{"Region": "ap-south-1"}])),
            ("RemoveRegionsFromReplication", lambda: eu.remove_regions_from_replication(
                SecretId="db", RemoveReplicaRegions=["ap-south-1"]))):
        fails(name + " is refused on a replica", call, *REPLICA)
    fails("a primary with replicas stays", lambda: us.delete_secret(SecretId="db"),
          "InvalidParameterException",
          "You can't delete secret db that still has replica regions [ap-south-1, eu-west-1]")
    fails("not to its own region", lambda: us.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": "us-east-1"}]),
        "InvalidParameterException", "Invalid replica region.")
    fails("nor to one that is not served", lambda: us.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": "us-west-2"}]),
        "InvalidParameterException", "Invalid replica region.")
    fails("nor to what is no region", lambda: us.replicate_secret_to_regions(
        SecretId="db", AddReplicaRegions=[{"Region": "moon"}]), "ValidationException",
        "1 validation error detected: Value 'moon' at 'addReplicaRegions.1.member.region' failed to "
        "satisfy constraint: Member must satisfy regular expression pattern: ^([a-z]+-)+\\d+$")

    eu.create_secret(Name="taken", SecretString="foreign")
    us.create_secret(Name="taken", SecretString="ours")
    failed = us.replicate_secret_to_regions(SecretId="taken",
                                            AddReplicaRegions=[{"Region": "eu-west-1"}])
    check("a name that is taken is told", failed["ReplicationStatus"] == [
        {"Region": "eu-west-1", "KmsKeyId": "alias/aws/secretsmanager", "Status": "Failed",
         "StatusMessage": "Replication failed: Secret name taken already exists in region "
                          "eu-west-1."}], failed)
    check("and stays", eu.get_secret_value(SecretId="taken")["SecretString"] == "foreign")
    forced = us.replicate_secret_to_regions(SecretId="taken", ForceOverwriteReplicaSecret=True,
                                            AddReplicaRegions=[{"Region": "eu-west-1"}])
    check("unless overwritten", forced["ReplicationStatus"][0]["Status"] == "InSync" and
          eu.get_secret_value(SecretId="taken")["SecretString"] == "ours", forced)
    forced = ap.create_secret(Name="taken", SecretString="third", ForceOverwriteReplicaSecret=True,
                              AddReplicaRegions=[{"Region": "eu-west-1"}])
    check("but not another primary's replica", forced["ReplicationStatus"][0]["Status"] == "Failed"
          and eu.get_secret_value(SecretId="taken")["SecretString"] == "ours", forced)
    left = us.remove_regions_from_replication(SecretId="taken", RemoveReplicaRegions=["eu-west-1"])
    check("a region is removed", left == {"ARN": left["ARN"], "ReplicationStatus": [],
                                          "ResponseMetadata": left["ResponseMetadata"]}, left)
    fails("with its replica", lambda: eu.describe_secret(SecretId="taken"),
          "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    check("then the primary may go", us.delete_secret(SecretId="taken")["Name"] == "taken")

    us.create_secret(Name="free", SecretString="one", AddReplicaRegions=[{"Region": "eu-west-1"}])
    stopped = eu.stop_replication_to_replica(SecretId="free")
    check("a replica is let go", stopped["ARN"] == eu.describe_secret(SecretId="free")["ARN"])
    check("and has no primary", "PrimaryRegion" not in eu.describe_secret(SecretId="free"))
    check("nor the primary a replica", status(us, "free") == {})
    eu.put_secret_value(SecretId="free", SecretString="mine")
    us.put_secret_value(SecretId="free", SecretString="yours")
    check("it is its own now", eu.get_secret_value(SecretId="free")["SecretString"] == "mine")
    fails("and cannot be let go again", lambda: eu.stop_replication_to_replica(SecretId="free"),
          "InvalidRequestException",
          "You can't stop replication to a secret that is not a replica.")


def disabled():
    us.put_secret_value(SecretId="db", SecretString="three")
    found = status(us, "db")
    check("a disabled key there is told", found["eu-west-1"] == dict(
        THERE, Status="Failed",
        StatusMessage="Replication failed: The KMS key in region eu-west-1 can't be used."), found)
    check("elsewhere it goes on", found["ap-south-1"]["Status"] == "InSync" and
          ap.get_secret_value(SecretId="db")["SecretString"] == "three", found)


def restarted():
    us.put_secret_value(SecretId="db", SecretString="four")
    found = status(us, "db")
    check("it catches up", found["eu-west-1"]["Status"] == "InSync", found)
    same("after a restart", eu)
    us.create_secret(Name="wide", SecretString="x", AddReplicaRegions=[{"Region": "us-west-2"}])
    check("any region will do where none are listed", status(us, "wide")["us-west-2"]["Status"] ==
          "InSync")


{"first": first, "disabled": disabled, "restarted": restarted}[sys.argv[1]]()
