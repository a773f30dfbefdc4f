/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_policy.c - policy documents: what is found good can be judged, and Deny wins over all else.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/iam.h"
#include "server/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const cJSON *lend_facts(void *context)
{
    return context;
}

/* A Deny of everything put beside the statements must turn any verdict. */
static void deny_wins(cJSON *document, const struct server_iam_question *question)
{
    cJSON *statements = cJSON_GetObjectItemCaseSensitive(document, "Statement");
    cJSON *deny = cJSON_Parse("{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}");
    if (!cJSON_IsArray(statements) || !cJSON_AddItemToArray(statements, deny)) {
        cJSON_Delete(deny);
        return;
    }
    if (server_iam_judge(document, question) != SERVER_IAM_DENIED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct server_iam_caller caller = {
        "arn:aws:sts::111122223333:assumed-role/app/one", "arn:aws:iam::111122223333:role/app",
        "111122223333", ""};
    static const char facts_text[] =
        "{\"aws:SourceIp\":\"10.0.0.1\",\"aws:TagKeys\":[\"a\",\"b\"],\"aws:CurrentTime\":"
        "\"2026-11-21T00:00:00Z\",\"aws:PrincipalArn\":\"arn:aws:iam::111122223333:role/app\","
        "\"aws:SecureTransport\":\"true\",\"secretsmanager:RecoveryWindowInDays\":\"7\"}";
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    server_json_init();
    for (int kind = SERVER_IAM_IDENTITY; kind <= SERVER_IAM_TRUST; kind++) {
        cJSON *document = NULL;
        struct sm_error err;
        if (server_iam_parse(text, (enum server_iam_kind)kind, &document, &err) != SMCRED_OK)
            continue;
        cJSON *facts = cJSON_Parse(facts_text);
        const struct server_iam_question question = {
            .caller = &caller,
            .action = "secretsmanager:GetSecretValue",
            .resource = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-a1b2c3",
            .facts = lend_facts,
            .context = facts};
        (void)server_iam_judge(document, &question); /* whatever it says */
        (void)server_iam_is_public(document);        /* likewise */
        deny_wins(document, &question);
        cJSON_Delete(document);
        cJSON_Delete(facts);
    }
    free(text);
    return 0;
}
