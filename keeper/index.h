/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index.h - writes RUNDIR/index (common/index.h, doc/index.md).  Called at the start, on reload,
 * and when a secret's port becomes known.
 */
#ifndef KEEPER_INDEX_H
#define KEEPER_INDEX_H

#include "common/status.h"
#include "keeper/config.h"

struct index_writer;

/* What only the secret of a target says, as far as it is known. */
struct index_place {
    bool known;
    const char *host; /* "" if it says none, or is not known; so below */
    uint32_t port;
};
typedef struct index_place index_place_of(void *arg, const struct config_target *target);

/*
 *   directory   the runtime directory, borrowed for as long as the writer lives
 *   out_writer  free with index_free()
 */
SM_MUST_CHECK enum smcred_status index_new(const char *directory, struct index_writer **out_writer);
/* Marks the last file as superseded, so that readers look again.  NULL is allowed. */
void index_free(struct index_writer *writer);

/*
 * Writes the index of `config` beside the old one, renames it into place, and marks the old one. If
 * it would say the same as the one in place, nothing is done.
 *   place_of  may be NULL: nothing is known beyond the configuration
 * Errors: SMCRED_SYSTEM, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY; the old index stays.
 */
SM_MUST_CHECK enum smcred_status index_write(struct index_writer *writer,
                                             const struct config *config, index_place_of *place_of,
                                             void *arg);

/*
 * The name of the target that the index in place, which the shim reads, gives for what is typed;
 * NULL if it gives none.  Borrowed until the next index_write(). host  as config_parse_host() wrote
 * it
 */
const char *index_look_up(const struct index_writer *writer, const char *host, uint32_t port);

/*
 * What the index that a keeper before us has left says of a target beyond its configuration, as its
 * secret had said it.  False: nothing.
 *   out_host  a numeric address, or ""
 *   out_port  0 if unknown
 */
bool index_recall(struct index_writer *writer, const struct config_target *target,
                  char out_host[INDEX_HOST_MAX], uint32_t *out_port);

/* The path of a target's socket: DIRECTORY/NAME/.s.PGSQL.5432, .../mysql.sock.  False: too long for
 * a socket. */
bool index_socket_path(const char *directory, const struct config_target *target,
                       char out_path[INDEX_PATH_MAX]);

#endif
