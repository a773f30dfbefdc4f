/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * turns.c - a list of jobs for each key, and the keys in the order of their last turn.  Called by
 * pam_check.c.
 */
#include "keeper/turns.h"

#include <sys/queue.h>

#include "keeper/table.h"

#define EXPECTED 64 /* keys */
#define SHARE    4  /* of the room that is left, for one key */

struct turn {
    STAILQ_ENTRY(turn) link;
    struct turns *turns;
    workers_run *run;
    workers_done *done;
    void *arg;
};

/* Somebody for whom something waits. */
struct party {
    struct table_entry node; /* first; its key is `bytes`; the table is in order of turns */
    STAILQ_HEAD(turn_queue, turn) waiting;
    size_t count;
    uint8_t bytes[];
};

struct turns {
    struct workers *workers;
    size_t at_once, running, waiting;
    struct table parties;
    bool serving; /* whoever does so sees what is added meanwhile */
};

enum smcred_status turns_new(struct workers *workers, size_t at_once, struct turns **out_turns)
{
    struct turns *turns = calloc(1, sizeof *turns);
    if (!turns)
        return SMCRED_NO_MEMORY;
    turns->workers = workers;
    turns->at_once = at_once;
    if (table_init(&turns->parties, EXPECTED) != SMCRED_OK) {
        free(turns);
        return SMCRED_NO_MEMORY;
    }
    *out_turns = turns;
    return SMCRED_OK;
}

void turns_free(struct turns *turns)
{
    if (!turns)
        return;
    table_done(&turns->parties); /* the end of the workers has emptied it */
    free(turns);
}

/* The party's, made if there is none.  NULL for want of memory. */
static struct party *party_of(struct turns *turns, struct sm_bytes key)
{
    struct party *party = (struct party *)table_find(&turns->parties, key);
    if (party)
        return party;
    party = malloc(sizeof *party + key.len);
    if (!party)
        return NULL;
    *party = (struct party){.count = 0};
    STAILQ_INIT(&party->waiting);
    memcpy(party->bytes, key.data, key.len);
    party->node.key = sm_bytes(party->bytes, key.len);
    table_add(&turns->parties, &party->node);
    return party;
}

static void free_empty(struct turns *turns, struct party *party)
{
    if (party->count > 0)
        return;
    table_remove(&turns->parties, &party->node);
    free(party);
}

/* Who has waited longest for a turn has it.  NULL: nobody waits. */
static struct turn *take_next(struct turns *turns)
{
    struct party *party = (struct party *)turns->parties.oldest;
    if (!party)
        return NULL;
    struct turn *turn = STAILQ_FIRST(&party->waiting);
    STAILQ_REMOVE_HEAD(&party->waiting, link);
    party->count--;
    turns->waiting--;
    table_touch(&turns->parties, &party->node);
    free_empty(turns, party);
    return turn;
}

static void serve(struct turns *turns);

static void run_turn(void *arg)
{
    struct turn *turn = arg;
    turn->run(turn->arg);
}

static void on_done(void *arg, bool ran)
{
    struct turn *turn = arg;
    struct turns *turns = turn->turns;
    turns->running--;
    serve(turns);
    turn->done(turn->arg, ran);
    free(turn);
}

/* Without a worker to run it there will be none for the next one either: the pool is at its end. */
static void serve(struct turns *turns)
{
    if (turns->serving)
        return;
    turns->serving = true;
    while (turns->running < turns->at_once) {
        struct turn *turn = take_next(turns);
        if (!turn)
            break;
        turns->running++;
        if (workers_submit(turns->workers, run_turn, on_done, turn) != SMCRED_OK)
            on_done(turn, false);
    }
    turns->serving = false;
}

enum smcred_status turns_submit(struct turns *turns, struct sm_bytes key, workers_run *run,
                                workers_done *done, void *arg)
{
    struct party *party = party_of(turns, key);
    if (!party)
        return SMCRED_NO_MEMORY;
    struct turn *turn = NULL;
    bool room = party->count < (TURNS_WAITING_MAX - turns->waiting + SHARE - 1) / SHARE;
    if (room)
        turn = malloc(sizeof *turn);
    if (!turn) {
        free_empty(turns, party);
        return room ? SMCRED_NO_MEMORY : SMCRED_LIMITED;
    }
    *turn = (struct turn){.turns = turns, .run = run, .done = done, .arg = arg};
    STAILQ_INSERT_TAIL(&party->waiting, turn, link);
    party->count++;
    turns->waiting++;
    serve(turns);
    return SMCRED_OK;
}
