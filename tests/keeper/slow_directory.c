/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * slow_directory.c - preloaded, a directory that hangs: whoever is called slow-..., or has a uid
 * from 61000 to 61999, is looked up for as long as the file $SLOW_DIRECTORY is there, and then is
 * nobody.
 */
#include <dlfcn.h>
#include <pwd.h>
#include <unistd.h>

#include "common/bytes.h"
#include "libsmcred/smcred.h"

#define LOOKS   600
#define LOOK_US 100000

/* As glibc's, whose places they take. */
SMCRED_API int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
                          struct passwd **out);
SMCRED_API int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size,
                          struct passwd **out);

static void hang(void)
{
    const char *file = getenv("SLOW_DIRECTORY");
    for (int i = 0; i < LOOKS && file && access(file, F_OK) == 0; i++)
        (void)usleep(LOOK_US); /* a pause */
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **out)
{
    int (*libc_getpwuid_r)(uid_t, struct passwd *, char *, size_t, struct passwd **);
    if (uid / 1000 == 61) {
        hang();
        *out = NULL;
        return 0;
    }
    *(void **)&libc_getpwuid_r = dlsym(RTLD_NEXT, "getpwuid_r");
    return libc_getpwuid_r(uid, entry, buffer, size, out);
}

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **out)
{
    int (*libc_getpwnam_r)(const char *, struct passwd *, char *, size_t, struct passwd **);
    if (strncmp(name, "slow-", 5) == 0) {
        hang();
        *out = NULL;
        return 0;
    }
    *(void **)&libc_getpwnam_r = dlsym(RTLD_NEXT, "getpwnam_r");
    return libc_getpwnam_r(name, entry, buffer, size, out);
}
