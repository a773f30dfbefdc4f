/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_sts.c - forms of the query protocol, and JSON Web Tokens in them: nothing is verified that
 * nobody signed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/json.h"
#include "server/jwt.h"
#include "server/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
                          "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
                          "-----END PUBLIC KEY-----\n";

static void look(const char *token)
{
    cJSON *claims = NULL;
    if (server_jwt_claims(token, &claims) == SMCRED_OK && !cJSON_IsObject(claims))
        abort();
    cJSON_Delete(claims);
    if (server_jwt_verify(token, key) == SMCRED_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *input = NULL;
    const cJSON *field;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    server_json_init();
    look(text);
    if (server_query_parse(sm_bytes(text, size), &input) == SMCRED_OK) {
        cJSON_ArrayForEach(field, input)
        {
            look(field->valuestring);
        }
    }
    cJSON_Delete(input);
    free(text);
    return 0;
}
