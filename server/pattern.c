/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pattern.c - PCRE2, which is close to the expressions of Java that AWS means, with its limits set.
 * Called by parameters.c.
 */
#include "server/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_MAX    100000 /* some milliseconds */
#define HEAP_KIB_MAX 1024

static enum smcred_status run(const pcre2_code *code, const char *value)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    enum smcred_status status = SMCRED_NO_MEMORY;
    if (data && limits) {
        (void)pcre2_set_match_limit(limits, STEPS_MAX); /* these cannot fail */
        (void)pcre2_set_heap_limit(limits, HEAP_KIB_MAX);
        int found = pcre2_match(code, (PCRE2_SPTR)value, strlen(value), 0,
                                PCRE2_ANCHORED | PCRE2_ENDANCHORED, data, limits);
        status = found >= 0 ? SMCRED_OK : SMCRED_DENIED;
    }
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    return status;
}

enum smcred_status server_pattern_match(const char *pattern, const char *value)
{
    int code_number;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, strlen(pattern),
                                     PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code_number, &at, NULL);
    if (!code)
        return SMCRED_INVALID;
    enum smcred_status status = run(code, value);
    pcre2_code_free(code);
    return status;
}
