/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * web_identity.c - AssumeRoleWithWebIdentity: whom an issuer that the role's account trusts vouches
 * for.  In the table of sts.c.
 */
#include <stdio.h>

#include "server/access.h"
#include "server/iam.h"
#include "server/json.h"
#include "server/jwt.h"
#include "server/names.h"
#include "server/sts.h"

#define SKEW_S 60 /* that the issuer's clock may be ahead or behind */

static enum server_error invalid(struct server_call *call, const char *why)
{
    return server_fail(call, SERVER_INVALID_IDENTITY_TOKEN, "%s", why);
}

/* --- the token ----------------------------------------------------------------------------------
 */

/* One of the audiences the token is for is one the issuer is trusted for. */
static const char *audience_of(const cJSON *claims, const char *audiences)
{
    const cJSON *aud = cJSON_GetObjectItemCaseSensitive(claims, "aud");
    const cJSON *list = cJSON_IsArray(aud) ? aud->child : aud;
    for (const cJSON *each = list; each; each = cJSON_IsArray(aud) ? each->next : NULL) {
        const char *text = cJSON_GetStringValue(each);
        for (const char *at = audiences; text && *at;) {
            size_t len = strcspn(at, ",");
            if (strlen(text) == len && memcmp(text, at, len) == 0)
                return text;
            at += len + (at[len] == ',');
        }
    }
    return NULL;
}

static enum server_error check_times(struct server_call *call, const cJSON *claims)
{
    const cJSON *exp = cJSON_GetObjectItemCaseSensitive(claims, "exp");
    const cJSON *nbf = cJSON_GetObjectItemCaseSensitive(claims, "nbf");
    double now_s = (double)(call->now_ms / 1000);
    if (!cJSON_IsNumber(exp))
        return invalid(call, "Missing a required claim: exp");
    if (exp->valuedouble + SKEW_S <= now_s)
        return server_fail(call, SERVER_IDENTITY_TOKEN_EXPIRED,
                           "Token expired: current date/time %.0f must be before the expiration "
                           "date/time%.0f",
                           now_s, exp->valuedouble);
    if (nbf && (!cJSON_IsNumber(nbf) || nbf->valuedouble - SKEW_S > now_s))
        return invalid(call, "The ID Token provided is not yet valid: nbf");
    return SERVER_OK;
}

/* The issuer of the token, trusted by that account; the signature is good. */
static enum server_error find_issuer(struct server_call *call, const cJSON *claims,
                                     const char *account, struct server_issuer *out_issuer)
{
    const char *url = server_json_text(claims, "iss");
    if (!url)
        return invalid(call, "Missing a required claim: iss");
    enum smcred_status status = server_store_issuer(call->server->store, account, url, out_issuer);
    if (status == SMCRED_NOT_FOUND)
        return server_fail(call, SERVER_INVALID_IDENTITY_TOKEN,
                           "No OpenIDConnect provider found in your account for %s", url);
    if (status != SMCRED_OK)
        return server_fail_status(call, status);
    status = server_jwt_verify(server_json_text(call->input, "WebIdentityToken"), out_issuer->keys);
    if (status == SMCRED_DENIED)
        return invalid(call, "Couldn't verify the signature of the identity token.");
    return server_fail_status(call, status);
}

/* --- the role's trust ----------------------------------------------------------------------------
 */

struct identity {
    const struct server_call *call;
    const cJSON *claims;
    const char *provider; /* the issuer's URL without https:// */
    const char *audience, *subject;
    cJSON *facts;
};

static void add_fact(const struct identity *identity, cJSON *facts, const char *claim,
                     const char *value)
{
    char key[SERVER_ISSUER_MAX + 32];
    (void)snprintf(key, sizeof key, "%s:%s", identity->provider, claim); /* fits */
    (void)cJSON_AddStringToObject(facts, key, value);                    /* json_failed() */
}

static const cJSON *lend_facts(void *context)
{
    struct identity *identity = context;
    if (identity->facts)
        return identity->facts;
    identity->facts = cJSON_CreateObject();
    add_fact(identity, identity->facts, "aud", identity->audience);
    add_fact(identity, identity->facts, "sub", identity->subject);
    server_access_circumstances(identity->call, identity->facts);
    server_json_add(identity->facts, "sts:RoleSessionName",
                    server_json_text(identity->call->input, "RoleSessionName"));
    return identity->facts;
}

static bool is_trusted(struct server_call *call, const struct server_principal *role,
                       const char *account, struct identity *identity)
{
    server_autojson cJSON *trust = NULL;
    char provider[SERVER_ISSUER_MAX + 64];
    (void)snprintf(provider, sizeof provider, "arn:%s:iam::%s:oidc-provider/%s",
                   server_partition(call->server->home.region), account,
                   identity->provider); /* fits */
    identity->call = call;
    const struct server_iam_caller caller = {"", "", account, provider};
    const struct server_iam_question question = {.caller = &caller,
                                                 .action = "sts:AssumeRoleWithWebIdentity",
                                                 .resource = role->arn,
                                                 .facts = lend_facts,
                                                 .context = identity};
    if (server_iam_parse(role->trust, SERVER_IAM_TRUST, &trust, NULL) != SMCRED_OK)
        return false;
    enum server_iam_verdict verdict = server_iam_judge(trust, &question);
    cJSON_Delete(identity->facts);
    return verdict == SERVER_IAM_ALLOWED;
}

static void answer(struct server_call *call, const struct identity *identity)
{
    server_json_add(call->output, "SubjectFromWebIdentityToken", identity->subject);
    server_json_add(call->output, "Audience", identity->audience);
    server_json_add(call->output, "Provider", identity->provider);
}

enum server_error server_assume_role_with_web_identity(struct server_call *call)
{
    server_autojson cJSON *claims = NULL;
    struct server_issuer issuer;
    struct server_principal role = {.trust = ""};
    char account[SERVER_ACCOUNT_LEN + 1] = "";
    enum smcred_status found = server_sts_role(call, &role, account);
    if (found != SMCRED_OK && found != SMCRED_NOT_FOUND)
        return server_fail_status(call, found);
    if (server_jwt_claims(server_json_text(call->input, "WebIdentityToken"), &claims) != SMCRED_OK)
        return invalid(call, "The ID Token provided is not a valid JWT. (You may see this error if "
                             "you sent an Access Token)");
    enum server_error error = find_issuer(call, claims, account, &issuer);
    if (error == SERVER_OK)
        error = check_times(call, claims);
    if (error != SERVER_OK)
        return error;
    struct identity identity = {.claims = claims,
                                .provider = issuer.url + strlen("https://"),
                                .audience = audience_of(claims, issuer.audiences),
                                .subject = server_json_text(claims, "sub")};
    if (!identity.audience)
        return invalid(call, "Incorrect token audience");
    if (!identity.subject)
        return invalid(call, "Missing a required claim: sub");
    if (found != SMCRED_OK || !is_trusted(call, &role, account, &identity))
        return server_fail(call, SERVER_ACCESS_DENIED,
                           "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    error = server_sts_grant(call, &role);
    if (error == SERVER_OK)
        answer(call, &identity);
    return error;
}
