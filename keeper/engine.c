/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine.c - the table.  A new kind of database is one line here, and one in verdict.c.
 */
#include "keeper/engine.h"

#include <stdio.h>

#define ALIASES_MAX 4

static const struct engine {
    const char *names[ALIASES_MAX]; /* ours first, then what secrets may say */
    uint32_t port;
    bool greets;
} engines[] = {
    [INDEX_POSTGRES] = {{"postgres", "postgresql", "aurora-postgresql"}, 5432, false},
    [INDEX_MYSQL] = {{"mysql", "mariadb", "aurora-mysql", "aurora"}, 3306, true},
    [INDEX_REDIS] = {{"redis", "valkey"}, 6379, false},
};

#define ENGINES (sizeof engines / sizeof *engines)

static const struct engine *of(uint32_t engine)
{
    return engine < ENGINES && engines[engine].port != 0 ? &engines[engine] : NULL;
}

const char *engine_name(uint32_t engine)
{
    return of(engine) ? of(engine)->names[0] : "";
}

bool engine_find(const char *name, enum index_engine *out_engine)
{
    for (uint32_t i = 0; i < ENGINES; i++) {
        for (size_t k = 0; k < ALIASES_MAX && engines[i].names[k]; k++) {
            if (strcasecmp(engines[i].names[k], name) == 0) {
                *out_engine = (enum index_engine)i;
                return true;
            }
        }
    }
    return false;
}

uint32_t engine_port(uint32_t engine)
{
    return of(engine) ? of(engine)->port : 0;
}

bool engine_socket(uint32_t engine, const char *directory, uint32_t port, char *out_path,
                   size_t size)
{
    int len = engine == INDEX_POSTGRES
                  ? snprintf(out_path, size, "%s/.s.PGSQL.%u", directory, port)
                  : snprintf(out_path, size, "%s/%s.sock", directory, engine_name(engine));
    return len > 0 && (size_t)len < size;
}

bool engine_server_socket(uint32_t engine, const char *host, uint32_t port, char *out_path,
                          size_t size)
{
    if (engine == INDEX_POSTGRES)
        return engine_socket(engine, host, port, out_path, size);
    int len = snprintf(out_path, size, "%s", host);
    return len > 0 && (size_t)len < size;
}

bool engine_greets(uint32_t engine)
{
    return of(engine) && of(engine)->greets;
}
