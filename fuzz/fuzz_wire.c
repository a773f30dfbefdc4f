/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz_wire.c - a frame that parses can be walked to its end, and its texts copied. */
#include <stdlib.h>

#include "common/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sm_wire_in in;
    if (sm_wire_parse(sm_bytes(data, size), &in) != SMCRED_OK)
        return 0;
    size_t cursor = 0;
    uint16_t tag;
    struct sm_bytes value;
    while (sm_wire_next(&in, &cursor, &tag, &value)) {
        char text[64];
        uint64_t number;
        if (value.len > size ||
            (sm_wire_get_text(&in, tag, text, sizeof text) && strlen(text) >= sizeof text))
            abort();
        (void)sm_wire_get_u64(&in, tag, &number);
    }
    if (cursor != in.body.len)
        abort();
    return 0;
}
