/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_filters.c - which parameters a list is of.  Called by parameter_list.c.
 */
#include "server/parameter_filters.h"

#include "server/json.h"
#include "server/parameter_names.h"

#define TAG_HEAD 4 /* "tag:" */

static bool is_listed(const char *const *list, const char *text)
{
    while (*list && strcmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

static const char *option_of(const cJSON *filter)
{
    const char *option = server_json_text(filter, "Option");
    bool is_path = strcmp(server_json_text(filter, "Key"), "Path") == 0;
    return option ? option : is_path ? "OneLevel" : "Equals";
}

/* --- checking --------------------------------------------------------------------------------- */

static enum server_error check_key(struct server_call *call, const cJSON *filter, bool by_path)
{
    static const char *const of_path[] = {"Type", "KeyId", "Label", NULL};
    const char *key = server_json_text(filter, "Key");
    bool is_tag = strncmp(key, "tag:", TAG_HEAD) == 0;
    for (const cJSON *other = filter->next; other; other = other->next) {
        if (strcmp(server_json_text(other, "Key"), key) == 0)
            return server_fail(call, SERVER_INVALID_FILTER_KEY,
                               "The following filter is duplicated in the request: %s. A request "
                               "can contain only one occurrence of a specific filter.",
                               key);
    }
    if (by_path && !is_tag && !is_listed(of_path, key))
        return server_fail(call, SERVER_INVALID_FILTER_KEY,
                           "The following filter key is not valid: %s. Valid filter keys include: "
                           "[Type, KeyId].",
                           key);
    if (!by_path && strcmp(key, "Label") == 0)
        return server_fail(call, SERVER_INVALID_FILTER_KEY,
                           "The following filter key is not valid: %s. Valid filter keys include: "
                           "[Path, Name, Type, KeyId, Tier].",
                           key);
    if (!server_json_get(filter, "Values") && !is_tag)
        return server_fail(call, SERVER_INVALID_FILTER_VALUE,
                           "The following filter values are missing : null for filter key %s.",
                           key);
    return SERVER_OK;
}

static enum server_error check_option(struct server_call *call, const cJSON *filter)
{
    static const char *const of_path[] = {"Recursive", "OneLevel", NULL};
    static const char *const of_name[] = {"BeginsWith", "Equals", "Contains", NULL};
    static const char *const of_others[] = {"BeginsWith", "Equals", NULL};
    const char *key = server_json_text(filter, "Key"), *option = option_of(filter);
    bool is_path = strcmp(key, "Path") == 0, is_name = strcmp(key, "Name") == 0;
    if (is_listed(is_path ? of_path : is_name ? of_name : of_others, option))
        return SERVER_OK;
    return server_fail(call, SERVER_INVALID_FILTER_OPTION,
                       "The following filter option is not valid: %s. Valid options include: %s.",
                       option, is_path ? "[Recursive, OneLevel]" : "[BeginsWith, Equals]");
}

static enum server_error check_value(struct server_call *call, const char *key, const char *value)
{
    static const char *const types[] = {"String", "StringList", "SecureString", NULL};
    static const char *const tiers[] = {"Standard", "Advanced", "Intelligent-Tiering", NULL};
    char path[SERVER_PARAMETER_NAME_MAX + 2];
    if (strcmp(key, "Path") == 0)
        return server_parameter_path(call, value, path);
    bool is_type = strcmp(key, "Type") == 0, is_tier = strcmp(key, "Tier") == 0;
    if ((!is_type || is_listed(types, value)) && (!is_tier || is_listed(tiers, value)))
        return SERVER_OK;
    return server_fail(call, SERVER_INVALID_FILTER_OPTION,
                       "The following filter value is not valid: %s. Valid values include: %s.",
                       value,
                       is_type ? "[String, StringList, SecureString]"
                               : "[Standard, Advanced, Intelligent-Tiering]");
}

static enum server_error check_filter(struct server_call *call, const cJSON *filter, bool by_path)
{
    const cJSON *value;
    enum server_error error = check_key(call, filter, by_path);
    if (error == SERVER_OK)
        error = check_option(call, filter);
    cJSON_ArrayForEach(value, server_json_get(filter, "Values"))
    {
        if (error == SERVER_OK)
            error = check_value(call, server_json_text(filter, "Key"), value->valuestring);
    }
    return error;
}

enum server_error server_parameter_filters_check(struct server_call *call, bool by_path)
{
    const cJSON *filter, *filters = server_json_get(call->input, "ParameterFilters");
    enum server_error error = SERVER_OK;
    if (filters && server_json_get(call->input, "Filters"))
        return server_fail(call, SERVER_VALIDATION,
                           "You can use either Filters or ParameterFilters in a single request.");
    cJSON_ArrayForEach(filter, filters)
    {
        if (error == SERVER_OK)
            error = check_filter(call, filter, by_path);
    }
    return error;
}

/* --- matching --------------------------------------------------------------------------------- */

/* A text that is looked for among the filter's values. */
struct search {
    const cJSON *values;
    const char *option;
    const char *tag; /* the key whose value counts */
    bool found;
};

static bool matches(const char *text, const char *option, const char *value)
{
    if (strcmp(option, "BeginsWith") == 0)
        return strncmp(text, value, strlen(value)) == 0;
    return strcmp(option, "Contains") == 0 ? strstr(text, value) != NULL : strcmp(text, value) == 0;
}

static void look_at(struct search *search, const char *text)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, search->values)
    {
        search->found |= matches(text, search->option, value->valuestring);
    }
}

static void look_at_label(void *context, const char *label, const char *unused)
{
    (void)unused;
    look_at(context, label);
}

static void look_at_tag(void *context, const char *key, const char *value)
{
    struct search *search = context;
    if (strcmp(key, search->tag) != 0)
        return;
    search->found |= !search->values; /* the key alone is asked for */
    look_at(search, value);
}

/* "x" is "/x", however the filter has it. */
static void look_at_name(struct search *search, const struct server_parameter *parameter)
{
    look_at(search, parameter->shown);
    look_at(search, parameter->name);
    look_at(search, parameter->name + 1);
}

static bool is_in_path(const struct server_parameter *parameter, const cJSON *filter)
{
    bool recursive = strcmp(option_of(filter), "Recursive") == 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, server_json_get(filter, "Values"))
    {
        char path[SERVER_PARAMETER_NAME_MAX + 2]; /* was checked, so it fits */
        size_t len = strlen(value->valuestring);
        memcpy(path, value->valuestring, len + 1);
        if (len > 1 && path[len - 1] == '/')
            path[len - 1] = '\0';
        if (server_parameter_is_below(parameter->name, path, recursive))
            return true;
    }
    return false;
}

static enum smcred_status passes(const struct server_call *call,
                                 const struct server_parameter *parameter, const cJSON *filter,
                                 bool *out_passes)
{
    const char *key = server_json_text(filter, "Key");
    struct search search = {.values = server_json_get(filter, "Values"),
                            .option = option_of(filter),
                            .tag = key + TAG_HEAD};
    enum smcred_status status = SMCRED_OK;
    if (strcmp(key, "Path") == 0)
        search.found = is_in_path(parameter, filter);
    else if (strcmp(key, "Name") == 0)
        look_at_name(&search, parameter);
    else if (strcmp(key, "Type") == 0)
        look_at(&search, parameter->type);
    else if (strcmp(key, "KeyId") == 0)
        look_at(&search, parameter->key_id);
    else if (strcmp(key, "Tier") == 0)
        look_at(&search, parameter->tier);
    else if (strcmp(key, "DataType") == 0)
        look_at(&search, parameter->data_type);
    else if (strcmp(key, "Label") == 0)
        status = server_store_parameter_labels(call->server->store, parameter->row,
                                               parameter->version, look_at_label, &search);
    else
        status =
            server_store_parameter_tags(call->server->store, parameter->row, look_at_tag, &search);
    *out_passes = search.found;
    return status;
}

/* The older kind: a name by its beginning, the others whole. */
static bool passes_old(const struct server_parameter *parameter, const cJSON *filter)
{
    const char *key = server_json_text(filter, "Key");
    bool is_name = strcmp(key, "Name") == 0;
    struct search search = {.values = server_json_get(filter, "Values"),
                            .option = is_name ? "BeginsWith" : "Equals"};
    if (is_name)
        look_at_name(&search, parameter);
    else
        look_at(&search, strcmp(key, "Type") == 0 ? parameter->type : parameter->key_id);
    return search.found;
}

bool server_parameter_filters_pass(const struct server_call *call,
                                   const struct server_parameter *parameter,
                                   enum smcred_status *inout_status)
{
    const cJSON *filter;
    bool pass = true;
    cJSON_ArrayForEach(filter, server_json_get(call->input, "ParameterFilters"))
    {
        if (*inout_status == SMCRED_OK && pass)
            *inout_status = passes(call, parameter, filter, &pass);
    }
    cJSON_ArrayForEach(filter, server_json_get(call->input, "Filters"))
    {
        pass = pass && passes_old(parameter, filter);
    }
    return pass && *inout_status == SMCRED_OK;
}
