/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_keeper.h - answers S1 from a script, well or badly.  For tests of those who ask.
 */
#ifndef FAKE_KEEPER_H
#define FAKE_KEEPER_H

#include <stdatomic.h>

#include "common/control.h"
#include "common/wire.h"

/* How an answer is given; all but the first are lies. */
enum fake_manner {
    FAKE_PROPER,
    FAKE_SILENT, /* reads, and says nothing until the asker has gone */
    FAKE_CLOSE,
    FAKE_GARBAGE,
    FAKE_EMPTY_PACKET,
    FAKE_TRUNCATED,
    FAKE_OVERSIZED,
    FAKE_OTHER_VERSION,
    FAKE_OTHER_VERB,
    FAKE_OTHER_ID,
    FAKE_NO_DESCRIPTOR,
    FAKE_TWO_DESCRIPTORS,
    FAKE_REFUSAL_WITH_DESCRIPTOR,
    FAKE_STRANGE_STATUS,
    FAKE_TURNED_AWAY, /* as the keeper answers one connection too many, unread */
    FAKE_MANNER_COUNT
};

struct fake_answer {
    enum fake_manner manner;
    enum smcred_status status;
    const char *text; /* NULL: none; so the next two */
    const char *rule;
    const char *audit_id;
    int fd;                 /* sent when status is SMCRED_OK; stays the giver's */
    bool fields;            /* a yes without a descriptor */
    const char *session_id; /* NULL: none; so the next */
    const char *kind;
};

/* Called in the keeper's thread, once per question. */
typedef struct fake_answer (*fake_script)(const struct sm_wire_in *question, void *context);

struct fake_keeper;
/* Listens at `path`, or in a directory of its own if that is NULL.  Aborts on failure. */
struct fake_keeper *fake_keeper_start(const char *path, fake_script script, void *context);
const char *fake_keeper_path(const struct fake_keeper *keeper);
/* Questions heard so far. */
unsigned fake_keeper_heard(const struct fake_keeper *keeper);
/* Stops listening and removes the socket. */
void fake_keeper_stop(struct fake_keeper *keeper);

#endif
