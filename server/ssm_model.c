/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ssm_model.c - tables alone: what Parameter Store's requests may hold.
 */
#include "server/members.h"
#include "server/ssm.h"

static bool is_key_id(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/_-";
    return *text && text[strspn(text, allowed)] == '\0';
}

static bool is_filter_key(const char *text)
{
    static const char *const keys[] = {"Name",  "Type", "KeyId",   "Path",
                                       "Label", "Tier", "DataType"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i], text) == 0)
            return true;
    }
    return strncmp(text, "tag:", 4) == 0 && text[4];
}

static const char *const types[] = {"SecureString", "StringList", "String", NULL};
static const char *const tiers[] = {"Standard", "Advanced", "Intelligent-Tiering", NULL};
static const char *const old_keys[] = {"Name", "Type", "KeyId", NULL};
static const char *const resource_types[] = {
    "Association", "Automation",  "Document",  "MaintenanceWindow", "ManagedInstance",
    "OpsItem",     "OpsMetadata", "Parameter", "PatchBaseline",     NULL};

#define NAME       REQUIRED("Name", 1, 2048)
#define DECRYPT    BOOLEAN("WithDecryption")
#define PAGE(most) NUMBER("MaxResults", 1, most), TEXT("NextToken", 0, 4096)
#define NEEDED(member, element, least, most)                                                       \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_LIST, .required = true, .min = least, .max = most,   \
        .of = element                                                                              \
    }
#define RESOURCE                                                                                   \
    {.name = "ResourceType",                                                                       \
     .type = SERVER_MEMBER_TEXT,                                                                   \
     .required = true,                                                                             \
     .values = resource_types},                                                                    \
        REQUIRED("ResourceId", 1, 2048)

static const struct server_member tag_members[] = {REQUIRED("Key", 1, 128),
                                                   REQUIRED("Value", 0, 256), END};
static const struct server_member tag = {.type = SERVER_MEMBER_STRUCTURE, .of = tag_members};
static const struct server_member tag_key = TEXT(NULL, 1, 128);
static const struct server_member name = TEXT(NULL, 1, 2048);
static const struct server_member label = TEXT(NULL, 1, 100);
static const struct server_member filter_value = TEXT(NULL, 1, 1024);
static const struct server_member filter_members[] = {
    {.name = "Key",
     .type = SERVER_MEMBER_TEXT,
     .required = true,
     .min = 1,
     .max = 132,
     .pattern = "tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType",
     .matches = is_filter_key},
    TEXT("Option", 1, 10),
    LIST("Values", &filter_value, 1, 50),
    END};
static const struct server_member filter = {.type = SERVER_MEMBER_STRUCTURE, .of = filter_members};
static const struct server_member old_filter_members[] = {
    {.name = "Key", .type = SERVER_MEMBER_TEXT, .required = true, .values = old_keys},
    NEEDED("Values", &filter_value, 1, 50),
    END};
static const struct server_member old_filter = {.type = SERVER_MEMBER_STRUCTURE,
                                                .of = old_filter_members};

const struct server_member server_ssm_add_tags[] = {RESOURCE, NEEDED("Tags", &tag, 0, 1000), END};

const struct server_member server_ssm_remove_tags[] = {RESOURCE, NEEDED("TagKeys", &tag_key, 0, 0),
                                                       END};

const struct server_member server_ssm_list_tags[] = {RESOURCE, END};

const struct server_member server_ssm_delete_parameter[] = {NAME, END};

const struct server_member server_ssm_delete_parameters[] = {NEEDED("Names", &name, 1, 10), END};

const struct server_member server_ssm_get_parameter[] = {NAME, DECRYPT, END};

const struct server_member server_ssm_get_parameters[] = {NEEDED("Names", &name, 1, 10), DECRYPT,
                                                          END};

const struct server_member server_ssm_get_parameter_history[] = {NAME, DECRYPT, PAGE(50), END};

const struct server_member server_ssm_get_by_path[] = {REQUIRED("Path", 1, 2048),
                                                       BOOLEAN("Recursive"),
                                                       LIST("ParameterFilters", &filter, 0, 0),
                                                       DECRYPT,
                                                       PAGE(10),
                                                       END};

const struct server_member server_ssm_describe_parameters[] = {
    LIST("Filters", &old_filter, 0, 0), LIST("ParameterFilters", &filter, 0, 0), PAGE(50),
    BOOLEAN("Shared"), END};

const struct server_member server_ssm_label_version[] = {
    NAME,
    {.name = "ParameterVersion", .type = SERVER_MEMBER_NUMBER, .min = INT64_MIN},
    NEEDED("Labels", &label, 1, 10),
    END};

const struct server_member server_ssm_unlabel_version[] = {
    NAME,
    {.name = "ParameterVersion", .type = SERVER_MEMBER_NUMBER, .required = true, .min = INT64_MIN},
    NEEDED("Labels", &label, 1, 10),
    END};

const struct server_member server_ssm_put_parameter[] = {
    NAME,
    TEXT("Description", 0, 1024),
    {.name = "Value", .type = SERVER_MEMBER_TEXT, .required = true, .hidden = true, .min = 1},
    {.name = "Type", .type = SERVER_MEMBER_TEXT, .values = types},
    {.name = "KeyId",
     .type = SERVER_MEMBER_TEXT,
     .min = 1,
     .max = 256,
     .pattern = "^([a-zA-Z0-9:/_-]+)$",
     .matches = is_key_id},
    BOOLEAN("Overwrite"),
    TEXT("AllowedPattern", 0, 1024),
    LIST("Tags", &tag, 0, 1000),
    {.name = "Tier", .type = SERVER_MEMBER_TEXT, .values = tiers},
    TEXT("Policies", 1, 4096),
    TEXT("DataType", 0, 128),
    END};
