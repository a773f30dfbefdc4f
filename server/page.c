/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.c - tokens of pagination.  Called by the operations that list.
 *
 * A token is base64 of a place and a digest of the request without its paging members.  It grants
 * nothing, so it is not signed; the digest only notices a token used with another request.
 */
#include "server/page.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/base64.h"
#include "server/dispatch.h"
#include "server/json.h"

#define TOKEN_TEXT_MAX (48 + sizeof(((struct server_spot *)NULL)->key))

/* FNV-1a. */
static uint64_t digest(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t request_digest(const struct server_call *call)
{
    uint64_t hash = digest(UINT64_C(0xcbf29ce484222325), server_dispatch_name(call));
    const cJSON *member;
    cJSON_ArrayForEach(member, call->input)
    {
        if (strcmp(member->string, "NextToken") == 0 || strcmp(member->string, "MaxResults") == 0)
            continue;
        char *text = cJSON_PrintUnformatted(member);
        hash = digest(digest(hash, member->string), text ? text : "");
        cJSON_free(text);
    }
    return hash;
}

enum server_error server_page_read(struct server_call *call, struct server_spot *out_spot)
{
    const char *token = server_json_text(call->input, "NextToken");
    char text[TOKEN_TEXT_MAX] = "";
    int64_t at;
    uint64_t hash;
    int end = -1;
    *out_spot = (struct server_spot){.at = 0};
    if (!token)
        return SERVER_OK;
    ptrdiff_t len = server_base64_decoded_len(token);
    if (len >= 0 && len < (ptrdiff_t)sizeof text)
        server_base64_decode(token, (uint8_t *)text);
    if (sscanf(text, "2:%16" SCNx64 ":%16" SCNx64 ":%n", (uint64_t *)&at, &hash, &end) != 2 ||
        end < 0 || at < 0 || strlen(text + end) >= sizeof out_spot->key ||
        hash != request_digest(call))
        return server_fail(call, SERVER_INVALID_NEXT_TOKEN, "Invalid token.");
    out_spot->at = at;
    (void)snprintf(out_spot->key, sizeof out_spot->key, "%s", text + end); /* fits */
    return SERVER_OK;
}

void server_page_add(struct server_call *call, const struct server_spot *spot)
{
    char text[TOKEN_TEXT_MAX];
    char token[TOKEN_TEXT_MAX * 2];
    int len = snprintf(text, sizeof text, "2:%" PRIx64 ":%" PRIx64 ":%s", (uint64_t)spot->at,
                       request_digest(call), spot->key); /* fits */
    server_base64_encode(sm_bytes(text, (size_t)len), token);
    server_json_add(call->output, "NextToken", token);
}
