/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * engine.h - what the keeper must know of a kind of database: its names, its port, its manners.
 *
 * Called wherever configuration, index and sessions meet one.  What its bytes mean is the relay's
 * business, and what its refusals mean, verdict.h's.
 */
#ifndef KEEPER_ENGINE_H
#define KEEPER_ENGINE_H

#include "common/bytes.h"
#include "common/index.h"

#define ENGINE_NAMES "postgres, mysql, redis" /* for people: what `engine` may say */

/* Its name in smcred.conf, on S2 and in documents; "" for a number that is none. */
const char *engine_name(uint32_t engine);
/* Of a name as smcred.conf or a secret has it; AWS also writes aurora-postgresql, mariadb ... */
bool engine_find(const char *name, enum index_engine *out_engine);
uint32_t engine_port(uint32_t engine);
/* Where its clients look for a socket in a directory.  False: too long. */
bool engine_socket(uint32_t engine, const char *directory, uint32_t port, char *out_path,
                   size_t size);
/* The same of a server: PostgreSQL's `host` is the directory, others' the socket itself. */
bool engine_server_socket(uint32_t engine, const char *host, uint32_t port, char *out_path,
                          size_t size);
/* Its server speaks first, so what a client wants is known only after the server was dialled. */
bool engine_greets(uint32_t engine);

#endif
