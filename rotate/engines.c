/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engines.c - the engines there are.
 */
#include "rotate/engine.h"

static const struct engine *const engines[] = {&engine_postgres, &engine_mysql, &engine_mariadb,
                                               &engine_redis};

static bool is_called(const struct engine *engine, const char *name)
{
    if (strcmp(engine->name, name) == 0)
        return true;
    for (const char *const *each = engine->spelt; *each; each++) {
        if (strcmp(*each, name) == 0)
            return true;
    }
    return false;
}

const struct engine *engine_find(const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        if (is_called(engines[i], name))
            return engines[i];
    }
    return NULL;
}
