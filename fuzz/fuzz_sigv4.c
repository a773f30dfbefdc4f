/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_sigv4.c - an Authorization header that parses lends only its own bytes; a date that parses
 * prints as it was.
 */
#include <stdlib.h>

#include "common/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct sm_bytes part, const uint8_t *data, size_t size)
{
    const uint8_t *at = part.data;
    if (part.len > 0 && (at < data || part.len > size || at + part.len > data + size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sigv4_authorization a;
    int64_t wall_ms;
    char again[SIGV4_DATE_LEN + 1];
    if (sigv4_parse(sm_bytes(data, size), &a) == SMCRED_OK) {
        check_inside(a.access_key_id, data, size);
        check_inside(a.date, data, size);
        check_inside(a.region, data, size);
        check_inside(a.service, data, size);
        check_inside(a.signed_headers, data, size);
        check_inside(a.signature, data, size);
    }
    if (sigv4_date_parse(sm_bytes(data, size), &wall_ms) == SMCRED_OK) {
        sigv4_date(wall_ms, again);
        if (!sm_bytes_is(sm_bytes(data, size), again))
            abort();
    }
    return 0;
}
