/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_scramtext.c - what a server may say in SCRAM.
 *
 * A challenge that parses has a salt and a count within bounds, and its AuthMessage holds the
 * challenge; a last message shows the signature only if it is that signature.
 */
#include <stdio.h>
#include <stdlib.h>

#include "relay/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void challenge(struct sm_bytes text, enum scram_binding binding)
{
    static const uint8_t random[SCRAM_NONCE_RAW] = {0};
    static const uint8_t proof[SCRAM_DIGEST] = {0};
    struct scram scram;
    char final[640];
    scram_begin(&scram, random);
    scram.binding = binding;
    scram.certificate_hash_len = binding == SCRAM_BINDING_CERTIFICATE ? SCRAM_BINDING_MAX : 0;
    if (scram_challenge_parse(&scram, text) != SMCRED_OK)
        return;
    if (scram.salt_len > ORC_SALT_MAX || scram.iterations == 0 ||
        scram.auth_message_len != strlen(scram.auth_message) ||
        !memmem(scram.auth_message, scram.auth_message_len, text.data, text.len))
        abort();
    if (scram_write_final(&scram, sm_bytes(proof, sizeof proof), final, sizeof final) == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t signature[SCRAM_DIGEST] = {0};
    if (size == 0)
        return 0;
    struct sm_bytes text = sm_bytes(data + 1, size - 1);
    if (data[0] % 4 == 3) {
        if (scram_final_check(text, sm_bytes(signature, sizeof signature)) == SMCRED_OK &&
            !memmem(text.data, text.len, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 43))
            abort();
        return 0;
    }
    challenge(text, (enum scram_binding)(data[0] % 4));
    return 0;
}
