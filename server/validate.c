/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * validate.c - walks a request beside its table of members, twice: kinds first, constraints later,
 * because AWS checks the signature in between.
 *
 * Called by dispatch.  Members the table does not know are ignored, as AWS does.
 */
#include "server/validate.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/base64.h"
#include "server/json.h"

#define SHOWN_MAX 2048 /* bytes of an offending value that a message repeats */

/* --- members that are not known -------------------------------------------------------------- */

static bool is_known(const struct server_member *members, const char *name)
{
    for (const struct server_member *member = members; member->name; member++) {
        if (strcmp(member->name, name) == 0)
            return true;
    }
    return false;
}

void server_validate_forget_unknown(struct server_call *call, const struct server_member *members)
{
    for (cJSON *value = call->input->child, *next; value; value = next) {
        next = value->next;
        if (!is_known(members, value->string))
            cJSON_Delete(cJSON_DetachItemViaPointer(call->input, value));
    }
}

/* --- kinds of JSON ---------------------------------------------------------------------------- */

static const char *kind_of(const cJSON *value)
{
    return cJSON_IsTrue(value)     ? "TRUE_VALUE"
           : cJSON_IsFalse(value)  ? "FALSE_VALUE"
           : cJSON_IsNumber(value) ? "NUMBER_VALUE"
           : cJSON_IsString(value) ? "STRING_VALUE"
                                   : NULL;
}

static enum server_error wrong_kind(struct server_call *call, const cJSON *value,
                                    const char *wanted)
{
    const char *kind = kind_of(value);
    if (kind)
        return server_fail(call, SERVER_SERIALIZATION, "%s cannot be converted to %s", kind,
                           wanted);
    if (cJSON_IsArray(value))
        return server_fail(call, SERVER_SERIALIZATION, "Start of list found where not expected");
    return server_fail(call, SERVER_SERIALIZATION,
                       "Start of structure or map found where not expected.");
}

static enum server_error check_types(struct server_call *call, const struct server_member *members,
                                     const cJSON *object);

static enum server_error check_list_types(struct server_call *call,
                                          const struct server_member *member, const cJSON *list);

static enum server_error check_type(struct server_call *call, const struct server_member *member,
                                    const cJSON *value)
{
    switch (member->type) {
    case SERVER_MEMBER_TEXT:
        return cJSON_IsString(value) ? SERVER_OK : wrong_kind(call, value, "String");
    case SERVER_MEMBER_BLOB:
        if (!cJSON_IsString(value))
            return wrong_kind(call, value, "Blob");
        if (server_base64_decoded_len(value->valuestring) < 0)
            return server_fail(call, SERVER_SERIALIZATION, "Invalid Base64 in '%s'", member->name);
        return SERVER_OK;
    case SERVER_MEMBER_NUMBER:
        if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < 9e15) || /* 1e999, too */
            trunc(value->valuedouble) != value->valuedouble)
            return wrong_kind(call, value, "Long");
        return SERVER_OK;
    case SERVER_MEMBER_BOOLEAN:
        return cJSON_IsBool(value) ? SERVER_OK : wrong_kind(call, value, "Boolean");
    case SERVER_MEMBER_LIST:
        if (!cJSON_IsArray(value))
            return cJSON_IsObject(value)
                       ? wrong_kind(call, value, "List")
                       : server_fail(call, SERVER_SERIALIZATION, "Expected list or null");
        return check_list_types(call, member, value);
    case SERVER_MEMBER_STRUCTURE:
        if (!cJSON_IsObject(value))
            return cJSON_IsArray(value)
                       ? wrong_kind(call, value, "Structure")
                       : server_fail(call, SERVER_SERIALIZATION, "Expected structure or null");
        return check_types(call, member->of, value);
    }
    return SERVER_OK;
}

static enum server_error check_list_types(struct server_call *call,
                                          const struct server_member *member, const cJSON *list)
{
    const cJSON *element;
    cJSON_ArrayForEach(element, list)
    {
        enum server_error error =
            cJSON_IsNull(element) ? SERVER_OK : check_type(call, member->of, element);
        if (error != SERVER_OK)
            return error;
    }
    return SERVER_OK;
}

static enum server_error check_types(struct server_call *call, const struct server_member *members,
                                     const cJSON *object)
{
    for (const struct server_member *member = members; member->name; member++) {
        const cJSON *value = server_json_get(object, member->name);
        enum server_error error = value ? check_type(call, member, value) : SERVER_OK;
        if (error != SERVER_OK)
            return error;
    }
    return SERVER_OK;
}

enum server_error server_validate_types(struct server_call *call,
                                        const struct server_member *members)
{
    return check_types(call, members, call->input);
}

/* --- constraints ------------------------------------------------------------------------------ */

/* The violations found so far, and where we are. */
struct findings {
    FILE *text;
    unsigned count;
    char path[256];
};

/* Appends ".part", or "part" at the beginning; answers the length to cut back to. */
static size_t enter(struct findings *findings, const char *part)
{
    size_t len = strlen(findings->path);
    (void)snprintf(findings->path + len, sizeof findings->path - len, "%s%s", len > 0 ? "." : "",
                   part); /* paths of the model are short */
    size_t at = len > 0 ? len + 1 : 0;
    findings->path[at] = (char)tolower((unsigned char)findings->path[at]);
    return len;
}

static void leave(struct findings *findings, size_t len)
{
    findings->path[len] = '\0';
}

/* Not in the middle of a character. */
static int shown_len(const char *text)
{
    size_t len = strlen(text);
    if (len <= SHOWN_MAX)
        return (int)len;
    for (len = SHOWN_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    return (int)len;
}

static void show_list(FILE *out, const struct server_member *member, const cJSON *list)
{
    const cJSON *element;
    const char *between = "";
    size_t left = SHOWN_MAX;
    (void)fputc('[', out);
    cJSON_ArrayForEach(element, list)
    {
        const char *text = cJSON_GetStringValue(element);
        const char *shown = text && member->of->type == SERVER_MEMBER_TEXT ? text : "...";
        if (strlen(shown) + 2 > left)
            break;
        left -= strlen(shown) + 2;
        (void)fprintf(out, "%s%s", between, shown);
        between = ", ";
    }
    (void)fputc(']', out);
}

static void show(FILE *out, const struct server_member *member, const cJSON *value)
{
    if (!value) {
        (void)fputs("null", out);
        return;
    }
    (void)fputc('\'', out);
    if (member->sensitive)
        (void)fputs("***", out);
    else if (cJSON_IsString(value))
        (void)fprintf(out, "%.*s", shown_len(value->valuestring), value->valuestring);
    else if (cJSON_IsNumber(value))
        (void)fprintf(out, "%.0f", value->valuedouble);
    else if (cJSON_IsArray(value))
        show_list(out, member, value);
    else
        (void)fputs("...", out);
    (void)fputc('\'', out);
}

SM_PRINTF(4, 5)
static void found(struct findings *findings, const struct server_member *member, const cJSON *value,
                  const char *format, ...)
{
    va_list args;
    (void)fputs(findings->count++ > 0 ? "; Value " : "Value ", findings->text);
    show(findings->text, member, value);
    (void)fprintf(findings->text, " at '%s' failed to satisfy constraint: Member must ",
                  findings->path);
    va_start(args, format);
    (void)vfprintf(findings->text, format, args);
    va_end(args);
}

static int64_t character_count(const char *text)
{
    int64_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static int64_t size_of(const struct server_member *member, const cJSON *value)
{
    if (member->type == SERVER_MEMBER_BLOB)
        return server_base64_decoded_len(value->valuestring);
    if (member->type == SERVER_MEMBER_LIST)
        return cJSON_GetArraySize(value);
    return member->in_bytes ? (int64_t)strlen(value->valuestring)
                            : character_count(value->valuestring);
}

static void check_range(struct findings *findings, const struct server_member *member,
                        const cJSON *value, int64_t size, const char *what)
{
    if (member->max > 0 && size > member->max)
        found(findings, member, value, "have %s less than or equal to %lld", what,
              (long long)member->max);
    if (size < member->min)
        found(findings, member, value, "have %s greater than or equal to %lld", what,
              (long long)member->min);
}

static bool is_listed(const char *const *values, const char *text)
{
    for (; *values; values++) {
        if (strcmp(*values, text) == 0)
            return true;
    }
    return false;
}

static void check_enumeration(struct findings *findings, const struct server_member *member,
                              const cJSON *value)
{
    char set[512] = "";
    size_t len = 0;
    if (is_listed(member->values, value->valuestring))
        return;
    for (const char *const *each = member->values; *each && len < sizeof set; each++)
        len += (size_t)snprintf(set + len, sizeof set - len, "%s%s", len > 0 ? ", " : "", *each);
    found(findings, member, value, "satisfy enum value set: [%s]", set);
}

static void check_members(struct findings *findings, const struct server_member *members,
                          const cJSON *object);

static void check_value(struct findings *findings, const struct server_member *member,
                        const cJSON *value);

static void check_elements(struct findings *findings, const struct server_member *element,
                           const cJSON *list)
{
    unsigned index = 0;
    const cJSON *value;
    cJSON_ArrayForEach(value, list)
    {
        char part[32];
        (void)snprintf(part, sizeof part, "%u.member", ++index); /* fits */
        size_t len = enter(findings, part);
        if (cJSON_IsNull(value))
            found(findings, element, NULL, "not be null");
        else
            check_value(findings, element, value);
        leave(findings, len);
        if (findings->count > 100)
            return; /* enough for any reader */
    }
}

static void check_value(struct findings *findings, const struct server_member *member,
                        const cJSON *value)
{
    switch (member->type) {
    case SERVER_MEMBER_NUMBER:
        check_range(findings, member, value, (int64_t)value->valuedouble, "value");
        return;
    case SERVER_MEMBER_BOOLEAN:
        return;
    case SERVER_MEMBER_STRUCTURE:
        check_members(findings, member->of, value);
        return;
    case SERVER_MEMBER_LIST:
        check_range(findings, member, value, size_of(member, value), "length");
        check_elements(findings, member->of, value);
        return;
    case SERVER_MEMBER_TEXT:
    case SERVER_MEMBER_BLOB:
        if (member->values)
            check_enumeration(findings, member, value);
        check_range(findings, member, value, size_of(member, value), "length");
        if (member->matches && !member->matches(value->valuestring))
            found(findings, member, value, "satisfy regular expression pattern: %s",
                  member->pattern);
        return;
    }
}

static void check_members(struct findings *findings, const struct server_member *members,
                          const cJSON *object)
{
    for (const struct server_member *member = members; member->name; member++) {
        const cJSON *value = server_json_get(object, member->name);
        size_t len = enter(findings, member->name);
        if (value)
            check_value(findings, member, value);
        else if (member->required)
            found(findings, member, NULL, "not be null");
        leave(findings, len);
    }
}

enum server_error server_validate(struct server_call *call, const struct server_member *members)
{
    sm_autofree char *text = NULL;
    size_t size = 0;
    struct findings findings = {.text = open_memstream(&text, &size)};
    if (!findings.text)
        return server_fail_status(call, SMCRED_NO_MEMORY);
    check_members(&findings, members, call->input);
    if (fclose(findings.text) != 0)
        return server_fail_status(call, SMCRED_NO_MEMORY);
    if (findings.count == 0)
        return SERVER_OK;
    return server_fail(call, SERVER_VALIDATION, "%u validation error%s detected: %s",
                       findings.count, findings.count > 1 ? "s" : "", text);
}
