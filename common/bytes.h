/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bytes.h - borrowed bytes, and locals that release themselves.  Included by everybody.
 */
#ifndef SM_BYTES_H
#define SM_BYTES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SM_MUST_CHECK        __attribute__((warn_unused_result))
#define SM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Bytes somebody else owns.  Passed by value; may be empty; need not end in NUL. */
struct sm_bytes {
    const void *data;
    size_t len;
};

static inline struct sm_bytes sm_bytes(const void *data, size_t len)
{
    return (struct sm_bytes){data, len};
}

/* The characters of a C string, without its NUL; NULL gives no bytes. */
static inline struct sm_bytes sm_bytes_of(const char *text)
{
    return (struct sm_bytes){text, text ? strlen(text) : 0};
}

/* For public values.  Secrets are compared by sm_secret_equal(). */
static inline bool sm_bytes_equal(struct sm_bytes a, struct sm_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool sm_bytes_is(struct sm_bytes a, const char *text)
{
    return sm_bytes_equal(a, sm_bytes_of(text));
}

/* Releasers for locals.  They accept the empty value and keep errno. */
static inline void sm_close_fd(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        (void)close(*fd); /* nothing to do about it, and never twice */
        errno = saved;
        *fd = -1;
    }
}

static inline void sm_free_ptr(void *ptr)
{
    int saved = errno;
    free(*(void **)ptr);
    errno = saved;
}

#define sm_autoclose __attribute__((cleanup(sm_close_fd)))
#define sm_autofree  __attribute__((cleanup(sm_free_ptr)))

/* The one place where ownership of a local leaves its block. */
static inline int sm_take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static inline void *sm_take_ptr(void *ptr)
{
    void *taken = *(void **)ptr;
    *(void **)ptr = NULL;
    return taken;
}

#endif
