/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz_awserror.c - an error answer of any bytes gives printable, bounded text and never success.
 */
#include <stdlib.h>

#include "sources/awserror.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_printable(const char *text, size_t size)
{
    size_t len = strnlen(text, size);
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] >= 0x7f)
            return false;
    return len < size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long codes[] = {400, 403, 404, 429, 500, 503, 307};
    struct aws_error error;
    char header[64] = "";
    if (size > 0)
        memcpy(header, data, size < sizeof header ? size : sizeof header - 1);
    aws_error_parse(header, sm_bytes(data, size), &error);
    if (!is_printable(error.code, sizeof error.code) ||
        !is_printable(error.message, sizeof error.message))
        abort();
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (aws_error_status(codes[i], &error) == SMCRED_OK)
            abort();
    (void)aws_error_is_skew(&error);
    return 0;
}
