#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A rotation function for the tests, single user, as one would be written for AWS Lambda.

The database is a SQLite file that the secret names as its host, with a table of users and their
passwords: whoever knows a user's password may change it.
"""
import json
import os
import sqlite3
import sys

import boto3


def lambda_handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])

    metadata = client.describe_secret(SecretId=arn)
    if "RotationEnabled" in metadata and not metadata["RotationEnabled"]:
        raise ValueError("Secret %s is not enabled for rotation" % arn)
    versions = metadata["VersionIdsToStages"]
    if token not in versions:
        raise ValueError("Secret version %s has no stage for rotation of secret %s" % (token, arn))
    if "AWSCURRENT" in versions[token]:
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError("Secret version %s is not pending for rotation of secret %s" % (token, arn))

    steps = {
        "createSecret": create_secret,
        "setSecret": set_secret,
        "testSecret": test_secret,
        "finishSecret": finish_secret,
    }
    if step not in steps:
        raise ValueError("Invalid step parameter %s for secret %s" % (step, arn))
    steps[step](client, arn, token)


def create_secret(client, arn, token):
    current = get_secret(client, arn, "AWSCURRENT")
    try:
        get_secret(client, arn, "AWSPENDING", token)
        return  # an earlier attempt has made it
    except client.exceptions.ResourceNotFoundException:
        pass
    password = client.get_random_password(
        ExcludeCharacters=os.environ.get("EXCLUDE_CHARACTERS", ":/@\"'\\")
    )
    current["password"] = password["RandomPassword"]
    client.put_secret_value(
        SecretId=arn,
        ClientRequestToken=token,
        SecretString=json.dumps(current),
        VersionStages=["AWSPENDING"],
    )


def set_secret(client, arn, token):
    pending = get_secret(client, arn, "AWSPENDING", token)
    if log_in(pending):
        return
    current = get_secret(client, arn, "AWSCURRENT")
    if not log_in(current):
        raise ValueError("Unable to log into database with the current secret of %s" % arn)
    with sqlite3.connect(current["host"]) as database:
        database.execute(
            "UPDATE users SET password = ? WHERE name = ? AND password = ?",
            (pending["password"], current["username"], current["password"]),
        )


def test_secret(client, arn, token):
    if not log_in(get_secret(client, arn, "AWSPENDING", token)):
        raise ValueError("Unable to log into database with the pending secret of %s" % arn)


def finish_secret(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    current = next((v for v, stages in versions.items() if "AWSCURRENT" in stages), None)
    if current == token:
        return
    client.update_secret_version_stage(
        SecretId=arn,
        VersionStage="AWSCURRENT",
        MoveToVersionId=token,
        RemoveFromVersionId=current,
    )


def get_secret(client, arn, stage, token=None):
    which = {"VersionId": token} if token else {}
    secret = client.get_secret_value(SecretId=arn, VersionStage=stage, **which)
    return json.loads(secret["SecretString"])


def log_in(secret):
    with sqlite3.connect(secret["host"]) as database:
        return database.execute(
            "SELECT 1 FROM users WHERE name = ? AND password = ?",
            (secret["username"], secret["password"]),
        ).fetchone()


if __name__ == "__main__":
    lambda_handler(json.load(sys.stdin), None)
