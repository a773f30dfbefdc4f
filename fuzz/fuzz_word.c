/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz_word.c - what the root parent is made to do by its keeper is one of four things, to nobody
 * who is everybody. */
#include "keeper/word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct word word = {0};
    if (!word_parse(sm_bytes(data, size), &word))
        return 0;
    bool spawns = word.verb == PAR_SPAWN && word.uid != (uid_t)-1 && word.uid != 65534;
    bool ends = word.verb == PAR_END && word.pid > 0;
    if (!spawns && !ends && word.verb != PAR_READY && word.verb != PAR_ALIVE)
        abort();
    return 0;
}
