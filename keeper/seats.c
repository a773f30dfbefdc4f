/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seats.c - counted by uid; an entry for each uid that has some.  Called by control.c.
 */
#include "keeper/seats.h"

#include "keeper/table.h"

#define EXPECTED 64 /* uids */
#define SHARE    4  /* of what is free, for one uid */
#define RESERVE  8  /* of all, for logins */

struct sitting {
    struct table_entry node; /* first; its key is `uid` */
    uid_t uid;
    size_t count;
};

struct seats {
    size_t count, taken;
    struct table sittings;
};

enum smcred_status seats_new(size_t count, struct seats **out_seats)
{
    struct seats *seats = calloc(1, sizeof *seats);
    if (!seats)
        return SMCRED_NO_MEMORY;
    seats->count = count;
    if (table_init(&seats->sittings, EXPECTED) != SMCRED_OK) {
        free(seats);
        return SMCRED_NO_MEMORY;
    }
    *out_seats = seats;
    return SMCRED_OK;
}

static void free_sitting(struct seats *seats, struct sitting *sitting)
{
    table_remove(&seats->sittings, &sitting->node);
    free(sitting);
}

void seats_free(struct seats *seats)
{
    if (!seats)
        return;
    while (seats->sittings.oldest)
        free_sitting(seats, (struct sitting *)seats->sittings.oldest);
    table_done(&seats->sittings);
    free(seats);
}

static struct sitting *find(const struct seats *seats, uid_t uid)
{
    return (struct sitting *)table_find(&seats->sittings, sm_bytes(&uid, sizeof uid));
}

/* NULL for want of memory. */
static struct sitting *add(struct seats *seats, uid_t uid)
{
    struct sitting *sitting = malloc(sizeof *sitting);
    if (!sitting)
        return NULL;
    *sitting = (struct sitting){.uid = uid};
    sitting->node.key = sm_bytes(&sitting->uid, sizeof sitting->uid);
    table_add(&seats->sittings, &sitting->node);
    return sitting;
}

/* How many are free for such a one. */
static size_t free_seats(const struct seats *seats, bool asks_for_pam)
{
    size_t count = seats->count - (asks_for_pam ? 0 : seats->count / RESERVE);
    return count > seats->taken ? count - seats->taken : 0;
}

bool seats_take(struct seats *seats, uid_t uid, bool asks_for_pam)
{
    struct sitting *sitting = find(seats, uid);
    size_t has = sitting ? sitting->count : 0, left = free_seats(seats, asks_for_pam);
    bool may = uid == 0 || (left > 0 && has <= left / SHARE);
    if (may && !sitting)
        sitting = add(seats, uid);
    if (!may || !sitting)
        return false;
    sitting->count++;
    seats->taken++;
    return true;
}

void seats_leave(struct seats *seats, uid_t uid)
{
    struct sitting *sitting = find(seats, uid);
    if (!sitting)
        return;
    seats->taken--;
    if (--sitting->count == 0)
        free_sitting(seats, sitting);
}
