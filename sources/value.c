/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * value.c - reads the JSON that AWS's rotation functions and RDS write into a secret.
 */
#include "sources/value.h"

#include "sources/json.h"

/* What is read from the value; texts are borrowed from the parsed JSON. */
struct fields {
    const char *username;
    const char *host;
    const char *dbname;
    const char *engine;
    const char *password;
    uint32_t port;
};

static enum smcred_status read_text(const cJSON *json, const char *name, size_t len_max,
                                    const char **out_text, struct sm_error *err)
{
    const cJSON *item;
    if (!json_member(json, name, &item))
        return sm_error_set(err, SMCRED_INVALID, "the secret's \"%s\" is there twice", name);
    if (!item)
        return SMCRED_OK;
    if (!cJSON_IsString(item))
        return sm_error_set(err, SMCRED_INVALID, "the secret's \"%s\" is not a string", name);
    if (strlen(item->valuestring) > len_max)
        return sm_error_set(err, SMCRED_INVALID, "the secret's \"%s\" is longer than %zu bytes",
                            name, len_max);
    *out_text = item->valuestring;
    return SMCRED_OK;
}

/* A whole number of 1 to 65535, or a string of such digits. */
static bool port_of(const cJSON *item, uint32_t *out_port)
{
    double number = item->valuedouble;
    if (cJSON_IsString(item)) {
        size_t len = strlen(item->valuestring);
        if (len == 0 || len > 5 || strspn(item->valuestring, "0123456789") != len)
            return false;
        number = (double)strtoul(item->valuestring, NULL, 10);
    } else if (!cJSON_IsNumber(item)) {
        return false;
    }
    if (!(number >= 1 && number <= 65535) || (double)(uint32_t)number != number)
        return false;
    *out_port = (uint32_t)number;
    return true;
}

static enum smcred_status read_port(const cJSON *json, uint32_t *out_port, struct sm_error *err)
{
    const cJSON *item;
    if (!json_member(json, "port", &item))
        return sm_error_set(err, SMCRED_INVALID, "the secret's \"port\" is there twice");
    if (item && !port_of(item, out_port))
        return sm_error_set(err, SMCRED_INVALID, "the secret's \"port\" is not a port number");
    return SMCRED_OK;
}

static enum smcred_status read_fields(const cJSON *json, struct fields *fields,
                                      struct sm_error *err)
{
    const struct {
        const char *name;
        const char **text;
        size_t len_max;
    } members[] = {{"username", &fields->username, VALUE_TEXT_MAX},
                   {"password", &fields->password, SM_SECRET_MAX},
                   {"host", &fields->host, VALUE_TEXT_MAX},
                   {"dbname", &fields->dbname, VALUE_TEXT_MAX},
                   {"engine", &fields->engine, VALUE_TEXT_MAX}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        enum smcred_status status =
            read_text(json, members[i].name, members[i].len_max, members[i].text, err);
        if (status != SMCRED_OK)
            return status;
    }
    return read_port(json, &fields->port, err);
}

/*
 * Braces around, and a quote inside: meant as JSON, so that a broken one is an error.  Anything
 * else that does not parse as an object is a password, which may well start with a brace.
 */
static bool is_meant_as_json(struct sm_bytes value)
{
    const char *text = value.data;
    size_t from = 0, to = value.len;
    while (from < to && strchr(" \t\r\n", text[from]) && text[from])
        from++;
    while (to > from && strchr(" \t\r\n", text[to - 1]) && text[to - 1])
        to--;
    return to - from >= 2 && text[from] == '{' && text[to - 1] == '}' &&
           (to - from == 2 || memchr(text + from, '"', to - from));
}

static enum smcred_status make_snapshot(struct sm_vault *vault, const struct sm_snapshot *about,
                                        const struct fields *fields, struct sm_bytes password,
                                        const struct sm_secret *kept,
                                        struct sm_snapshot **out_snapshot)
{
    sm_autosecret struct sm_secret *password_copy = NULL;
    sm_autosecret struct sm_secret *value_copy = NULL;
    enum smcred_status status = SMCRED_OK;
    if (password.data)
        status = sm_secret_new(vault, password, &password_copy);
    if (status == SMCRED_OK && kept)
        status = sm_secret_new(vault, sm_secret_view(kept), &value_copy);
    if (status != SMCRED_OK)
        return status;
    const struct sm_snapshot from = {.name = about->name,
                                     .arn = about->arn,
                                     .version_id = about->version_id,
                                     .stages = about->stages,
                                     .created_at_ms = about->created_at_ms,
                                     .username = fields->username,
                                     .host = fields->host,
                                     .dbname = fields->dbname,
                                     .engine = fields->engine,
                                     .port = fields->port,
                                     .password = password_copy,
                                     .value = value_copy};
    status = sm_snapshot_new(&from, out_snapshot);
    if (status == SMCRED_OK) { /* the snapshot owns them now */
        password_copy = NULL;
        value_copy = NULL;
    }
    return status;
}

enum smcred_status value_snapshot(struct sm_vault *vault, const struct sm_snapshot *about,
                                  const struct sm_secret *value, bool keep,
                                  struct sm_snapshot **out_snapshot, struct sm_error *err)
{
    struct fields fields = {.port = 0};
    struct sm_bytes text = sm_secret_view(value);
    struct sm_bytes password = text;
    json_auto cJSON *json = is_meant_as_json(text) ? json_parse(text) : NULL;
    if (is_meant_as_json(text)) {
        if (!cJSON_IsObject(json))
            return sm_error_set(err, SMCRED_INVALID,
                                "the secret's value looks like JSON and is not");
        enum smcred_status status = read_fields(json, &fields, err);
        if (status != SMCRED_OK)
            return status;
        password = sm_bytes_of(fields.password);
    } else if (text.len == 0 || memchr(text.data, '\0', text.len)) {
        return sm_error_set(err, SMCRED_INVALID, "the secret's value is %s",
                            text.len ? "a password with a NUL byte" : "empty");
    }
    enum smcred_status status =
        make_snapshot(vault, about, &fields, password, keep ? value : NULL, out_snapshot);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "the secret's value: %s", sm_status_text(status));
    return SMCRED_OK;
}
