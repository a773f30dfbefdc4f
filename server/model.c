/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model.c - tables alone.  Read by validate, named by dispatch's table of operations.
 */
#include "server/model.h"

#include "server/labels.h"
#include "server/members.h"
#include "server/names.h"
#include "server/schedule.h"

static bool is_filter_value(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  " :_@/+=.-!";
    return text[strspn(text, allowed)] == '\0';
}

static bool is_rotation_token(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    return *text && text[strspn(text, allowed)] == '\0';
}

static const char *const filter_keys[] = {
    "description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all", NULL};
static const char *const sort_orders[] = {"asc", "desc", NULL};
static const char *const sort_keys[] = {"created-date", "last-accessed-date", "last-changed-date",
                                        "name", NULL};

#define SECRET_ID  REQUIRED("SecretId", 1, 2048)
#define TOKEN      TEXT("ClientRequestToken", 32, 64)
#define PAGE(most) NUMBER("MaxResults", 1, most), TEXT("NextToken", 1, 4096)
/* AWS documents the maximum in bytes. */
#define VALUE                                                                                      \
    {.name = "SecretString",                                                                       \
     .type = SERVER_MEMBER_TEXT,                                                                   \
     .sensitive = true,                                                                            \
     .in_bytes = true,                                                                             \
     .min = 1,                                                                                     \
     .max = SM_SECRET_MAX},                                                                        \
    {                                                                                              \
        .name = "SecretBinary", .type = SERVER_MEMBER_BLOB, .sensitive = true, .min = 1,           \
        .max = SM_SECRET_MAX                                                                       \
    }

static const struct server_member tag_members[] = {REQUIRED("Key", 1, 128), TEXT("Value", 0, 256),
                                                   END};
static const struct server_member tag = {.type = SERVER_MEMBER_STRUCTURE, .of = tag_members};
static const struct server_member tag_key = TEXT(NULL, 1, 128);
static const struct server_member label = TEXT(NULL, 1, 256);
static const struct server_member filter_value = {.type = SERVER_MEMBER_TEXT,
                                                  .max = 512,
                                                  .pattern =
                                                      "^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$",
                                                  .matches = is_filter_value};
static const struct server_member filter_members[] = {
    {.name = "Key", .type = SERVER_MEMBER_TEXT, .values = filter_keys},
    LIST("Values", &filter_value, 1, 10),
    END};
static const struct server_member filter = {.type = SERVER_MEMBER_STRUCTURE, .of = filter_members};

static const struct server_member secret_id = TEXT(NULL, 1, 2048);

static bool is_region(const char *text)
{
    return server_region_is_valid(text);
}

#define REGION(member)                                                                             \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_TEXT, .min = 1, .max = 128,                          \
        .pattern = "^([a-z]+-)+\\d+$", .matches = is_region                                        \
    }
static const struct server_member replica_members[] = {REGION("Region"), TEXT("KmsKeyId", 0, 2048),
                                                       END};
static const struct server_member replica = {.type = SERVER_MEMBER_STRUCTURE,
                                             .of = replica_members};
static const struct server_member region = REGION(NULL);
#define REPLICAS(is_required)                                                                      \
    {.name = "AddReplicaRegions",                                                                  \
     .type = SERVER_MEMBER_LIST,                                                                   \
     .required = is_required,                                                                      \
     .min = 1,                                                                                     \
     .of = &replica},                                                                              \
        BOOLEAN("ForceOverwriteReplicaSecret")

const struct server_member server_model_batch_get_secret_value[] = {
    LIST("SecretIdList", &secret_id, 1, 20), LIST("Filters", &filter, 0, 10), PAGE(20), END};

const struct server_member server_model_create_secret[] = {REQUIRED("Name", 1, SERVER_NAME_MAX),
                                                           TOKEN,
                                                           TEXT("Description", 0, 2048),
                                                           TEXT("KmsKeyId", 0, 2048),
                                                           VALUE,
                                                           LIST("Tags", &tag, 0, 0),
                                                           REPLICAS(false),
                                                           END};

const struct server_member server_model_delete_secret[] = {
    SECRET_ID,
    {.name = "RecoveryWindowInDays", .type = SERVER_MEMBER_NUMBER, .min = INT64_MIN},
    BOOLEAN("ForceDeleteWithoutRecovery"),
    END};

const struct server_member server_model_describe_secret[] = {SECRET_ID, END};

const struct server_member server_model_get_random_password[] = {NUMBER("PasswordLength", 1, 4096),
                                                                 TEXT("ExcludeCharacters", 0, 4096),
                                                                 BOOLEAN("ExcludeNumbers"),
                                                                 BOOLEAN("ExcludePunctuation"),
                                                                 BOOLEAN("ExcludeUppercase"),
                                                                 BOOLEAN("ExcludeLowercase"),
                                                                 BOOLEAN("IncludeSpace"),
                                                                 BOOLEAN("RequireEachIncludedType"),
                                                                 END};

const struct server_member server_model_get_secret_value[] = {SECRET_ID, TEXT("VersionId", 32, 64),
                                                              TEXT("VersionStage", 1, 256), END};

const struct server_member server_model_list_secret_version_ids[] = {
    SECRET_ID, PAGE(100), BOOLEAN("IncludeDeprecated"), END};

const struct server_member server_model_list_secrets[] = {
    PAGE(100),
    BOOLEAN("IncludePlannedDeletion"),
    LIST("Filters", &filter, 0, 10),
    {.name = "SortOrder", .type = SERVER_MEMBER_TEXT, .values = sort_orders},
    {.name = "SortBy", .type = SERVER_MEMBER_TEXT, .values = sort_keys},
    END};

const struct server_member server_model_put_secret_value[] = {
    SECRET_ID,
    TOKEN,
    VALUE,
    LIST("VersionStages", &label, 1, SERVER_LABELS_MAX),
    {.name = "RotationToken",
     .type = SERVER_MEMBER_TEXT,
     .sensitive = true,
     .min = 36,
     .max = 256,
     .pattern = "^[a-zA-Z0-9\\-]+$",
     .matches = is_rotation_token},
    END};

const struct server_member server_model_restore_secret[] = {SECRET_ID, END};

static bool is_expression(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789()#?*-/, ";
    return text[strspn(text, allowed)] == '\0';
}

static bool is_duration(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && strcmp(text + digits, "h") == 0;
}

static const struct server_member rotation_rules_members[] = {
    NUMBER("AutomaticallyAfterDays", 1, SERVER_SCHEDULE_DAYS_MAX),
    {.name = "Duration",
     .type = SERVER_MEMBER_TEXT,
     .min = 2,
     .max = SERVER_DURATION_MAX,
     .pattern = "[0-9]+h",
     .matches = is_duration},
    {.name = "ScheduleExpression",
     .type = SERVER_MEMBER_TEXT,
     .min = 1,
     .max = SERVER_EXPRESSION_MAX,
     .pattern = "[0-9A-Za-z\\(\\)#\\?\\*\\-\\/, ]+",
     .matches = is_expression},
    END};

const struct server_member server_model_cancel_rotate_secret[] = {SECRET_ID, END};

const struct server_member server_model_rotate_secret[] = {
    SECRET_ID,
    TOKEN,
    TEXT("RotationLambdaARN", 0, 2048),
    {.name = "RotationRules", .type = SERVER_MEMBER_STRUCTURE, .of = rotation_rules_members},
    BOOLEAN("RotateImmediately"),
    END};

const struct server_member server_model_tag_resource[] = {
    SECRET_ID, {.name = "Tags", .type = SERVER_MEMBER_LIST, .required = true, .of = &tag}, END};

const struct server_member server_model_untag_resource[] = {
    SECRET_ID,
    {.name = "TagKeys", .type = SERVER_MEMBER_LIST, .required = true, .of = &tag_key},
    END};

const struct server_member server_model_update_secret[] = {
    SECRET_ID, TOKEN, TEXT("Description", 0, 2048), TEXT("KmsKeyId", 0, 2048), VALUE, END};

const struct server_member server_model_update_secret_version_stage[] = {
    SECRET_ID, REQUIRED("VersionStage", 1, 256), TEXT("RemoveFromVersionId", 32, 64),
    TEXT("MoveToVersionId", 32, 64), END};

#define POLICY REQUIRED("ResourcePolicy", 1, 20480)

const struct server_member server_model_delete_resource_policy[] = {SECRET_ID, END};

const struct server_member server_model_get_resource_policy[] = {SECRET_ID, END};

const struct server_member server_model_put_resource_policy[] = {SECRET_ID, POLICY,
                                                                 BOOLEAN("BlockPublicPolicy"), END};

const struct server_member server_model_validate_resource_policy[] = {TEXT("SecretId", 1, 2048),
                                                                      POLICY, END};

const struct server_member server_model_remove_regions[] = {SECRET_ID,
                                                            {.name = "RemoveReplicaRegions",
                                                             .type = SERVER_MEMBER_LIST,
                                                             .required = true,
                                                             .min = 1,
                                                             .of = &region},
                                                            END};

const struct server_member server_model_replicate_secret[] = {SECRET_ID, REPLICAS(true), END};

const struct server_member server_model_stop_replication[] = {SECRET_ID, END};
