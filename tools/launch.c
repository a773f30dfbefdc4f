/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launch.c - the environment of a program with the shim, and the step into it.
 */
#include "tools/launch.h"

#include <limits.h>

#include "common/preload.h"
#include "tools/index_map.h"
#include "tools/watch.h"

#define SHIM_PATH SM_MODULEDIR "/libsmcred_preload.so"

/* The shim to load: the installed one, or $SMCRED_PRELOAD, such as the one of a build tree. */
const char *launch_shim_path(void)
{
    const char *path = secure_getenv("SMCRED_PRELOAD");
    return path && path[0] != '\0' ? path : SHIM_PATH;
}

bool launch_is_preloaded(const char *path)
{
    return sm_preload_has(getenv("LD_PRELOAD"), path);
}

static enum smcred_status set_preload(struct sm_error *err)
{
    sm_autofree char *list = NULL;
    enum smcred_status status =
        sm_preload_list(getenv("LD_PRELOAD"), launch_shim_path(), &list, err);
    if (status == SMCRED_OK && setenv("LD_PRELOAD", list, 1) != 0)
        status = sm_error_set(err, SMCRED_NO_MEMORY, "no memory for the environment");
    return status;
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
