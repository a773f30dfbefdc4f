/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz_awsprofile.c - whatever two files hold, look-ups end, and an endpoint out of them is sane.
 */
#include <stdlib.h>

#include "sources/awsprofile.h"
#include "sources/credentials.h"
#include "sources/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *no_env(const char *name)
{
    (void)name;
    return NULL;
}

static void use(struct sm_vault *vault, const struct aws_profiles *profiles)
{
    const struct endpoint_wishes wishes = {
        .env = no_env, .profiles = profiles, .profile = "default", .region = "us-east-1"};
    const struct credentials_wishes keys = {
        .vault = vault, .env = no_env, .profiles = profiles, .profile = "default"};
    struct endpoint endpoint;
    struct aws_credentials *credentials;
    if (endpoint_resolve(&wishes, &endpoint, NULL) == SMCRED_OK &&
        (strpbrk(endpoint.host, "\r\n @/") || endpoint.path[0] != '/'))
        abort();
    if (credentials_resolve(&keys, &credentials, NULL) == SMCRED_OK) {
        if (strpbrk(credentials->access_key_id, "\r\n ,/"))
            abort();
        aws_credentials_unref(credentials);
    }
}

/* The input up to a NUL is the config file, the rest the credentials file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sm_vault *vault;
    struct aws_profiles *profiles;
    struct sm_error err;
    const uint8_t *cut = size ? memchr(data, '\0', size) : NULL;
    size_t len = cut ? (size_t)(cut - data) : size;
    if (!vault && sm_vault_new(&vault) != SMCRED_OK)
        abort();
    if (aws_profiles_new(vault, &profiles) != SMCRED_OK)
        return 0;
    bool fine = aws_profiles_add(profiles, AWS_FILE_CONFIG, sm_bytes(data, len), &err) == SMCRED_OK;
    if (fine && cut)
        fine = aws_profiles_add(profiles, AWS_FILE_CREDENTIALS, sm_bytes(cut + 1, size - len - 1),
                                &err) == SMCRED_OK;
    if (fine)
        use(vault, profiles);
    aws_profiles_free(profiles);
    return 0;
}
