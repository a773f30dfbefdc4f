/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slow_directory.c - preloaded, a directory that hangs: whoever is called slow-... is looked up for
 * as long as the file $SLOW_DIRECTORY is there, and then is nobody.
 */
#include <dlfcn.h>
#include <pwd.h>
#include <unistd.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define LOOKS   600
#define LOOK_US 100000

/* As glibc's, whose place it takes. */
SMCRED_API int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
                          struct passwd **out);

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **out)
{
    int (*libc_getpwnam_r)(const char *, struct passwd *, char *, size_t, struct passwd **);
    const char *file = getenv("SLOW_DIRECTORY");
    if (strncmp(name, "slow-", 5) == 0) {
        for (int i = 0; i < LOOKS && file && access(file, F_OK) == 0; i++)
            (void)usleep(LOOK_US); /* a pause */
        *out = NULL;
        return 0;
    }
    *(void **)&libc_getpwnam_r = dlsym(RTLD_NEXT, "getpwnam_r");
    return libc_getpwnam_r(name, entry, buffer, size, out);
}
