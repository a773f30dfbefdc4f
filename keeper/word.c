/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * word.c - bytes to a word, and nothing else: this runs as root.
 */
#include "keeper/word.h"

#include <limits.h>

#include "common/wire.h"
#include "keeper/accounts.h"

bool word_parse(struct sm_bytes packet, struct word *out_word)
{
    struct sm_wire_in in;
    uint32_t number = 0;
    if (sm_wire_parse(packet, &in) != SMCRED_OK)
        return false;
    switch (in.header.verb) {
    case PAR_READY:
    case PAR_ALIVE:
        *out_word = (struct word){.verb = in.header.verb};
        return true;
    case PAR_SPAWN:
        if (!sm_wire_get_u32(&in, PAR_T_UID, &number) || number == ACCOUNTS_UID_ANYBODY ||
            number == (uid_t)-1)
            return false;
        *out_word = (struct word){.verb = PAR_SPAWN, .uid = number};
        return true;
    case PAR_END: /* as kill(2) sees it, 0 and what is negative are many processes */
        if (!sm_wire_get_u32(&in, PAR_T_PID, &number) || number == 0 || number > INT_MAX)
            return false;
        *out_word = (struct word){.verb = PAR_END, .pid = (pid_t)number};
        return true;
    default: /* a number that is no word of the keeper's */
        return false;
    }
}
