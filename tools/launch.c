/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch.c - the environment of a program with the shim, and the step into it.
 */
#include "tools/launch.h"

#include <limits.h>
#include <stdio.h>

#include "common/bytes.h"
#include "tools/index_map.h"
#include "tools/watch.h"

#define SHIM_PATH SM_MODULEDIR "/libsmcred_preload.so"

/* The shim to load: the installed one, or $SMCRED_PRELOAD, such as the one of a build tree. */
const char *launch_shim_path(void)
{
    const char *path = secure_getenv("SMCRED_PRELOAD");
    return path && path[0] != '\0' ? path : SHIM_PATH;
}

/* True if `path` is one of the entries of `list`. */
static bool is_listed(const char *list, const char *path)
{
    size_t len = strlen(path);
    for (const char *at = list; (at = strstr(at, path)); at++)
        if ((at == list || strchr(": ", at[-1])) && strchr(": ", at[len]))
            return true; /* strchr() finds the NUL at the end, too */
    return false;
}

bool launch_is_preloaded(const char *path)
{
    const char *list = getenv("LD_PRELOAD");
    return list && is_listed(list, path);
}

static enum smcred_status set_preload(struct sm_error *err)
{
    const char *path = launch_shim_path(), *others = getenv("LD_PRELOAD");
    if (path[0] != '/' || strpbrk(path, ": "))
        return sm_error_set(err, SMCRED_INVALID,
                            "the shim's path must be absolute, without colon or space: '%s'", path);
    if (access(path, R_OK) != 0)
        return sm_error_set(err, SMCRED_NOT_FOUND, "cannot read the shim %s: %s", path,
                            strerror(errno));
    if (others && is_listed(others, path))
        return SMCRED_OK;
    sm_autofree char *list = NULL;
    int len = asprintf(&list, "%s%s%s", others ? others : "", others && *others ? ":" : "", path);
    if (len < 0 || setenv("LD_PRELOAD", list, 1) != 0)
        return sm_error_set(err, SMCRED_NO_MEMORY, "no memory for the environment");
    return SMCRED_OK;
}

/* Without an index a target's name would lead wherever DNS says, with the operator's own password.
 */
static enum smcred_status find_index(struct sm_error *err)
{
    if (index_map_usable())
        return SMCRED_OK;
    return sm_error_set(err, SMCRED_NOT_FOUND,
                        "there is no usable index of targets at %s; is smcredd running?",
                        index_map_path());
}

int launch_program(char *const argv[], bool seccomp, struct sm_error *err)
{
    (void)sm_error_set(err, SMCRED_OK, "%s", "");
    if (set_preload(err) != SMCRED_OK || find_index(err) != SMCRED_OK)
        return LAUNCH_CANNOT_RUN;
    if (seccomp)
        return watch_program(argv, err);
    (void)execvp(argv[0], argv); /* returns only to fail */
    int error = errno;
    (void)sm_error_set(err, SMCRED_SYSTEM, "cannot run '%s': %s", argv[0], strerror(error));
    return error == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_CANNOT_RUN;
}
