/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * credentials.c - the provider chain.  Its order is the table at the end: read it first.
 */
#include "sources/credentials.h"

#include <stdatomic.h>

#include "sources/ownfile.h"

struct counted {
    struct aws_credentials credentials; /* first, so that one pointer is both */
    atomic_uint references;
};

struct aws_credentials *aws_credentials_ref(struct aws_credentials *credentials)
{
    struct counted *counted = (struct counted *)credentials;
    atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return credentials;
}

void aws_credentials_unref(struct aws_credentials *credentials)
{
    if (!credentials)
        return;
    struct counted *counted = (struct counted *)credentials;
    if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1)
        return;
    int saved = errno;
    sm_secret_free(credentials->secret_access_key);
    sm_secret_free(credentials->session_token);
    free(counted);
    errno = saved;
}

static struct sm_bytes trim(struct sm_bytes bytes)
{
    const char *text = bytes.data;
    size_t from = 0, to = bytes.len;
    while (from < to && (unsigned char)text[from] <= ' ')
        from++;
    while (to > from && (unsigned char)text[to - 1] <= ' ')
        to--;
    return sm_bytes(text + from, to - from);
}

static bool is_header_safe(struct sm_bytes bytes)
{
    const unsigned char *text = bytes.data;
    for (size_t i = 0; i < bytes.len; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return true;
}

static enum smcred_status fill(struct sm_vault *vault, struct sm_bytes id, struct sm_bytes secret,
                               struct sm_bytes token, struct aws_credentials *out_credentials)
{
    memcpy(out_credentials->access_key_id, id.data, id.len);
    enum smcred_status status = sm_secret_new(vault, secret, &out_credentials->secret_access_key);
    if (status == SMCRED_OK && token.len > 0)
        status = sm_secret_new(vault, token, &out_credentials->session_token);
    return status;
}

/* A token may be empty.  What cannot stand in a header is refused, naming where it came from. */
static enum smcred_status make(const struct credentials_wishes *wishes, const char *provider,
                               struct sm_bytes id, struct sm_bytes secret, struct sm_bytes token,
                               struct aws_credentials **out_credentials, struct sm_error *err)
{
    id = trim(id);
    secret = trim(secret);
    token = trim(token);
    if (id.len == 0 || id.len >= ACCESS_KEY_ID_MAX || !is_header_safe(id) ||
        memchr(id.data, '/', id.len) || memchr(id.data, ',', id.len))
        return sm_error_set(err, SMCRED_INVALID, "the access key id of the %s is not one",
                            provider);
    if (secret.len == 0 || !is_header_safe(secret) || !is_header_safe(token))
        return sm_error_set(err, SMCRED_INVALID,
                            "the secret access key or session token of the %s is not one",
                            provider);
    struct counted *counted = calloc(1, sizeof *counted);
    if (!counted)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    atomic_init(&counted->references, 1);
    counted->credentials.provider = provider;
    enum smcred_status status = fill(wishes->vault, id, secret, token, &counted->credentials);
    if (status != SMCRED_OK) {
        aws_credentials_unref(&counted->credentials);
        return sm_error_set(err, status, "AWS credentials: %s", sm_status_text(status));
    }
    *out_credentials = &counted->credentials;
    return SMCRED_OK;
}

static enum smcred_status from_settings(const struct credentials_wishes *wishes,
                                        struct aws_credentials **out_credentials,
                                        struct sm_error *err)
{
    sm_autosecret struct sm_secret *secret = NULL;
    if (!wishes->access_key_id)
        return SMCRED_NOT_FOUND;
    enum smcred_status status = own_file_read(wishes->secret_access_key_file, OWN_FILE_SECRET,
                                              wishes->vault, &secret, NULL, err);
    if (status != SMCRED_OK) /* what is configured and missing is an error, not a "next, please" */
        return status == SMCRED_NOT_FOUND ? SMCRED_INVALID : status;
    return make(wishes, "settings", sm_bytes_of(wishes->access_key_id), sm_secret_view(secret),
                sm_bytes("", 0), out_credentials, err);
}

static struct sm_bytes env_bytes(const struct credentials_wishes *wishes, const char *name)
{
    const char *value = wishes->env(name);
    return sm_bytes_of(value ? value : "");
}

static enum smcred_status from_environment(const struct credentials_wishes *wishes,
                                           struct aws_credentials **out_credentials,
                                           struct sm_error *err)
{
    struct sm_bytes id = env_bytes(wishes, "AWS_ACCESS_KEY_ID");
    struct sm_bytes secret = env_bytes(wishes, "AWS_SECRET_ACCESS_KEY");
    if (wishes->profile_is_setting || id.len == 0)
        return SMCRED_NOT_FOUND;
    if (secret.len == 0)
        return sm_error_set(err, SMCRED_INVALID,
                            "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
    return make(wishes, "environment", id, secret, env_bytes(wishes, "AWS_SESSION_TOKEN"),
                out_credentials, err);
}

static struct sm_bytes profile_bytes(const struct credentials_wishes *wishes, const char *key)
{
    const struct sm_secret *value =
        aws_profiles_get(wishes->profiles, AWS_PROFILE, wishes->profile, key, NULL);
    return value ? sm_secret_view(value) : sm_bytes("", 0);
}

static enum smcred_status not_followed(const struct credentials_wishes *wishes, const char *key,
                                       struct sm_error *err)
{
    return sm_error_set(err, SMCRED_INVALID, "AWS profile %s has %s, which is not supported here",
                        wishes->profile, key);
}

/* Keys of a profile that outrank its static ones, and that this version cannot follow. */
static enum smcred_status refuse_roles(const struct credentials_wishes *wishes,
                                       struct sm_error *err)
{
    static const char *const keys[] = {"role_arn", "web_identity_token_file", "sso_session",
                                       "sso_account_id", "sso_role_name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (profile_bytes(wishes, keys[i]).len > 0)
            return not_followed(wishes, keys[i], err);
    return SMCRED_OK;
}

static enum smcred_status from_profile(const struct credentials_wishes *wishes,
                                       struct aws_credentials **out_credentials,
                                       struct sm_error *err)
{
    struct sm_bytes id = profile_bytes(wishes, "aws_access_key_id");
    struct sm_bytes secret = profile_bytes(wishes, "aws_secret_access_key");
    if (!aws_profiles_has(wishes->profiles, AWS_PROFILE, wishes->profile)) {
        if (strcmp(wishes->profile, "default") == 0)
            return SMCRED_NOT_FOUND;
        return sm_error_set(err, SMCRED_INVALID, "there is no AWS profile %s", wishes->profile);
    }
    enum smcred_status status = refuse_roles(wishes, err);
    if (status != SMCRED_OK)
        return status;
    if (id.len == 0 && secret.len == 0 && profile_bytes(wishes, "credential_process").len > 0)
        return not_followed(wishes, "credential_process", err);
    if (id.len == 0 && secret.len == 0)
        return SMCRED_NOT_FOUND;
    if (id.len == 0 || secret.len == 0)
        return sm_error_set(err, SMCRED_INVALID, "AWS profile %s lacks %s", wishes->profile,
                            id.len ? "aws_secret_access_key" : "aws_access_key_id");
    return make(wishes, "profile", id, secret, profile_bytes(wishes, "aws_session_token"),
                out_credentials, err);
}

/* In this order.  SMCRED_NOT_FOUND: does not apply, ask the next one. */
static enum smcred_status (*const providers[])(const struct credentials_wishes *,
                                               struct aws_credentials **, struct sm_error *) = {
    from_settings,
    from_environment,
    from_profile,
};

enum smcred_status credentials_resolve(const struct credentials_wishes *wishes,
                                       struct aws_credentials **out_credentials,
                                       struct sm_error *err)
{
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
        enum smcred_status status = providers[i](wishes, out_credentials, err);
        if (status != SMCRED_NOT_FOUND)
            return status;
    }
    return sm_error_set(err, SMCRED_UNAVAILABLE,
                        "no AWS credentials: none in [aws], none in the environment, none in "
                        "profile %s",
                        wishes->profile);
}
