/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * query.c - reads forms and writes XML.  Called by dispatch and http, for services without a
 * target.
 */
#include "server/query.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/dispatch.h"
#include "server/json.h"
#include "server/validate.h"

#define FIELDS_MAX 128
#define XML_MAX    32768 /* bytes; a session token has 8192 at most */
#define XML_NAMES  "https://sts.amazonaws.com/doc/2011-06-15/"

/* --- forms --------------------------------------------------------------------------------------
 */

static int digit(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Decodes `len` bytes into a text that cJSON_free() wipes; NUL stands in none. */
static enum smcred_status decode(const char *at, size_t len, char **out_text)
{
    char *text = cJSON_malloc(len + 1);
    size_t length = 0;
    if (!text)
        return SMCRED_NO_MEMORY;
    for (size_t i = 0; i < len; i++) {
        int high = at[i] == '%' && len - i > 2 ? digit(at[i + 1]) : -1;
        int low = high >= 0 ? digit(at[i + 2]) : -1;
        if (at[i] == '\0' || (at[i] == '%' && (low < 0 || high * 16 + low == 0))) {
            cJSON_free(text);
            return SMCRED_INVALID;
        }
        text[length++] = at[i] == '%' ? (char)(high * 16 + low) : at[i] == '+' ? ' ' : at[i];
        i += at[i] == '%' ? 2 : 0;
    }
    text[length] = '\0';
    server_json_clean(text);
    *out_text = text;
    return SMCRED_OK;
}

/* One NAME=VALUE. */
static enum smcred_status take_field(cJSON *input, const char *at, size_t len)
{
    const char *equals = memchr(at, '=', len);
    size_t name_len = equals ? (size_t)(equals - at) : len;
    char *name = NULL, *value = NULL;
    enum smcred_status status = decode(at, name_len, &name);
    if (status == SMCRED_OK)
        status = decode(equals ? equals + 1 : at + len, equals ? len - name_len - 1 : 0, &value);
    if (status == SMCRED_OK && *name && !cJSON_GetObjectItemCaseSensitive(input, name))
        (void)cJSON_AddStringToObject(input, name, value); /* server_json_failed() */
    cJSON_free(name);
    cJSON_free(value);
    return status;
}

enum smcred_status server_query_parse(struct sm_bytes body, cJSON **out_input)
{
    server_autojson cJSON *input = cJSON_CreateObject();
    const char *at = body.data;
    size_t left = body.len, count = 0;
    while (left > 0) {
        const char *end = memchr(at, '&', left);
        size_t len = end ? (size_t)(end - at) : left;
        if (++count > FIELDS_MAX)
            return SMCRED_TOO_LARGE;
        enum smcred_status status = take_field(input, at, len);
        if (status != SMCRED_OK)
            return status;
        left -= len + (end != NULL);
        at += len + (end != NULL);
    }
    if (server_json_failed())
        return SMCRED_NO_MEMORY;
    *out_input = sm_take_ptr(&input);
    return SMCRED_OK;
}

/* NAME.member.N, or NAME.member.N.KEY for each key of a structure, as one; NULL: there is none. */
static cJSON *take_element(cJSON *input, const struct server_member *list, unsigned number)
{
    char field[128];
    const struct server_member *member = list->of->of;
    cJSON *element = NULL, *value;
    if (list->of->type != SERVER_MEMBER_STRUCTURE) {
        (void)snprintf(field, sizeof field, "%s.member.%u", list->name, number); /* fits */
        return cJSON_DetachItemFromObjectCaseSensitive(input, field);
    }
    for (; member->name; member++) {
        (void)snprintf(field, sizeof field, "%s.member.%u.%s", list->name, number,
                       member->name); /* fits */
        value = cJSON_DetachItemFromObjectCaseSensitive(input, field);
        if (value && !element)
            element = cJSON_CreateObject();
        if (value)
            (void)cJSON_AddItemToObject(element, member->name, value); /* server_json_failed() */
    }
    return element;
}

static void gather(cJSON *input, const struct server_member *list)
{
    cJSON *element, *elements = NULL;
    cJSON_DeleteItemFromObjectCaseSensitive(input, list->name); /* a field of that very name */
    for (unsigned number = 1; (element = take_element(input, list, number)); number++) {
        if (!elements)
            elements = server_json_add_array(input, list->name);
        (void)cJSON_AddItemToArray(elements, element); /* as above */
    }
}

void server_query_shape(cJSON *input, const struct server_member *members)
{
    for (const struct server_member *member = members; member->name; member++) {
        if (member->type == SERVER_MEMBER_LIST)
            gather(input, member);
    }
    for (const struct server_member *member = members; member->name; member++) {
        cJSON *value = cJSON_GetObjectItemCaseSensitive(input, member->name);
        const char *text = cJSON_GetStringValue(value);
        size_t len = text ? strlen(text) : 0;
        if (member->type != SERVER_MEMBER_NUMBER || len == 0 || len > 15 ||
            strspn(text, "0123456789") != len)
            continue;
        (void)cJSON_ReplaceItemInObjectCaseSensitive(
            input, member->name, cJSON_CreateNumber((double)strtoll(text, NULL, 10)));
    }
}

/* --- XML ----------------------------------------------------------------------------------------
 */

struct xml {
    char *text; /* XML_MAX bytes */
    size_t len;
    bool failed;
};

static void put(struct xml *xml, const char *text, size_t len)
{
    if (len >= XML_MAX - xml->len) {
        xml->failed = true;
        return;
    }
    memcpy(xml->text + xml->len, text, len);
    xml->len += len;
    xml->text[xml->len] = '\0';
}

static void put_escaped(struct xml *xml, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const escapes[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    while (*text) {
        size_t plain = strcspn(text, special);
        put(xml, text, plain);
        text += plain;
        if (*text) {
            const char *escape = escapes[strchr(special, *text++) - special];
            put(xml, escape, strlen(escape));
        }
    }
}

static void put_tag(struct xml *xml, const char *open, const char *name, const char *rest)
{
    put(xml, open, strlen(open));
    put(xml, name, strlen(name));
    put(xml, rest, strlen(rest));
}

static void put_element(struct xml *xml, const char *name, const char *text)
{
    put_tag(xml, "<", name, ">");
    put_escaped(xml, text ? text : "");
    put_tag(xml, "</", name, ">\n");
}

/* Objects nest once in STS's answers. */
static void put_members(struct xml *xml, const cJSON *object)
{
    const cJSON *member, *inner;
    char number[32];
    cJSON_ArrayForEach(member, object)
    {
        (void)snprintf(number, sizeof number, "%.0f", member->valuedouble); /* fits */
        if (!cJSON_IsObject(member)) {
            put_element(xml, member->string, cJSON_IsNumber(member) ? number : member->valuestring);
            continue;
        }
        put_tag(xml, "<", member->string, ">\n");
        cJSON_ArrayForEach(inner, member)
        {
            put_element(xml, inner->string, inner->valuestring);
        }
        put_tag(xml, "</", member->string, ">\n");
    }
}

static void put_result(struct xml *xml, const struct server_call *call)
{
    const char *name = server_dispatch_name(call);
    put_tag(xml, "<", name, "Response xmlns=\"" XML_NAMES "\">\n");
    put_tag(xml, "<", name, "Result>\n");
    put_members(xml, call->output);
    put_tag(xml, "</", name, "Result>\n<ResponseMetadata>\n");
    put_element(xml, "RequestId", call->request_id);
    put_tag(xml, "</ResponseMetadata>\n</", name, "Response>\n");
}

/* --- errors -------------------------------------------------------------------------------------
 */

struct form {
    const char *code;
    unsigned http_code;
};

/* As STS says what other services say otherwise. */
static struct form form_of(enum server_error error)
{
    static const struct {
        enum server_error error;
        struct form form;
    } forms[] = {
        {SERVER_ACCESS_DENIED, {"AccessDenied", 403}},
        {SERVER_MALFORMED_POLICY, {"MalformedPolicyDocument", 400}},
        {SERVER_PACKED_TOO_LARGE, {"PackedPolicyTooLarge", 400}},
        {SERVER_VALIDATION, {"ValidationError", 400}},
        {SERVER_SERIALIZATION, {"MalformedInput", 400}},
        {SERVER_UNKNOWN_OPERATION, {"InvalidAction", 400}},
        {SERVER_MISSING_TOKEN, {"MissingAuthenticationToken", 403}},
        {SERVER_INCOMPLETE_SIGNATURE, {"IncompleteSignature", 400}},
        {SERVER_UNRECOGNIZED_CLIENT, {"InvalidClientTokenId", 403}},
        {SERVER_INVALID_SIGNATURE, {"SignatureDoesNotMatch", 403}},
        {SERVER_EXPIRED_TOKEN, {"ExpiredToken", 403}},
        {SERVER_IDENTITY_TOKEN_EXPIRED, {"ExpiredTokenException", 400}},
        {SERVER_INVALID_IDENTITY_TOKEN, {"InvalidIdentityToken", 400}},
        {SERVER_INTERNAL, {"InternalFailure", 500}},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (forms[i].error == error)
            return forms[i].form;
    }
    return (struct form){server_error_form(error)->type, server_error_form(error)->http_code};
}

unsigned server_query_code(enum server_error error)
{
    return form_of(error).http_code;
}

static void put_error(struct xml *xml, const struct server_call *call)
{
    static const char head[] = "<ErrorResponse xmlns=\"" XML_NAMES "\">\n<Error>\n";
    struct form form = form_of(call->error);
    put(xml, head, sizeof head - 1);
    put_element(xml, "Type", form.http_code < 500 ? "Sender" : "Receiver");
    put_element(xml, "Code", form.code);
    put_element(xml, "Message", call->message);
    put(xml, "</Error>\n", 9);
    put_element(xml, "RequestId", call->request_id);
    put(xml, "</ErrorResponse>\n", 17);
}

char *server_query_body(struct server_call *call)
{
    struct xml xml = {.text = cJSON_malloc(XML_MAX)};
    if (!xml.text)
        return NULL;
    if (call->error == SERVER_OK)
        put_result(&xml, call);
    else
        put_error(&xml, call);
    if (!xml.failed)
        return xml.text;
    cJSON_free(xml.text);
    return NULL;
}
