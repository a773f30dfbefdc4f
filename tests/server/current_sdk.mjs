// SPDX-License-Identifier: LGPL-2.1-or-later
// current_sdk.mjs - the operations on secrets through AWS's SDK for JavaScript.
// Run by t_current_sdks.sh beside the node_modules it has installed; prints "done".
import assert from "node:assert/strict";
import * as sm from "@aws-sdk/client-secrets-manager";

const client = new sm.SecretsManagerClient({ endpoint: process.env.url, region: "us-east-1", maxAttempts: 1 });
const call = (operation, input) => client.send(new sm[`${operation}Command`](input));
const refuses = async (operation, input, name, message) =>
  assert.rejects(call(operation, input), (error) => {
    assert.equal(error.name, name);
    assert.equal(error.message, message);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });

const { ARN, VersionId } = await call("CreateSecret", {
  Name: "node/s",
  SecretString: "one \u20ac",
  Tags: [{ Key: "k", Value: "v" }],
});
let got = await call("GetSecretValue", { SecretId: "node/s" });
assert.equal(got.SecretString, "one \u20ac");
assert.equal(got.VersionId, VersionId);
assert.ok(Math.abs(got.CreatedDate - Date.now()) < 600000);
await call("PutSecretValue", { SecretId: ARN, SecretBinary: Uint8Array.of(0, 1, 255) });
got = await call("GetSecretValue", { SecretId: ARN });
assert.deepEqual([...got.SecretBinary], [0, 1, 255]);
assert.equal((await call("GetSecretValue", { SecretId: ARN, VersionStage: "AWSPREVIOUS" })).VersionId, VersionId);
const batch = await call("BatchGetSecretValue", { SecretIdList: ["node/s", "nobody"] });
assert.deepEqual([...batch.SecretValues[0].SecretBinary], [0, 1, 255]);
assert.equal(batch.Errors[0].ErrorCode, "ResourceNotFoundException");
await call("UpdateSecretVersionStage", {
  SecretId: ARN,
  VersionStage: "AWSCURRENT",
  MoveToVersionId: VersionId,
  RemoveFromVersionId: got.VersionId,
});
await call("UpdateSecret", { SecretId: ARN, Description: "d" });
const described = await call("DescribeSecret", { SecretId: ARN });
assert.deepEqual(described.VersionIdsToStages, { [VersionId]: ["AWSCURRENT"], [got.VersionId]: ["AWSPREVIOUS"] });
assert.deepEqual(described.Tags, [{ Key: "k", Value: "v" }]);
assert.equal(described.Description, "d");
const names = [];
for await (const page of sm.paginateListSecrets({ client, pageSize: 1 }, { SortBy: "name" }))
  names.push(...page.SecretList.map((secret) => secret.Name));
assert.deepEqual(names, ["node/s"]);
assert.equal((await call("ListSecretVersionIds", { SecretId: ARN })).Versions.length, 2);
assert.equal((await call("GetRandomPassword", { PasswordLength: 20 })).RandomPassword.length, 20);
await call("TagResource", { SecretId: ARN, Tags: [{ Key: "x", Value: "y" }] });
await call("UntagResource", { SecretId: ARN, TagKeys: ["x", "k"] });
await refuses("RotateSecret", { SecretId: ARN }, "InvalidRequestException",
  "No Lambda rotation function ARN is associated with this secret.");
await refuses("GetSecretValue", { SecretId: "nobody" }, "ResourceNotFoundException",
  "Secrets Manager can't find the specified secret.");
await refuses("GetRandomPassword", { PasswordLength: 3 }, "InvalidParameterException",
  "Password length is too short based on the required types.");
await call("DeleteSecret", { SecretId: ARN, RecoveryWindowInDays: 7 });
await refuses("GetSecretValue", { SecretId: ARN }, "InvalidRequestException",
  "You can't perform this operation on the secret because it was marked for deletion.");
await call("RestoreSecret", { SecretId: ARN });
const { DeletionDate } = await call("DeleteSecret", { SecretId: ARN, ForceDeleteWithoutRecovery: true });
assert.ok(Math.abs(DeletionDate - Date.now()) < 600000);
console.log("done");
