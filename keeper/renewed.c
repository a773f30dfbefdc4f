/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * renewed.c - cuts a new password into a SecretString, byte by byte: no number is rounded, no
 * member loses its place, and no library keeps a copy.
 */
#include "keeper/renewed.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "keeper/pam_check.h"

/* A text of JSON between its quotes, still escaped. */
struct span {
    const char *begin, *end;
};

/* Behind the string that begins at `at`, in JSON that is known to be whole. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Behind any value. */
static const char *skip_value(const char *at)
{
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
        if (depth == 0)
            at += strcspn(at, ",}] \t\r\n"); /* the rest of a number or word */
    } while (depth > 0);
    return at;
}

/* The text of the object's own member of that name, written without escapes.  False: there is
 * none. */
static bool find_text(const char *object, const char *name, struct span *out_span)
{
    size_t len = strlen(name);
    const char *at = skip_blanks(skip_blanks(object) + 1);
    while (*at == '"') {
        const char *key = at + 1, *end = skip_string(at);
        bool found = (size_t)(end - key) == len + 1 && memcmp(key, name, len) == 0;
        at = skip_blanks(skip_blanks(end) + 1); /* the colon */
        if (found && *at == '"') {
            *out_span = (struct span){at + 1, skip_string(at) - 1};
            return true;
        }
        at = skip_blanks(skip_value(at));
        if (*at == ',')
            at = skip_blanks(at + 1);
    }
    return false;
}

/* ---- writing ---- */

static bool append(struct sm_secret *secret, const char *bytes, size_t len)
{
    size_t room;
    void *at = sm_secret_room(secret, &room);
    if (len > room)
        return false;
    memcpy(at, bytes, len);
    sm_secret_grow(secret, len);
    return true;
}

static bool append_escaped(struct sm_secret *secret, struct sm_bytes text)
{
    const unsigned char *at = text.data;
    for (size_t i = 0; i < text.len; i++) {
        char escape[8];
        int len = at[i] < 0x20 ? snprintf(escape, sizeof escape, "\\u%04x", at[i])
                  : at[i] == '"' || at[i] == '\\' ? snprintf(escape, sizeof escape, "\\%c", at[i])
                                                  : snprintf(escape, sizeof escape, "%c", at[i]);
        bool fits = append(secret, escape, (size_t)len);
        explicit_bzero(escape, sizeof escape);
        if (!fits)
            return false;
    }
    return true;
}

static enum smcred_status splice(struct sm_vault *vault, struct sm_bytes text, struct span old,
                                 struct sm_bytes password, struct sm_secret **out_text)
{
    const char *begin = text.data, *end = begin + text.len;
    sm_autosecret struct sm_secret *whole = NULL;
    enum smcred_status status = sm_secret_alloc(vault, text.len + 6 * password.len + 1, &whole);
    if (status != SMCRED_OK)
        return status;
    if (!append(whole, begin, (size_t)(old.begin - begin)) || !append_escaped(whole, password) ||
        !append(whole, old.end, (size_t)(end - old.end)) ||
        sm_secret_view(whole).len > SM_SECRET_MAX)
        return SMCRED_TOO_LARGE;
    *out_text = sm_take_ptr(&whole);
    return SMCRED_OK;
}

/* ---- what is put there ---- */

/* The password itself, or its hash by the method of what stands there now. */
static enum smcred_status stored_form(struct sm_vault *vault, struct sm_bytes before,
                                      const struct sm_secret *password, struct sm_secret **out_form,
                                      struct sm_error *err)
{
    const char *method = pam_check_method(before);
    enum smcred_status status = SMCRED_INVALID;
    if (!method)
        return sm_error_set(err, status, "the secret holds a hash that is not taken here");
    status = *method ? pam_check_hash(vault, method, password, out_form)
                     : sm_secret_new(vault, sm_secret_view(password), out_form);
    return status == SMCRED_OK ? status
                               : sm_error_set(err, status, "the new password cannot be stored");
}

static enum smcred_status renew_object(struct sm_vault *vault, struct sm_bytes text,
                                       const cJSON *object, const struct sm_secret *password,
                                       struct sm_secret **out_text, struct sm_error *err)
{
    struct span span;
    sm_autosecret struct sm_secret *form = NULL;
    const char *before = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "password"));
    if (cJSON_GetObjectItemCaseSensitive(object, "engine"))
        return sm_error_set(err, SMCRED_UNSUPPORTED,
                            "this is a database's password: it must be changed there, too, so have "
                            "the secret rotated (smcred rotate)");
    if (!before || !find_text(text.data, "password", &span))
        return sm_error_set(err, SMCRED_INVALID, "the secret has no password to be changed");
    enum smcred_status status = stored_form(vault, sm_bytes_of(before), password, &form, err);
    if (status != SMCRED_OK)
        return status;
    status = splice(vault, text, span, sm_secret_view(form), out_text);
    return status == SMCRED_OK ? status
                               : sm_error_set(err, status, "the new value does not fit a secret");
}

enum smcred_status renewed_text(struct sm_vault *vault, struct sm_bytes text,
                                const struct sm_secret *password, struct sm_secret **out_text,
                                struct sm_error *err)
{
    cJSON *json = cJSON_ParseWithLength(text.data, text.len); /* wiped: wiping.h */
    enum smcred_status status = cJSON_IsObject(json)
                                    ? renew_object(vault, text, json, password, out_text, err)
                                    : stored_form(vault, text, password, out_text, err);
    cJSON_Delete(json);
    return status;
}
