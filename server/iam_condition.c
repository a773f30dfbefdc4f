/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iam_condition.c - the operators of a policy's Condition.  Called by iam_judge.c and, for their
 * names, iam_document.c.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "server/iam.h"
#include "server/json.h"

/* A condition's value beside a fact; both texts. */
struct comparison {
    const char *fact;
    const struct server_iam_question *question;
    int least, most; /* of the order fact has to wanted: -1, 0, 1; for numbers and dates */
};
typedef bool compare_fn(const char *wanted, const struct comparison *comparison);

static bool equal_text(const char *wanted, const struct comparison *c)
{
    return server_iam_matches(wanted, c->fact, 0, c->question);
}

static bool equal_text_any_case(const char *wanted, const struct comparison *c)
{
    return server_iam_matches(wanted, c->fact, SERVER_IAM_ANY_CASE, c->question);
}

static bool like_text(const char *wanted, const struct comparison *c)
{
    return server_iam_matches(wanted, c->fact, SERVER_IAM_WILD, c->question);
}

static bool equal_bool(const char *wanted, const struct comparison *c)
{
    return strcasecmp(wanted, c->fact) == 0;
}

static bool equal_binary(const char *wanted, const struct comparison *c)
{
    return strcmp(wanted, c->fact) == 0; /* both base64, which has one form */
}

/* --- numbers and dates ------------------------------------------------------------------------ */

static bool parse_number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

/* ISO 8601, or seconds since the epoch. */
static bool parse_date(const char *text, double *out)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm utc = {.tm_mday = 1};
        const char *end = strptime(text, forms[i], &utc);
        if (!end || *end)
            continue;
        *out = (double)timegm(&utc);
        return true;
    }
    return parse_number(text, out);
}

static bool ordered(bool (*parse)(const char *text, double *out), const char *wanted,
                    const struct comparison *c)
{
    double fact, bound;
    if (!parse(c->fact, &fact) || !parse(wanted, &bound))
        return false;
    int order = fact < bound ? -1 : fact > bound;
    return order >= c->least && order <= c->most;
}

static bool order_number(const char *wanted, const struct comparison *c)
{
    return ordered(parse_number, wanted, c);
}

static bool order_date(const char *wanted, const struct comparison *c)
{
    return ordered(parse_date, wanted, c);
}

/* --- addresses and ARNs ----------------------------------------------------------------------- */

static bool parse_address(const char *text, uint8_t out[16], unsigned *out_bits)
{
    if (inet_pton(AF_INET, text, out) == 1)
        *out_bits = 32;
    else if (inet_pton(AF_INET6, text, out) == 1)
        *out_bits = 128;
    else
        return false;
    return true;
}

struct network {
    uint8_t address[16];
    unsigned bits;   /* of an address of its kind */
    unsigned prefix; /* of them, that count */
};

static bool parse_network(const char *text, struct network *out)
{
    char address[INET6_ADDRSTRLEN];
    int end = 0;
    size_t len = strcspn(text, "/");
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (!parse_address(address, out->address, &out->bits))
        return false;
    out->prefix = out->bits;
    return !text[len] || (sscanf(text + len, "/%3u%n", &out->prefix, &end) == 1 &&
                          !text[len + (size_t)end] && out->prefix <= out->bits);
}

static bool in_network(const char *wanted, const struct comparison *c)
{
    struct network network;
    uint8_t address[16];
    unsigned bits;
    if (!parse_network(wanted, &network) || !parse_address(c->fact, address, &bits) ||
        bits != network.bits)
        return false;
    size_t whole = network.prefix / 8;
    unsigned rest = network.prefix % 8;
    return memcmp(network.address, address, whole) == 0 &&
           (rest == 0 || ((network.address[whole] ^ address[whole]) >> (8 - rest)) == 0);
}

/* The six parts of an ARN are matched one by one: a wildcard does not cross a colon but in the
 * last. */
static bool like_arn(const char *wanted, const struct comparison *c)
{
    char pattern[2048], text[2048];
    const char *fact = c->fact;
    for (int part = 0; part < 6; part++) {
        size_t pattern_len = part < 5 ? strcspn(wanted, ":") : strlen(wanted);
        size_t text_len = part < 5 ? strcspn(fact, ":") : strlen(fact);
        if (pattern_len >= sizeof pattern || text_len >= sizeof text)
            return false;
        memcpy(pattern, wanted, pattern_len);
        pattern[pattern_len] = '\0';
        memcpy(text, fact, text_len);
        text[text_len] = '\0';
        if (!server_iam_matches(pattern, text, SERVER_IAM_WILD, c->question))
            return false;
        wanted += pattern_len;
        fact += text_len;
        if (part < 5 && (*wanted++ != ':' || *fact++ != ':'))
            return false;
    }
    return true;
}

/* --- operators -------------------------------------------------------------------------------- */

struct rule {
    const char *name;
    compare_fn *compare;
    bool negated;
    int least, most;
};

static const struct rule rules[] = {
    {"StringEquals", equal_text, false, 0, 0},
    {"StringNotEquals", equal_text, true, 0, 0},
    {"StringEqualsIgnoreCase", equal_text_any_case, false, 0, 0},
    {"StringNotEqualsIgnoreCase", equal_text_any_case, true, 0, 0},
    {"StringLike", like_text, false, 0, 0},
    {"StringNotLike", like_text, true, 0, 0},
    {"NumericEquals", order_number, false, 0, 0},
    {"NumericNotEquals", order_number, true, 0, 0},
    {"NumericLessThan", order_number, false, -1, -1},
    {"NumericLessThanEquals", order_number, false, -1, 0},
    {"NumericGreaterThan", order_number, false, 1, 1},
    {"NumericGreaterThanEquals", order_number, false, 0, 1},
    {"DateEquals", order_date, false, 0, 0},
    {"DateNotEquals", order_date, true, 0, 0},
    {"DateLessThan", order_date, false, -1, -1},
    {"DateLessThanEquals", order_date, false, -1, 0},
    {"DateGreaterThan", order_date, false, 1, 1},
    {"DateGreaterThanEquals", order_date, false, 0, 1},
    {"Bool", equal_bool, false, 0, 0},
    {"BinaryEquals", equal_binary, false, 0, 0},
    {"IpAddress", in_network, false, 0, 0},
    {"NotIpAddress", in_network, true, 0, 0},
    {"ArnEquals", like_arn, false, 0, 0},
    {"ArnLike", like_arn, false, 0, 0},
    {"ArnNotEquals", like_arn, true, 0, 0},
    {"ArnNotLike", like_arn, true, 0, 0},
    {"Null", NULL, false, 0, 0},
};

enum quantifier { ONE_VALUE, ALL_VALUES, ANY_VALUE };

/* An operator's name taken apart: ForAnyValue:StringLikeIfExists. */
struct condition {
    const struct rule *rule;
    enum quantifier quantifier;
    bool if_exists;
};

static bool parse_operator(const char *name, struct condition *out)
{
    static const char all[] = "ForAllValues:", any[] = "ForAnyValue:", suffix[] = "IfExists";
    size_t suffix_len = sizeof suffix - 1;
    *out = (struct condition){.quantifier = ONE_VALUE};
    if (strncmp(name, all, sizeof all - 1) == 0) {
        out->quantifier = ALL_VALUES;
        name += sizeof all - 1;
    } else if (strncmp(name, any, sizeof any - 1) == 0) {
        out->quantifier = ANY_VALUE;
        name += sizeof any - 1;
    }
    size_t len = strlen(name);
    if (len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0) {
        out->if_exists = true;
        len -= suffix_len;
    }
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strlen(rules[i].name) == len && memcmp(rules[i].name, name, len) == 0)
            out->rule = &rules[i];
    }
    return out->rule != NULL &&
           (out->rule->compare || (!out->if_exists && out->quantifier == ONE_VALUE));
}

bool server_iam_is_operator(const char *name)
{
    struct condition condition;
    return parse_operator(name, &condition);
}

/* A text, or a number or truth as policies may have them bare. */
static const char *text_of(const cJSON *value, char room[32])
{
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? "true" : "false";
    if (!cJSON_IsNumber(value))
        return cJSON_GetStringValue(value);
    (void)snprintf(room, 32, "%.15g", value->valuedouble); /* fits */
    return room;
}

bool server_iam_fits_operator(const char *name, const cJSON *values)
{
    struct condition condition;
    struct network network;
    if (!parse_operator(name, &condition) || condition.rule->compare != in_network)
        return true;
    const cJSON *list = cJSON_IsArray(values) ? values->child : values;
    for (const cJSON *each = list; each; each = cJSON_IsArray(values) ? each->next : NULL) {
        if (!cJSON_IsString(each) || !parse_network(each->valuestring, &network))
            return false;
    }
    return true;
}

/* One fact against what the policy wants: any of these, or none for a negated operator. */
static bool fact_fits(const struct rule *rule, const cJSON *wanted, const char *fact,
                      const struct server_iam_question *question)
{
    const struct comparison comparison = {fact, question, rule->least, rule->most};
    const cJSON *list = cJSON_IsArray(wanted) ? wanted->child : wanted;
    for (const cJSON *each = list; each; each = cJSON_IsArray(wanted) ? each->next : NULL) {
        char room[32];
        const char *text = text_of(each, room);
        if (text && rule->compare(text, &comparison))
            return !rule->negated;
    }
    return rule->negated;
}

static bool facts_fit(const struct condition *condition, const cJSON *wanted, const cJSON *facts,
                      const struct server_iam_question *question)
{
    const cJSON *list = cJSON_IsArray(facts) ? facts->child : facts;
    bool all = condition->quantifier == ALL_VALUES ||
               (condition->quantifier == ONE_VALUE && condition->rule->negated);
    for (const cJSON *each = list; each; each = cJSON_IsArray(facts) ? each->next : NULL) {
        bool fits = fact_fits(condition->rule, wanted, each->valuestring, question);
        if (fits != all)
            return fits;
    }
    return all;
}

static bool is_null_wanted(const cJSON *wanted)
{
    char room[32];
    const char *text = text_of(cJSON_IsArray(wanted) ? wanted->child : wanted, room);
    return text && strcasecmp(text, "true") == 0;
}

static bool key_holds(const struct condition *condition, const cJSON *wanted, const cJSON *facts,
                      const struct server_iam_question *question)
{
    bool missing = !facts || (cJSON_IsArray(facts) && !facts->child);
    if (!condition->rule->compare)
        return is_null_wanted(wanted) == missing;
    if (!missing)
        return facts_fit(condition, wanted, facts, question);
    if (condition->if_exists || condition->quantifier == ALL_VALUES)
        return true;
    return condition->quantifier == ONE_VALUE && condition->rule->negated;
}

bool server_iam_conditions_hold(const cJSON *conditions, const struct server_iam_question *question)
{
    const cJSON *each, *key;
    const cJSON *facts = conditions && question->facts ? question->facts(question->context) : NULL;
    cJSON_ArrayForEach(each, conditions)
    {
        struct condition condition;
        if (!parse_operator(each->string, &condition))
            return false; /* checked before */
        cJSON_ArrayForEach(key, each)
        {
            if (!key_holds(&condition, key, cJSON_GetObjectItem(facts, key->string), question))
                return false;
        }
    }
    return true;
}
