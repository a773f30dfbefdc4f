/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * preload.c - a list of shared objects, separated by colons or spaces; see ld.so(8).
 */
#include "common/preload.h"

#include <stdio.h>

bool sm_preload_has(const char *list, const char *path)
{
    size_t len = strlen(path);
    for (const char *at = list; at && (at = strstr(at, path)); at++)
        if ((at == list || strchr(": ", at[-1])) && strchr(": ", at[len]))
            return true; /* strchr() finds the NUL at the end, too */
    return false;
}

enum smcred_status sm_preload_list(const char *others, const char *shim, char **out_list,
                                   struct sm_error *err)
{
    char *list;
    if (shim[0] != '/' || strpbrk(shim, ": "))
        return sm_error_set(err, SMCRED_INVALID,
                            "the shim's path must be absolute, without colon or space: '%s'", shim);
    if (access(shim, R_OK) != 0)
        return sm_error_set(err, SMCRED_NOT_FOUND, "cannot read the shim %s: %s", shim,
                            strerror(errno));
    if (!others || *others == '\0')
        list = strdup(shim);
    else if (sm_preload_has(others, shim))
        list = strdup(others);
    else if (asprintf(&list, "%s:%s", others, shim) < 0)
        list = NULL;
    if (!list)
        return sm_error_set(err, SMCRED_NO_MEMORY, "no memory for the environment");
    *out_list = list;
    return SMCRED_OK;
}
