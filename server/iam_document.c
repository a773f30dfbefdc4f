/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iam_document.c - the grammar of policies: what is well-formed, and where one is not.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/iam.h"
#include "server/json.h"

/* A check under way. */
struct check {
    enum server_iam_kind kind;
    enum server_iam_flaw flaw; /* the first one */
    int statement;             /* from 1; 0: around them */
    struct sm_error *err;
};

SM_PRINTF(3, 4)
static void flawed(struct check *check, enum server_iam_flaw flaw, const char *format, ...)
{
    char text[160];
    va_list args;
    if (check->flaw != SERVER_IAM_SOUND)
        return;
    check->flaw = flaw;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* cut as need be */
    va_end(args);
    server_json_clean(text);
    if (check->statement > 0)
        (void)sm_error_set(check->err, SMCRED_INVALID, "Statement %d: %s", check->statement, text);
    else
        (void)sm_error_set(check->err, SMCRED_INVALID, "%s", text);
}

/* A text without control characters, which iam_pattern.c keeps for itself. */
static bool is_plain(const cJSON *value)
{
    const char *text = cJSON_GetStringValue(value);
    if (!text)
        return false;
    while (*text && !iscntrl((unsigned char)*text))
        text++;
    return *text == '\0';
}

/* A text, or a list of at least one. */
static bool is_texts(const cJSON *value)
{
    const cJSON *each;
    if (!cJSON_IsArray(value))
        return is_plain(value);
    cJSON_ArrayForEach(each, value)
    {
        if (!is_plain(each))
            return false;
    }
    return value->child != NULL;
}

static void check_members(struct check *check, const cJSON *object, const char *const *known)
{
    const cJSON *member, *other;
    cJSON_ArrayForEach(member, object)
    {
        const char *const *name = known;
        while (*name && strcmp(*name, member->string) != 0)
            name++;
        if (!*name)
            flawed(check, SERVER_IAM_SYNTAX, "unknown member %s", member->string);
        for (other = member->next; other; other = other->next) {
            if (strcmp(other->string, member->string) == 0)
                flawed(check, SERVER_IAM_SYNTAX, "%s stands there twice", member->string);
        }
    }
}

/* --- principals ------------------------------------------------------------------------------- */

static bool is_account(const char *text)
{
    return strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* "*", an account, or an ARN of IAM's or STS's in an account, without wildcards. */
static bool is_aws_principal(const char *text)
{
    char account[13];
    const char *kind;
    int end = 0;
    if (strcmp(text, "*") == 0 || is_account(text))
        return true;
    if (strncmp(text, "arn:aws", 7) != 0 || strpbrk(text, "*?"))
        return false;
    if ((sscanf(text, "arn:%*[a-z-]:iam::%12[0-9]:%n", account, &end) != 1 || end == 0) &&
        (sscanf(text, "arn:%*[a-z-]:sts::%12[0-9]:%n", account, &end) != 1 || end == 0))
        return false;
    kind = text + end;
    return is_account(account) &&
           (strcmp(kind, "root") == 0 || (strncmp(kind, "user/", 5) == 0 && kind[5]) ||
            (strncmp(kind, "role/", 5) == 0 && kind[5]) ||
            (strncmp(kind, "assumed-role/", 13) == 0 && strchr(kind + 13, '/')) ||
            (strncmp(kind, "federated-user/", 15) == 0 && kind[15]));
}

static enum server_iam_flaw principal_flaw(const char *kind, const char *text)
{
    static const char domain[] = ".amazonaws.com", china[] = ".amazonaws.com.cn";
    size_t len = strlen(text);
    if (strcmp(kind, "AWS") == 0)
        return is_aws_principal(text) ? SERVER_IAM_SOUND : SERVER_IAM_PRINCIPAL;
    if (strcmp(kind, "Federated") == 0)
        return *text ? SERVER_IAM_SOUND : SERVER_IAM_PRINCIPAL;
    if (strcmp(kind, "Service") != 0)
        return SERVER_IAM_PRINCIPAL; /* CanonicalUser: S3's alone */
    bool ours = (len > sizeof domain - 1 && strcmp(text + len - sizeof domain + 1, domain) == 0) ||
                (len > sizeof china - 1 && strcmp(text + len - sizeof china + 1, china) == 0);
    return ours && !strpbrk(text, "*?") ? SERVER_IAM_SOUND : SERVER_IAM_INVALID_SERVICE;
}

static void check_principals(struct check *check, const char *kind, const cJSON *values)
{
    const cJSON *list = cJSON_IsArray(values) ? values->child : values;
    if (!is_texts(values)) {
        flawed(check, SERVER_IAM_SYNTAX, "Principal %s is no text and no list of texts", kind);
        return;
    }
    for (const cJSON *each = list; each; each = cJSON_IsArray(values) ? each->next : NULL) {
        enum server_iam_flaw flaw = principal_flaw(kind, each->valuestring);
        if (flaw != SERVER_IAM_SOUND)
            flawed(check, flaw, "%s %s is no principal", kind, each->valuestring);
    }
}

static void check_principal(struct check *check, const cJSON *statement)
{
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(statement, "Principal");
    const cJSON *is_not = cJSON_GetObjectItemCaseSensitive(statement, "NotPrincipal");
    const cJSON *principal = is ? is : is_not, *each;
    if (check->kind == SERVER_IAM_IDENTITY) {
        if (principal)
            flawed(check, SERVER_IAM_SYNTAX, "a policy of a user or role has no Principal");
        return;
    }
    if (!is == !is_not) {
        flawed(check, SERVER_IAM_SYNTAX, "one of Principal and NotPrincipal is needed");
        return;
    }
    if (cJSON_IsString(principal) && strcmp(principal->valuestring, "*") == 0)
        return;
    if (!cJSON_IsObject(principal) || !principal->child) {
        flawed(check, cJSON_IsString(principal) ? SERVER_IAM_PRINCIPAL : SERVER_IAM_SYNTAX,
               "Principal is * or an object of AWS, Service or Federated");
        return;
    }
    cJSON_ArrayForEach(each, principal)
    {
        check_principals(check, each->string, each);
    }
}

/* --- statements ------------------------------------------------------------------------------- */

static bool is_action(const char *text)
{
    const char *colon = strchr(text, ':');
    return strcmp(text, "*") == 0 ||
           (colon && colon != text && colon[1] &&
            strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*?") ==
                (size_t)(colon - text) &&
            !strchr(colon + 1, ':'));
}

/* "*", a pattern that begins as an ARN does, or a variable that may hold one. */
static bool is_resource(const char *text)
{
    return strcmp(text, "*") == 0 || strncmp(text, "arn:", 4) == 0 || strncmp(text, "${", 2) == 0;
}

/* Exactly one of NAME and NotNAME, of texts that are of that form. */
static void check_one_of(struct check *check, const cJSON *statement, const char *name,
                         const char *negated, bool (*is_good)(const char *text))
{
    const cJSON *is = cJSON_GetObjectItemCaseSensitive(statement, name);
    const cJSON *is_not = cJSON_GetObjectItemCaseSensitive(statement, negated);
    const cJSON *values = is ? is : is_not;
    if (!is == !is_not) {
        flawed(check, SERVER_IAM_SYNTAX, "one of %s and %s is needed", name, negated);
        return;
    }
    if (!is_texts(values)) {
        flawed(check, SERVER_IAM_SYNTAX, "%s is no text and no list of texts", values->string);
        return;
    }
    const cJSON *list = cJSON_IsArray(values) ? values->child : values;
    for (const cJSON *each = list; each; each = cJSON_IsArray(values) ? each->next : NULL) {
        if (!is_good(each->valuestring))
            flawed(check, SERVER_IAM_SYNTAX, "%s: %s is not of that form", values->string,
                   each->valuestring);
    }
}

static bool is_wanted(const cJSON *value)
{
    const cJSON *each;
    if (!cJSON_IsArray(value))
        return is_plain(value) || cJSON_IsNumber(value) || cJSON_IsBool(value);
    cJSON_ArrayForEach(each, value)
    {
        if (cJSON_IsArray(each) || !is_wanted(each))
            return false;
    }
    return value->child != NULL;
}

static void check_condition(struct check *check, const cJSON *condition)
{
    const cJSON *each, *key;
    if (condition && !cJSON_IsObject(condition)) {
        flawed(check, SERVER_IAM_SYNTAX, "Condition is no object");
        return; /* what is in a list has no name */
    }
    cJSON_ArrayForEach(each, condition)
    {
        if (!server_iam_is_operator(each->string))
            flawed(check, SERVER_IAM_SYNTAX, "Condition: %s is no operator", each->string);
        if (!cJSON_IsObject(each) || !each->child) {
            flawed(check, SERVER_IAM_SYNTAX, "Condition: %s has no keys", each->string);
            continue;
        }
        cJSON_ArrayForEach(key, each)
        {
            if (!is_wanted(key))
                flawed(check, SERVER_IAM_SYNTAX, "Condition: %s has no values", key->string);
            else if (!server_iam_fits_operator(each->string, key))
                flawed(check, SERVER_IAM_SYNTAX, "Condition: %s is no network", key->string);
        }
    }
}

static void check_statement(struct check *check, const cJSON *statement)
{
    static const char *const members[] = {"Sid",       "Effect",    "Principal", "NotPrincipal",
                                          "Action",    "NotAction", "Resource",  "NotResource",
                                          "Condition", NULL};
    const cJSON *sid = cJSON_GetObjectItemCaseSensitive(statement, "Sid");
    const char *effect =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(statement, "Effect"));
    if (!cJSON_IsObject(statement)) {
        flawed(check, SERVER_IAM_SYNTAX, "no object");
        return;
    }
    check_members(check, statement, members);
    if (sid && !is_plain(sid))
        flawed(check, SERVER_IAM_SYNTAX, "Sid is no text");
    if (!effect || (strcmp(effect, "Allow") != 0 && strcmp(effect, "Deny") != 0))
        flawed(check, SERVER_IAM_SYNTAX, "Effect is Allow or Deny");
    check_one_of(check, statement, "Action", "NotAction", is_action);
    if (check->kind != SERVER_IAM_TRUST)
        check_one_of(check, statement, "Resource", "NotResource", is_resource);
    else if (cJSON_GetObjectItemCaseSensitive(statement, "Resource") ||
             cJSON_GetObjectItemCaseSensitive(statement, "NotResource"))
        flawed(check, SERVER_IAM_SYNTAX, "a trust policy has no Resource");
    check_principal(check, statement);
    check_condition(check, cJSON_GetObjectItemCaseSensitive(statement, "Condition"));
}

/* Statements are told apart by their Sid, where they have one. */
static void check_sid(struct check *check, const cJSON *statement)
{
    const char *sid = server_json_text(statement, "Sid"), *other;
    for (const cJSON *each = statement->next; sid && *sid && each; each = each->next) {
        other = server_json_text(each, "Sid");
        if (other && strcmp(sid, other) == 0)
            flawed(check, SERVER_IAM_SYNTAX, "Sid %s stands there twice", sid);
    }
}

static bool is_version(const cJSON *version)
{
    const char *text = cJSON_GetStringValue(version);
    return text && (strcmp(text, "2012-10-17") == 0 || strcmp(text, "2008-10-17") == 0);
}

enum server_iam_flaw server_iam_check(const cJSON *document, enum server_iam_kind kind,
                                      struct sm_error *err)
{
    static const char *const members[] = {"Version", "Id", "Statement", NULL};
    struct check check = {.kind = kind, .err = err};
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(document, "Version");
    const cJSON *statements = cJSON_GetObjectItemCaseSensitive(document, "Statement"), *each;
    if (!cJSON_IsObject(document)) {
        flawed(&check, SERVER_IAM_SYNTAX, "not one JSON object");
        return check.flaw;
    }
    check_members(&check, document, members);
    if (version && !is_version(version))
        flawed(&check, SERVER_IAM_SYNTAX, "Version is 2012-10-17 or 2008-10-17");
    if (!statements || (cJSON_IsArray(statements) && !statements->child))
        flawed(&check, SERVER_IAM_SYNTAX, "there is no Statement");
    if (cJSON_IsObject(statements)) {
        check.statement = 1;
        check_statement(&check, statements);
        return check.flaw;
    }
    if (statements && !cJSON_IsArray(statements))
        flawed(&check, SERVER_IAM_SYNTAX, "Statement is no object and no list of objects");
    cJSON_ArrayForEach(each, statements)
    {
        check.statement++;
        check_statement(&check, each);
        check_sid(&check, each);
    }
    return check.flaw;
}

enum smcred_status server_iam_parse(const char *text, enum server_iam_kind kind,
                                    cJSON **out_document, struct sm_error *err)
{
    server_autojson cJSON *document = NULL;
    struct sm_bytes bytes = sm_bytes_of(text);
    if (bytes.len > SERVER_IAM_DOCUMENT_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "a policy has at most %d bytes",
                            SERVER_IAM_DOCUMENT_MAX);
    enum smcred_status status = server_json_parse(bytes, &document);
    if (status == SMCRED_NO_MEMORY)
        return sm_error_set(err, status, "out of memory");
    if (server_iam_check(document, kind, err) != SERVER_IAM_SOUND)
        return SMCRED_INVALID;
    *out_document = sm_take_ptr(&document);
    return SMCRED_OK;
}
