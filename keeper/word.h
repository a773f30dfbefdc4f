/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * word.h - a word of the keeper's to the root parent (S0, common/parent.h), read as a stranger's.
 *
 * Called by the parent, which does nothing that has not come through here.
 */
#ifndef KEEPER_WORD_H
#define KEEPER_WORD_H

#include "common/bytes.h"
#include "common/parent.h"

struct word {
    enum par_verb verb; /* PAR_SPAWN, PAR_END, PAR_READY or PAR_ALIVE */
    uid_t uid;          /* of PAR_SPAWN: somebody's, not the overflow uid */
    pid_t pid;          /* of PAR_END: one process's; whose, the parent knows */
};

/* False, and nothing stored: that is no word which the keeper may say. */
SM_MUST_CHECK bool word_parse(struct sm_bytes packet, struct word *out_word);

#endif
