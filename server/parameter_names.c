/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parameter_names.c - from what callers write to names that are looked up.
 *
 * Called by the operations of Parameter Store.  "x" and "/x" are one parameter, so what is kept and
 * looked up begins with a slash always.
 */
#include "server/parameter_names.h"

#include <stdio.h>
#include <strings.h>

#include "server/names.h"

#define LEVELS_MAX 15

#define FORM                                                                                       \
    "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it "  \
    "can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of "   \
    "letters, numbers and the following 3 symbols .-_"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* "x", or "/a/b" with no part empty. */
static bool is_name(const char *text)
{
    if (*text != '/' && strchr(text, '/'))
        return false;
    const char *part = text + (*text == '/');
    for (;;) {
        size_t len = 0;
        while (is_word(part[len]))
            len++;
        if (len == 0 || (part[len] && part[len] != '/'))
            return false;
        if (!part[len])
            return true;
        part += len + 1;
    }
}

static unsigned levels_of(const char *name)
{
    unsigned count = 0;
    for (; *name; name++)
        count += *name == '/';
    return count;
}

void server_parameter_arn(const struct server_place *place, const char *name,
                          char out_arn[SERVER_PARAMETER_ARN_MAX + 1])
{
    (void)snprintf(out_arn, SERVER_PARAMETER_ARN_MAX + 1, "arn:%s:ssm:%s:%s:parameter%s",
                   server_partition(place->region), place->region, place->account, name); /* fits */
}

const char *server_parameter_reference(const char *text)
{
    static const char head[] = "/aws/reference/secretsmanager/";
    return strncmp(text, head, sizeof head - 1) == 0 ? text + sizeof head - 1 : NULL;
}

enum server_error server_parameter_not_found(struct server_call *call)
{
    return server_fail(call, SERVER_PARAMETER_NOT_FOUND, "%s", "");
}

static enum server_error malformed(struct server_call *call)
{
    return server_fail(call, SERVER_VALIDATION, FORM);
}

/* Without blanks at either end; false if too long. */
static bool trim(const char *text, char *out, size_t size)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* Fills in `shown` and `name`. */
static enum server_error set_name(struct server_call *call, const char *text,
                                  struct server_parameter_id *out_id)
{
    if (strlen(text) > SERVER_PARAMETER_NAME_MAX || !is_name(text))
        return malformed(call);
    memccpy(out_id->shown, text, 0, sizeof out_id->shown); /* fits, as the next */
    out_id->name[0] = '/';
    memccpy(out_id->name + 1, text + (*text == '/'), 0, sizeof out_id->name - 1);
    return SERVER_OK;
}

/* The name in an ARN of this place; NULL for another. */
static const char *name_in_arn(const struct server_call *call, const char *arn)
{
    char head[SERVER_PARAMETER_ARN_MAX + 1];
    server_parameter_arn(&call->place, "/", head);
    size_t len = strlen(head);
    return strncmp(arn, head, len) == 0 ? arn + len - 1 : NULL;
}

enum server_error server_parameter_id(struct server_call *call, const char *text,
                                      struct server_parameter_id *out_id)
{
    char whole[SERVER_PARAMETER_ID_MAX + 1];
    if (!trim(text, whole, sizeof whole))
        return malformed(call);
    const char *name = whole;
    if (strncmp(whole, "arn:", 4) == 0)
        name = name_in_arn(call, whole);
    if (!name)
        return server_parameter_not_found(call);
    char *colon = strchr(name, ':');
    out_id->selector[0] = '\0';
    if (colon) {
        memccpy(out_id->selector, colon + 1, 0, sizeof out_id->selector); /* fits */
        *colon = '\0';
    }
    return set_name(call, name, out_id);
}

static bool begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

enum server_error server_parameter_new_id(struct server_call *call, const char *text,
                                          struct server_parameter_id *out_id)
{
    char name[SERVER_PARAMETER_ID_MAX + 1];
    if (!trim(text, name, sizeof name))
        return malformed(call);
    const char *first = name + (*name == '/');
    bool is_path = levels_of(name) > 1, is_aws = begins_with(first, "aws");
    if (is_aws && is_path)
        return server_fail(call, SERVER_ACCESS_DENIED, "No access to reserved parameter name: %s.",
                           name);
    if ((is_aws || begins_with(first, "ssm")) && !is_path)
        return server_fail(call, SERVER_VALIDATION,
                           "Parameter name: can't be prefixed with \"aws\" or \"ssm\" "
                           "(case-insensitive).");
    if (begins_with(first, "ssm"))
        return malformed(call);
    out_id->selector[0] = '\0';
    enum server_error error = set_name(call, name, out_id);
    if (error == SERVER_OK && levels_of(out_id->name) > LEVELS_MAX)
        return server_fail(call, SERVER_HIERARCHY_LEVEL_LIMIT,
                           "A hierarchy can have a maximum of %d levels.", LEVELS_MAX);
    char arn[SERVER_PARAMETER_ARN_MAX + 1];
    server_parameter_arn(&call->place, out_id->name, arn);
    if (error == SERVER_OK && strlen(arn) > SERVER_PARAMETER_NAME_MAX)
        return server_fail(call, SERVER_VALIDATION,
                           "The parameter name, with its ARN, exceeds %d characters.",
                           SERVER_PARAMETER_NAME_MAX);
    return error;
}

enum server_error server_parameter_path(struct server_call *call, const char *text,
                                        char out_path[SERVER_PARAMETER_NAME_MAX + 2])
{
    char path[SERVER_PARAMETER_ID_MAX + 1];
    bool good = trim(text, path, sizeof path) && *path == '/';
    size_t len = good ? strlen(path) : 0;
    if (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    if (!good || len > SERVER_PARAMETER_NAME_MAX || (len > 1 && !is_name(path)))
        return server_fail(
            call, SERVER_VALIDATION,
            "The parameter doesn't meet the parameter name requirements. The parameter name must "
            "begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" "
            "(case-insensitive). It must use only letters, numbers, or the following symbols: . "
            "(period), - (hyphen), _ (underscore). Special characters are not allowed. All "
            "sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: "
            "/get/parameters2-/by1./path0_.");
    memcpy(out_path, path, len + 1);
    return SERVER_OK;
}

bool server_parameter_is_below(const char *name, const char *path, bool recursive)
{
    size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
    return strncmp(name, path, len) == 0 && name[len] == '/' &&
           (recursive || !strchr(name + len + 1, '/'));
}
