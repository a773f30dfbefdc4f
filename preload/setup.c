/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setup.c - what the shim finds out once: libc's own functions, and where the index is.
 *
 * Done by a constructor, which runs before the program can install a signal handler or start a
 * thread. Another library's constructor may call connect() before ours has run, so every use asks
 * again; doing it twice does no harm.
 */
#include "preload/shim.h"

#include <stdatomic.h>

#include "preload/libc.h"

#define INDEX_PATH_BYTES 4096 /* PATH_MAX, which a freestanding compiler does not know */

static struct shim_libc libc;
static char index_path[INDEX_PATH_BYTES]; /* a copy: programs write over their environment */
static atomic_bool done;

const char *shim_environment(const char *name)
{
    return secure_getenv ? secure_getenv(name) : NULL; /* NULL in a setuid program, too */
}

static void set_index_path(void)
{
    const char *path = shim_environment("SMCRED_INDEX");
    if (!path || path[0] != '/')
        path = SM_RUNSTATEDIR "/smcred/" INDEX_FILE_NAME;
    for (size_t i = 0; i < sizeof index_path; i++) {
        index_path[i] = path[i];
        if (path[i] == '\0')
            return;
    }
    index_path[0] = '\0'; /* longer than any path: no index */
}

__attribute__((constructor)) static void setup(void)
{
    if (atomic_load_explicit(&done, memory_order_acquire))
        return;
    if (dlsym) {
        *(void **)&libc.connect = dlsym(RTLD_NEXT, "connect");
        *(void **)&libc.getaddrinfo = dlsym(RTLD_NEXT, "getaddrinfo");
    }
    set_index_path();
    const char *debug = shim_environment("SMCRED_DEBUG");
    if (debug && debug[0] != '\0')
        shim_debug_on();
    atomic_store_explicit(&done, true, memory_order_release);
}

const struct shim_libc *shim_libc(void)
{
    setup();
    return &libc;
}

const char *shim_index_path(void)
{
    setup();
    return index_path;
}

int shim_fail(int error)
{
    if (__errno_location)
        *__errno_location() = error;
    return -1;
}

int shim_errno(void)
{
    return __errno_location ? *__errno_location() : 0;
}
