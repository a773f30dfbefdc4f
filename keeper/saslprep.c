/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saslprep.c - which passwords SASLprep leaves alone, and which we cannot prepare.
 *
 * Called by scram.c before PBKDF2.  SASLprep maps, normalizes (NFKC) and prohibits.  Over
 * characters of the table below it does nothing: each is a starter that NFKC keeps, that composes
 * with nothing before it, and that no table of RFC 3454 maps, prohibits or calls right-to-left.
 */
#include "keeper/saslprep.h"

struct range {
    uint32_t first;
    uint32_t last;
};

/*
 * Latin, Greek, Cyrillic, punctuation, currency, kana, CJK and Hangul characters that RFC 4013
 * keeps as they are, beyond ASCII: computed from Unicode 3.2 and 14.0, which agree about them.
 */
static const struct range kept[] = {
    /* clang-format off */
    {0x00a1, 0x00a7}, {0x00a9, 0x00a9}, {0x00ab, 0x00ac}, {0x00ae, 0x00ae}, {0x00b0, 0x00b1},
    {0x00b6, 0x00b7}, {0x00bb, 0x00bb}, {0x00bf, 0x0131}, {0x0134, 0x013e}, {0x0141, 0x0148},
    {0x014a, 0x017e}, {0x0180, 0x01c3}, {0x01cd, 0x01f0}, {0x01f4, 0x0220}, {0x0222, 0x0233},
    {0x0250, 0x02ad}, {0x02b9, 0x02d7}, {0x02de, 0x02df}, {0x02e5, 0x02ee}, {0x0375, 0x0375},
    {0x0386, 0x0386}, {0x0388, 0x038a}, {0x038c, 0x038c}, {0x038e, 0x03a1}, {0x03a3, 0x03ce},
    {0x03d7, 0x03ef}, {0x03f3, 0x03f3}, {0x03f6, 0x03f6}, {0x0400, 0x0482}, {0x0488, 0x04ce},
    {0x04d0, 0x04f5}, {0x04f8, 0x04f9}, {0x0500, 0x050f}, {0x1e00, 0x1e99}, {0x1ea0, 0x1ef9},
    {0x2010, 0x2010}, {0x2012, 0x2016}, {0x2018, 0x2023}, {0x2027, 0x2027}, {0x2030, 0x2032},
    {0x2035, 0x2035}, {0x2038, 0x203b}, {0x203d, 0x203d}, {0x203f, 0x2046}, {0x204a, 0x2052},
    {0x20a0, 0x20a7}, {0x20a9, 0x20b1}, {0x3041, 0x3096}, {0x309d, 0x309e}, {0x30a0, 0x30fe},
    {0x4e00, 0x9fa5}, {0xac00, 0xd7a3},
    /* clang-format on */
};

static bool is_kept(uint32_t code)
{
    size_t low = 0, high = sizeof kept / sizeof *kept;
    if (code < 0x80)
        return true; /* PostgreSQL takes ASCII as it is, control characters too */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code > kept[middle].last)
            low = middle + 1;
        else if (code < kept[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

/* Bytes of the character that begins with `lead`, or 0 if none does. */
static size_t utf8_len(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* Reads one character and moves on.  False if it is not UTF-8. */
static bool next_code(struct sm_bytes text, size_t *at, uint32_t *out_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text.data + *at;
    size_t len = utf8_len(bytes[0]);
    if (len == 0 || len > text.len - *at)
        return false;
    uint32_t code = len == 1 ? bytes[0] : bytes[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
        code = code << 6 | (bytes[i] & 0x3f);
    }
    if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return false;
    *at += len;
    *out_code = code;
    return true;
}

enum smcred_status saslprep(struct sm_vault *vault, struct sm_bytes password,
                            struct sm_secret **out_prepared)
{
    bool all_kept = true;
    uint32_t code = 0;
    for (size_t at = 0; at < password.len;) {
        if (!next_code(password, &at, &code)) {
            all_kept = true; /* not UTF-8: PostgreSQL takes it as it is */
            break;
        }
        all_kept = all_kept && is_kept(code);
    }
    if (!all_kept)
        return SMCRED_UNSUPPORTED;
    return sm_secret_new(vault, password, out_prepared);
}
