/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_scram.c - a challenge that passes the check is answered, and answered the same way twice.
 *
 * Input: length of the salt (1 byte), iterations (4), salt, password up to a NUL, AuthMessage.
 */
#include <stdlib.h>

#include "keeper/scram.h"

#define ITERATIONS_HERE 2 /* PBKDF2 itself is not what is searched for faults */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct sm_bytes salt;
    struct sm_bytes password;
    struct sm_bytes auth_message;
    uint32_t iterations;
};

static bool parse(const uint8_t *data, size_t size, struct input *out)
{
    if (size < 5 || data[0] > size - 5)
        return false;
    memcpy(&out->iterations, data + 1, sizeof out->iterations);
    out->salt = sm_bytes(data + 5, data[0]);
    const uint8_t *rest = data + 5 + data[0];
    size_t left = size - 5 - data[0];
    size_t password_len = strnlen((const char *)rest, left);
    out->password = sm_bytes(rest, password_len);
    if (password_len < left)
        password_len++;
    out->auth_message = sm_bytes(rest + password_len, left - password_len);
    return true;
}

static bool sign(struct sm_vault *vault, const struct input *input,
                 uint8_t proofs[2][SCRAM_HASH_SIZE])
{
    sm_autosecret struct sm_secret *password = NULL, *keys = NULL;
    if (sm_secret_new(vault, input->password, &password) != SMCRED_OK)
        return false;
    enum smcred_status status = scram_derive(vault, password, input->salt, ITERATIONS_HERE, &keys);
    if (status == SMCRED_UNSUPPORTED)
        return false;
    if (status != SMCRED_OK || sm_secret_view(keys).len != 2 * SCRAM_HASH_SIZE ||
        scram_sign(keys, input->auth_message, proofs[0], proofs[1]) != SMCRED_OK)
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    struct sm_error err;
    if (!parse(data, size, &input))
        return 0;
    if (scram_check(input.salt, input.iterations, input.auth_message, SCRAM_ITERATIONS_MIN, &err) !=
        SMCRED_OK) {
        if (!err.text[0])
            abort();
        return 0;
    }
    if (input.iterations < SCRAM_ITERATIONS_MIN || input.iterations > SCRAM_ITERATIONS_MAX ||
        input.salt.len == 0 || input.auth_message.len == 0)
        abort();
    struct sm_vault *vault;
    uint8_t first[2][SCRAM_HASH_SIZE], second[2][SCRAM_HASH_SIZE];
    if (sm_vault_new(&vault) != SMCRED_OK)
        return 0;
    bool answered = sign(vault, &input, first);
    if (answered != sign(vault, &input, second) ||
        (answered && memcmp(first, second, sizeof first) != 0))
        abort();
    sm_vault_free(vault); /* aborts if a secret is left */
    return 0;
}
