/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secretsmanager.c - the module libsmcred_source_secretsmanager.so: AWS Secrets Manager, or
 * smcred-server.
 *
 * Its settings are the table below.  Called from several threads at once: what changes after open()
 * is the credentials, under the lock, and what awsclient.h says.
 */
#include <ctype.h>
#include <stdio.h>

#include "sources/awsclient.h"
#include "sources/json.h"
#include "sources/module.h"
#include "sources/value.h"
#include "sources/wipe.h"

#define CONNECT_TIMEOUT_S 3
#define TIMEOUT_S         10 /* of one attempt */
#define LIST_PAGES_MAX    3  /* of one look at many secrets */

enum setting {
    SET_REGION,
    SET_ENDPOINT_URL,
    SET_PROFILE,
    SET_ACCESS_KEY_ID,
    SET_SECRET_ACCESS_KEY_FILE,
    SET_CA_FILE,
    SET_TEXTS, /* those above are texts that we keep */
    SET_CONNECT_TIMEOUT = SET_TEXTS,
    SET_TIMEOUT,
    SET_MAX_ATTEMPTS,
    SET_KEEP,
    SET_COUNT
};

static const char *const setting_names[SET_COUNT] = {
    [SET_REGION] = "region",
    [SET_ENDPOINT_URL] = "endpoint_url",
    [SET_PROFILE] = "profile",
    [SET_ACCESS_KEY_ID] = "access_key_id",
    [SET_SECRET_ACCESS_KEY_FILE] = "secret_access_key_file",
    [SET_CA_FILE] = "ca_file",
    [SET_CONNECT_TIMEOUT] = "connect_timeout", /* seconds */
    [SET_TIMEOUT] = "timeout",                 /* seconds, of one attempt */
    [SET_MAX_ATTEMPTS] = "max_attempts",
    [SET_KEEP] = "keep", /* the whole value in the snapshot, too: yes or no */
};

struct sm_source {
    struct sm_vault *vault;
    char *texts[SET_TEXTS]; /* NULL where not set */
    bool keep;
    char region[REGION_MAX];
    struct aws_client client;
    pthread_mutex_t lock;                /* of what follows */
    struct aws_profiles *profiles;       /* as read last */
    struct aws_credentials *credentials; /* NULL until first needed */
};

static bool knows(const char *key)
{
    for (size_t i = 0; i < SET_COUNT; i++)
        if (strcmp(setting_names[i], key) == 0)
            return true;
    return false;
}

static const char *env_of(const char *name)
{
    return secure_getenv(name);
}

static const char *profile_name(const struct sm_source *source)
{
    const char *named = env_of("AWS_PROFILE");
    const char *older = env_of("AWS_DEFAULT_PROFILE");
    if (source->texts[SET_PROFILE])
        return source->texts[SET_PROFILE];
    if (named && named[0])
        return named;
    return older && older[0] ? older : "default";
}

/* Anew from settings, environment and the profiles as they are.  Under the lock. */
static enum smcred_status resolve_credentials(struct sm_source *source, struct sm_error *err)
{
    const struct credentials_wishes wishes = {
        .vault = source->vault,
        .env = env_of,
        .profiles = source->profiles,
        .profile = profile_name(source),
        .profile_is_setting = source->texts[SET_PROFILE] != NULL,
        .access_key_id = source->texts[SET_ACCESS_KEY_ID],
        .secret_access_key_file = source->texts[SET_SECRET_ACCESS_KEY_FILE]};
    struct aws_credentials *found;
    enum smcred_status status = credentials_resolve(&wishes, &found, err);
    if (status != SMCRED_OK)
        return status;
    aws_credentials_unref(source->credentials);
    source->credentials = found;
    return SMCRED_OK;
}

/* The credentials to sign with, counted for the caller. */
static enum smcred_status take_credentials(struct sm_source *source,
                                           struct aws_credentials **out_credentials,
                                           struct sm_error *err)
{
    (void)pthread_mutex_lock(&source->lock); /* fails only when misused */
    enum smcred_status status = source->credentials ? SMCRED_OK : resolve_credentials(source, err);
    if (status == SMCRED_OK)
        *out_credentials = aws_credentials_ref(source->credentials);
    (void)pthread_mutex_unlock(&source->lock);
    return status;
}

/*
 * The service does not know `refused` any more: reads files and environment again.  True if there
 * are other ones now, be it that another thread was faster.
 */
static bool renew_credentials(struct sm_source *source, const struct aws_credentials *refused)
{
    struct aws_profiles *profiles;
    (void)pthread_mutex_lock(&source->lock); /* fails only when misused */
    bool renewed = source->credentials != refused;
    if (!renewed && aws_profiles_load(source->vault, env_of, &profiles, NULL) == SMCRED_OK) {
        aws_profiles_free(source->profiles);
        source->profiles = profiles;
        renewed = resolve_credentials(source, NULL) == SMCRED_OK;
    }
    (void)pthread_mutex_unlock(&source->lock);
    return renewed;
}

/* arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME; false if it is no such thing. */
static bool region_of_arn(const char *secret_id, char out_region[REGION_MAX])
{
    const char *at = secret_id;
    if (strncmp(secret_id, "arn:", 4) != 0)
        return false;
    for (int colons = 0; colons < 3 && at; colons++) {
        at = strchr(at, ':');
        at = at ? at + 1 : NULL;
    }
    size_t len = at ? strcspn(at, ":") : 0;
    if (len == 0 || len >= REGION_MAX || at[len] != ':')
        return false;
    memcpy(out_region, at, len);
    out_region[len] = '\0';
    return endpoint_region_is_sane(out_region);
}

static enum smcred_status find_endpoint(struct sm_source *source, const char *region,
                                        struct endpoint *out_endpoint, struct sm_error *err)
{
    (void)pthread_mutex_lock(&source->lock); /* fails only when misused */
    const struct endpoint_wishes wishes = {.env = env_of,
                                           .profiles = source->profiles,
                                           .profile = profile_name(source),
                                           .url = source->texts[SET_ENDPOINT_URL],
                                           .region = region};
    enum smcred_status status = endpoint_resolve(&wishes, out_endpoint, err);
    (void)pthread_mutex_unlock(&source->lock);
    return status;
}

static const char *first_region(const struct sm_source *source)
{
    static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    if (source->texts[SET_REGION])
        return source->texts[SET_REGION];
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = env_of(variables[i]);
        if (value && value[0])
            return value;
    }
    return aws_profiles_text(source->profiles, AWS_PROFILE, profile_name(source), "region");
}

static enum smcred_status choose_region(struct sm_source *source, struct sm_error *err)
{
    const char *region = first_region(source), *profile = profile_name(source);
    if (!region && strcmp(profile, "default") != 0 &&
        !aws_profiles_has(source->profiles, AWS_PROFILE, profile))
        return sm_error_set(err, SMCRED_INVALID, "there is no AWS profile %s", profile);
    if (!region)
        return sm_error_set(err, SMCRED_INVALID,
                            "no region: set region, AWS_REGION, or that of the AWS profile");
    if (!endpoint_region_is_sane(region))
        return sm_error_set(err, SMCRED_INVALID, "region is not one (a-z, 0-9, -)");
    (void)snprintf(source->region, sizeof source->region, "%s", region); /* fits: it is sane */
    return SMCRED_OK;
}

static enum smcred_status copy_texts(struct sm_source *source,
                                     const struct sm_source_settings *settings,
                                     struct sm_error *err)
{
    for (size_t i = 0; i < SET_TEXTS; i++) {
        const char *value = module_setting(settings, setting_names[i]);
        if (value && !(source->texts[i] = strdup(value)))
            return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    if (!source->texts[SET_ACCESS_KEY_ID] != !source->texts[SET_SECRET_ACCESS_KEY_FILE])
        return sm_error_set(err, SMCRED_INVALID,
                            "access_key_id and secret_access_key_file go together");
    if (source->texts[SET_ACCESS_KEY_ID] && source->texts[SET_PROFILE])
        return sm_error_set(err, SMCRED_INVALID, "access_key_id and profile exclude each other");
    return SMCRED_OK;
}

static enum smcred_status copy_numbers(struct sm_source *source,
                                       const struct sm_source_settings *settings,
                                       struct sm_error *err)
{
    unsigned connect_s = CONNECT_TIMEOUT_S, timeout_s = TIMEOUT_S, attempts = RETRY_ATTEMPTS;
    enum smcred_status status =
        module_number(settings, setting_names[SET_CONNECT_TIMEOUT], 1, 300, &connect_s, err);
    if (status == SMCRED_OK)
        status = module_number(settings, setting_names[SET_TIMEOUT], 1, 300, &timeout_s, err);
    if (status == SMCRED_OK)
        status = module_number(settings, setting_names[SET_MAX_ATTEMPTS], 1, 10, &attempts, err);
    if (status == SMCRED_OK)
        status = module_switch(settings, setting_names[SET_KEEP], &source->keep, err);
    source->client.connect_timeout_ms = (int64_t)connect_s * 1000;
    source->client.timeout_ms = (int64_t)timeout_s * 1000;
    source->client.attempts_max = attempts;
    return status;
}

/* The setting, else AWS_CA_BUNDLE, else the profile's ca_bundle, else the system's. */
static enum smcred_status choose_ca_file(struct sm_source *source, struct sm_error *err)
{
    const char *bundle = env_of("AWS_CA_BUNDLE");
    if (!source->texts[SET_CA_FILE] && (!bundle || !bundle[0]))
        bundle =
            aws_profiles_text(source->profiles, AWS_PROFILE, profile_name(source), "ca_bundle");
    if (!source->texts[SET_CA_FILE] && bundle && bundle[0] &&
        !(source->texts[SET_CA_FILE] = strdup(bundle)))
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    if (source->texts[SET_CA_FILE] && access(source->texts[SET_CA_FILE], R_OK) != 0)
        return sm_error_set(err, SMCRED_INVALID, "ca_file %s: %s", source->texts[SET_CA_FILE],
                            strerror(errno));
    source->client.ca_file = source->texts[SET_CA_FILE];
    return SMCRED_OK;
}

static enum smcred_status fill_source(struct sm_source *source,
                                      const struct sm_source_settings *settings,
                                      struct sm_error *err)
{
    struct endpoint endpoint;
    enum smcred_status status = copy_texts(source, settings, err);
    if (status == SMCRED_OK)
        status = copy_numbers(source, settings, err);
    if (status == SMCRED_OK)
        status = aws_profiles_load(source->vault, env_of, &source->profiles, err);
    if (status == SMCRED_OK)
        status = choose_region(source, err);
    if (status == SMCRED_OK)
        status = choose_ca_file(source, err);
    if (status == SMCRED_OK) /* only to say now what is wrong with it */
        status = find_endpoint(source, source->region, &endpoint, err);
    if (status == SMCRED_OK && source->texts[SET_ACCESS_KEY_ID])
        status = resolve_credentials(source, err);
    return status;
}

static void close_source(struct sm_source *source)
{
    if (!source)
        return;
    aws_credentials_unref(source->credentials);
    aws_profiles_free(source->profiles);
    for (size_t i = 0; i < SET_TEXTS; i++)
        free(source->texts[i]);
    (void)pthread_mutex_destroy(&source->lock);              /* nobody holds it */
    (void)pthread_mutex_destroy(&source->client.quota.lock); /* likewise */
    free(source);
}

static enum smcred_status open_source(const struct sm_source_settings *settings,
                                      struct sm_vault *vault, struct sm_source **out_source,
                                      struct sm_error *err)
{
    struct sm_source *source = calloc(1, sizeof *source);
    if (!source)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    source->vault = vault;
    source->client.vault = vault;
    source->client.world = retry_real_world;
    source->client.quota.tokens = RETRY_QUOTA;
    source->client.post = http_post;
    (void)pthread_mutex_init(&source->lock, NULL); /* default attributes: cannot fail */
    (void)pthread_mutex_init(&source->client.quota.lock, NULL); /* likewise */
    enum smcred_status status = fill_source(source, settings, err);
    if (status != SMCRED_OK) {
        close_source(source);
        return status;
    }
    *out_source = source;
    return SMCRED_OK;
}

static enum smcred_status call_once(struct sm_source *source, struct aws_call *call,
                                    struct aws_credentials *credentials,
                                    struct sm_secret **out_body, struct aws_error *out_error,
                                    struct sm_error *err)
{
    call->credentials = credentials;
    return aws_client_call(&source->client, call, out_body, out_error, err);
}

/* One operation; with other credentials once more if the service does not know these. */
static enum smcred_status call_service(struct sm_source *source, const char *operation,
                                       const char *region, struct sm_bytes body,
                                       int64_t deadline_ms, struct sm_secret **out_body,
                                       struct sm_error *err)
{
    struct endpoint endpoint;
    struct aws_error error = {.code = ""};
    struct aws_credentials *credentials;
    enum smcred_status status = find_endpoint(source, region, &endpoint, err);
    if (status == SMCRED_OK)
        status = take_credentials(source, &credentials, err);
    if (status != SMCRED_OK)
        return status;
    struct aws_call call = {.operation = operation,
                            .body = body,
                            .endpoint = &endpoint,
                            .region = region,
                            .deadline_ms = deadline_ms};
    status = call_once(source, &call, credentials, out_body, &error, err);
    bool again = status != SMCRED_OK && aws_error_is_credentials(&error) &&
                 renew_credentials(source, credentials);
    aws_credentials_unref(credentials);
    if (!again || take_credentials(source, &credentials, err) != SMCRED_OK)
        return status;
    status = call_once(source, &call, credentials, out_body, &error, err);
    aws_credentials_unref(credentials);
    return status;
}

/* {"SecretId":...,"VersionId":...,"VersionStage":...}; free with cJSON_free(). */
static char *write_query(const struct sm_source_query *query, bool with_version)
{
    wipe_hook_cjson();
    json_auto cJSON *json = cJSON_CreateObject();
    bool done = json && cJSON_AddStringToObject(json, "SecretId", query->secret_id);
    if (done && with_version && query->version_id)
        done = cJSON_AddStringToObject(json, "VersionId", query->version_id);
    if (done && with_version && query->stage)
        done = cJSON_AddStringToObject(json, "VersionStage", query->stage);
    return done ? cJSON_PrintUnformatted(json) : NULL;
}

/* Takes the question, of cJSON's memory; the answer is a JSON object. */
static enum smcred_status ask_in(struct sm_source *source, const char *operation,
                                 const char *region, char *question, int64_t deadline_ms,
                                 cJSON **out_json, struct sm_error *err)
{
    sm_autosecret struct sm_secret *body = NULL;
    if (!question)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status =
        call_service(source, operation, region, sm_bytes_of(question), deadline_ms, &body, err);
    cJSON_free(question);
    if (status != SMCRED_OK)
        return status;
    cJSON *json = json_parse(sm_secret_view(body));
    if (!cJSON_IsObject(json)) {
        json_free(json);
        return sm_error_set(err, SMCRED_PROTOCOL, "%s: the answer is not a JSON object we can use",
                            operation);
    }
    *out_json = json;
    return SMCRED_OK;
}

/* Asks about one secret. */
static enum smcred_status ask(struct sm_source *source, const char *operation,
                              const struct sm_source_query *query, bool with_version,
                              cJSON **out_json, struct sm_error *err)
{
    char arn_region[REGION_MAX];
    bool by_arn = !source->texts[SET_REGION] && region_of_arn(query->secret_id, arn_region);
    return ask_in(source, operation, by_arn ? arn_region : source->region,
                  write_query(query, with_version), query->deadline_ms, out_json, err);
}

/* "AWSCURRENT,AWSPENDING"; what does not fit is left out. */
static void join_stages(const cJSON *list, char *out, size_t size)
{
    const cJSON *item;
    size_t at = 0;
    out[0] = '\0';
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item) || strlen(item->valuestring) + 2 > size - at)
            continue;
        at += (size_t)snprintf(out + at, size - at, "%s%s", at ? "," : "", item->valuestring);
    }
}

/* AWS writes epoch seconds as a number, with an exponent or without.  0: it says no such time. */
static int64_t time_ms(const cJSON *json, const char *member)
{
    const cJSON *item;
    if (!json_member(json, member, &item) || !cJSON_IsNumber(item) ||
        !(item->valuedouble > 0 && item->valuedouble < 1e11))
        return 0;
    return (int64_t)(item->valuedouble * 1000 + 0.5);
}

static enum smcred_status read_secret(struct sm_source *source, const struct sm_source_query *query,
                                      const cJSON *json, struct sm_snapshot **out_snapshot,
                                      struct sm_error *err)
{
    char stages[1024];
    const cJSON *labels = NULL;
    const char *text = json_text(json, "SecretString");
    const char *version_id = json_text(json, "VersionId");
    const char *name = json_text(json, "Name");
    if (!text && json_text(json, "SecretBinary"))
        return sm_error_set(err, SMCRED_INVALID, "secret %s is binary; a login needs text",
                            query->secret_id);
    if (!text || !version_id || !version_id[0])
        return sm_error_set(err, SMCRED_PROTOCOL,
                            "GetSecretValue: the answer has no SecretString or VersionId");
    if (query->version_id && strcmp(query->version_id, version_id) != 0)
        return sm_error_set(err, SMCRED_PROTOCOL,
                            "GetSecretValue: the answer is another version than was asked for");
    if (json_member(json, "VersionStages", &labels))
        join_stages(labels, stages, sizeof stages);
    else
        stages[0] = '\0';
    const struct sm_snapshot about = {.name = name ? name : query->secret_id,
                                      .arn = json_text(json, "ARN"),
                                      .version_id = version_id,
                                      .stages = stages,
                                      .created_at_ms = time_ms(json, "CreatedDate")};
    sm_autosecret struct sm_secret *value = NULL;
    enum smcred_status status = sm_secret_new(source->vault, sm_bytes_of(text), &value);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "secret %s: %s", query->secret_id, sm_status_text(status));
    return value_snapshot(source->vault, &about, value, source->keep, out_snapshot, err);
}

static enum smcred_status fetch(struct sm_source *source, const struct sm_source_query *query,
                                struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    enum smcred_status status = ask(source, "GetSecretValue", query, true, &json, err);
    return status == SMCRED_OK ? read_secret(source, query, json, out_snapshot, err) : status;
}

/* One row per label; false if there is no room or a text is too long. */
static bool add_stages(const cJSON *version, struct sm_stage *stages, size_t *io_count)
{
    const cJSON *label;
    cJSON_ArrayForEach(label, version)
    {
        if (!cJSON_IsString(label))
            continue;
        if (*io_count == SM_STAGES_MAX || strlen(version->string) >= sizeof stages->version_id ||
            strlen(label->valuestring) >= sizeof stages->label)
            return false;
        struct sm_stage *stage = &stages[(*io_count)++];
        memcpy(stage->version_id, version->string, strlen(version->string) + 1);
        memcpy(stage->label, label->valuestring, strlen(label->valuestring) + 1);
    }
    return true;
}

/* Of DescribeSecret's answer, or of one entry of ListSecrets'. */
static enum smcred_status read_map(const cJSON *json, const char *member,
                                   struct sm_stage_map *out_map, struct sm_error *err)
{
    const cJSON *map, *version;
    size_t count = 0;
    if (!json_member(json, member, &map))
        return sm_error_set(err, SMCRED_PROTOCOL, "the answer has two maps of stages");
    cJSON_ArrayForEach(version, map)
    {
        if (!version->string || !add_stages(version, out_map->list, &count))
            return sm_error_set(err, SMCRED_TOO_LARGE, "a secret has more stages than %d",
                                SM_STAGES_MAX);
    }
    out_map->count = count;
    out_map->fixed = true;
    out_map->deleted = time_ms(json, "DeletedDate") != 0;
    out_map->rotates = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "RotationEnabled")) ||
                       cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "RotationLambdaARN"));
    out_map->rotated_at_ms = time_ms(json, "LastRotatedDate");
    out_map->next_rotation_ms = time_ms(json, "NextRotationDate");
    return SMCRED_OK;
}

static enum smcred_status read_stages(struct sm_source *source, const struct sm_source_query *query,
                                      struct sm_stage_map *out_map, struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    enum smcred_status status = ask(source, "DescribeSecret", query, false, &json, err);
    return status == SMCRED_OK ? read_map(json, "VersionIdsToStages", out_map, err) : status;
}

/* ---- many at once ---- */

/* The name in an ARN is followed by "-" and six characters of the service's own. */
static cJSON *name_of(const char *secret_id)
{
    const char *name = strncmp(secret_id, "arn:", 4) == 0 ? strstr(secret_id, ":secret:") : NULL;
    if (!name)
        return cJSON_CreateString(secret_id);
    name += strlen(":secret:");
    size_t len = strlen(name);
    char text[513];
    if (len > 7 && name[len - 7] == '-')
        len -= 7;
    (void)snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : 0), name);
    return cJSON_CreateString(text);
}

static bool add(cJSON *list, cJSON *item)
{
    bool added = item && cJSON_AddItemToArray(list, item);
    if (!added)
        cJSON_Delete(item);
    return added;
}

/* {"Filters":[{"Key":"name","Values":[...]}],"MaxResults":100,"NextToken":...}; names are prefixes.
 */
static char *write_list_query(const char *const *secret_ids, size_t count, const char *token)
{
    wipe_hook_cjson();
    json_auto cJSON *json = cJSON_CreateObject();
    cJSON *filters = cJSON_AddArrayToObject(json, "Filters");
    cJSON *filter = cJSON_CreateObject();
    if (!filters || !add(filters, filter))
        return NULL;
    cJSON *values = cJSON_AddArrayToObject(filter, "Values");
    bool done = cJSON_AddStringToObject(filter, "Key", "name") && values &&
                cJSON_AddNumberToObject(json, "MaxResults", 100);
    for (size_t i = 0; done && i < count; i++)
        done = add(values, name_of(secret_ids[i]));
    if (done && token)
        done = cJSON_AddStringToObject(json, "NextToken", token);
    return done ? cJSON_PrintUnformatted(json) : NULL;
}

static bool is_entry_of(const cJSON *entry, const char *secret_id)
{
    const char *name = json_text(entry, "Name"), *arn = json_text(entry, "ARN");
    return (name && strcmp(name, secret_id) == 0) || (arn && strcmp(arn, secret_id) == 0);
}

/* One page; a map that cannot be read is not found. */
static void read_list(const cJSON *json, const char *const *secret_ids, size_t count,
                      struct sm_stage_map *out_maps, bool *out_found)
{
    const cJSON *list = NULL, *entry;
    if (!json_member(json, "SecretList", &list))
        return;
    cJSON_ArrayForEach(entry, list)
    {
        for (size_t i = 0; i < count; i++)
            if (is_entry_of(entry, secret_ids[i]))
                out_found[i] =
                    read_map(entry, "SecretVersionsToStages", &out_maps[i], NULL) == SMCRED_OK;
    }
}

static bool all_found(const bool *found, size_t count)
{
    size_t at = 0;
    while (at < count && found[at])
        at++;
    return at == count;
}

/* Other secrets' names may begin alike, so there may be more pages than one; few are read. */
static enum smcred_status read_many(struct sm_source *source, const char *const *secret_ids,
                                    size_t count, int64_t deadline_ms,
                                    struct sm_stage_map *out_maps, bool *out_found,
                                    struct sm_error *err)
{
    json_auto cJSON *json = NULL;
    const char *token = NULL;
    memset(out_found, 0, count * sizeof *out_found);
    for (int page = 0; page < LIST_PAGES_MAX; page++) {
        char *question = write_list_query(secret_ids, count, token);
        json_free(json);
        json = NULL;
        enum smcred_status status =
            ask_in(source, "ListSecrets", source->region, question, deadline_ms, &json, err);
        if (status != SMCRED_OK)
            return status;
        read_list(json, secret_ids, count, out_maps, out_found);
        token = json_text(json, "NextToken");
        if (!token || all_found(out_found, count))
            break;
    }
    return SMCRED_OK;
}

static bool is_operation(const char *text)
{
    size_t len = 0;
    while (len <= 64 && isalnum((unsigned char)text[len]))
        len++;
    return len > 0 && len <= 64 && text[len] == '\0';
}

static enum smcred_status call(struct sm_source *source, const char *operation,
                               const struct sm_secret *request, int64_t deadline_ms,
                               struct sm_secret **out_answer, struct sm_error *err)
{
    if (!is_operation(operation))
        return sm_error_set(err, SMCRED_INVALID, "that is not the name of an operation");
    return call_service(source, operation, source->region, sm_secret_view(request), deadline_ms,
                        out_answer, err);
}

const struct sm_source_ops smcred_source = {.abi = SM_SOURCE_ABI,
                                            .name = "secretsmanager",
                                            .knows = knows,
                                            .open = open_source,
                                            .close = close_source,
                                            .fetch = fetch,
                                            .stages = read_stages,
                                            .stages_many = read_many,
                                            .call = call};
