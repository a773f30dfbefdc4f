/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret_value.c - reads what a secret says about its database, and writes its next version.
 *
 * Called by manager.c and steps.c.  Two members are replaced where they stand in the text, so that
 * whatever else is in it, numbers and order included, stays as it was written.
 */
#include "rotate/secret_value.h"

#include <stdio.h>

#include "sources/json.h"

#define ESCAPED_MAX 6 /* bytes that one becomes: \u001f */

/* --- reading ---------------------------------------------------------------------------------- */

static const char *text_or_null(const cJSON *json, const char *member)
{
    const char *text = json_text(json, member);
    return text && *text ? text : NULL;
}

/* A number, or digits. */
static bool read_port(const cJSON *json, char out[6])
{
    const cJSON *item;
    double number = 0;
    if (!json_member(json, "port", &item))
        return false;
    if (!item || (cJSON_IsString(item) && !*item->valuestring))
        return true;
    if (cJSON_IsNumber(item))
        number = item->valuedouble;
    else if (cJSON_IsString(item) && strlen(item->valuestring) <= 5 &&
             strspn(item->valuestring, "0123456789") == strlen(item->valuestring))
        number = (double)strtol(item->valuestring, NULL, 10);
    if (!(number >= 1 && number <= 65535) || (double)(int)number != number)
        return false;
    (void)snprintf(out, 6, "%d", (int)number); /* fits */
    return true;
}

/* As AWS's functions read it: a truth value, or its word; anything else says nothing. */
static enum ssl_wish read_ssl(const cJSON *json)
{
    const cJSON *item;
    if (!json_member(json, "ssl", &item) || !item)
        return SSL_NOT_SAID;
    if (cJSON_IsTrue(item) || (cJSON_IsString(item) && strcasecmp(item->valuestring, "true") == 0))
        return SSL_ON;
    if (cJSON_IsFalse(item) ||
        (cJSON_IsString(item) && strcasecmp(item->valuestring, "false") == 0))
        return SSL_OFF;
    return SSL_NOT_SAID;
}

static enum smcred_status missing(const char *member, struct sm_error *err)
{
    return sm_error_set(err, SMCRED_INVALID, "%s key is missing from secret JSON", member);
}

static enum smcred_status read_members(struct secret_value *value, struct sm_error *err)
{
    value->engine = text_or_null(value->json, "engine");
    value->host = text_or_null(value->json, "host");
    value->hostaddr = text_or_null(value->json, "hostaddr");
    value->dbname = text_or_null(value->json, "dbname");
    value->masterarn = text_or_null(value->json, "masterarn");
    value->username = text_or_null(value->json, "username");
    value->password = text_or_null(value->json, "password");
    value->ssl = read_ssl(value->json);
    if (!value->username)
        return missing("username", err);
    if (!value->password)
        return missing("password", err);
    if (!read_port(value->json, value->port))
        return sm_error_set(err, SMCRED_INVALID, "port in the secret is no port");
    return SMCRED_OK;
}

enum smcred_status secret_value_parse(struct sm_vault *vault, struct sm_bytes text,
                                      struct secret_value **out_value, struct sm_error *err)
{
    struct secret_value *value = calloc(1, sizeof *value);
    enum smcred_status status = value ? sm_secret_new(vault, text, &value->text) : SMCRED_NO_MEMORY;
    if (status != SMCRED_OK) {
        secret_value_free(value);
        return sm_error_set(err, status, "the secret's value: %s", sm_status_text(status));
    }
    value->json = json_parse(text);
    status = cJSON_IsObject(value->json)
                 ? read_members(value, err)
                 : sm_error_set(err, SMCRED_INVALID, "the secret's value is not a JSON object");
    if (status != SMCRED_OK) {
        secret_value_free(value);
        return status;
    }
    *out_value = value;
    return SMCRED_OK;
}

void secret_value_free(struct secret_value *value)
{
    if (!value)
        return;
    json_free(value->json);
    sm_secret_free(value->text);
    free(value);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Behind the string that begins at `at`. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

static struct sm_bytes without_blanks(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at))
        at++;
    while (end > at && strchr(" \t\r\n", end[-1]))
        end--;
    return sm_bytes(at, (size_t)(end - at));
}

/* Where the value of a member of the outermost object stands, in a text that is a JSON object. */
static bool find_member(struct sm_bytes text, const char *name, struct sm_bytes *out_value)
{
    const char *at = text.data, *end = at + text.len, *value = NULL;
    struct sm_bytes string = {NULL, 0}; /* the last one of the outermost object */
    int depth = 0;
    while (at < end) {
        const char *begin = at;
        if (*at == '"') {
            at = string_end(at, end);
            if (depth == 1)
                string = sm_bytes(begin + 1, (size_t)(at - begin) - 2);
            continue;
        }
        if (depth == 1 && value && (*at == ',' || *at == '}')) {
            *out_value = without_blanks(value, at);
            return true;
        }
        if (depth == 1 && *at == ':' && sm_bytes_is(string, name))
            value = at + 1;
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    }
    return false;
}

static void append(struct sm_secret *text, struct sm_bytes bytes)
{
    size_t room;
    void *at = sm_secret_room(text, &room);
    memcpy(at, bytes.data, bytes.len); /* room was made for all */
    sm_secret_grow(text, bytes.len);
}

static void append_string(struct sm_secret *text, struct sm_bytes value)
{
    const unsigned char *at = value.data;
    append(text, sm_bytes_of("\""));
    for (size_t i = 0; i < value.len; i++) {
        char escape[ESCAPED_MAX + 1];
        bool plain = at[i] >= 0x20 && at[i] != '"' && at[i] != '\\';
        (void)snprintf(escape, sizeof escape, "\\u%04x", at[i]);
        append(text, plain ? sm_bytes(at + i, 1) : sm_bytes_of(escape));
        explicit_bzero(escape, sizeof escape);
    }
    append(text, sm_bytes_of("\""));
}

static enum smcred_status replace_member(struct sm_vault *vault, struct sm_bytes text,
                                         const char *name, struct sm_bytes value,
                                         struct sm_secret **out_text, struct sm_error *err)
{
    struct sm_bytes old;
    struct sm_secret *fresh;
    const char *begin = text.data;
    if (!find_member(text, name, &old))
        return sm_error_set(err, SMCRED_INVALID, "%s is spelt in a way we cannot write", name);
    if (sm_secret_alloc(vault, text.len + value.len * ESCAPED_MAX + 2, &fresh) != SMCRED_OK)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    const char *behind = (const char *)old.data + old.len;
    append(fresh, sm_bytes(begin, (size_t)((const char *)old.data - begin)));
    append_string(fresh, value);
    append(fresh, sm_bytes(behind, (size_t)(begin + text.len - behind)));
    *out_text = fresh;
    return SMCRED_OK;
}

enum smcred_status secret_value_renewed(struct sm_vault *vault, const struct secret_value *value,
                                        const char *username, const struct sm_secret *password,
                                        struct sm_secret **out_text, struct sm_error *err)
{
    sm_autosecret struct sm_secret *text = NULL, *named = NULL;
    enum smcred_status status = replace_member(vault, sm_secret_view(value->text), "password",
                                               sm_secret_view(password), &text, err);
    if (status == SMCRED_OK && username)
        status = replace_member(vault, sm_secret_view(text), "username", sm_bytes_of(username),
                                &named, err);
    if (status != SMCRED_OK)
        return status;
    struct sm_secret **made = username ? &named : &text;
    if (sm_secret_view(*made).len > SM_SECRET_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "a value has at most %d bytes", SM_SECRET_MAX);
    *out_text = sm_take_ptr(made);
    return SMCRED_OK;
}
