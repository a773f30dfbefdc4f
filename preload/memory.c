/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory.c - the four functions that a compiler may call for a plain assignment, hidden in the shim
 * so that it need not find them elsewhere.  Built with -fno-builtin, or they would call themselves.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    for (size_t i = 0; i < len; i++)
        out[i] = in[i];
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    if (out <= in)
        return memcpy(to, from, len);
    while (len-- > 0)
        out[len] = in[len];
    return to;
}

void *memset(void *to, int value, size_t len)
{
    unsigned char *out = to;
    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < len; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}
