/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * people.c - look-ups under way, and those who wait for them.  Called by pam.c, control.c and
 * relays.c.
 */
#include "keeper/people.h"

#include <event2/event.h>
#include <sys/queue.h>

#include "keeper/workers.h"

struct people_ask {
    LIST_ENTRY(people_ask) link;
    struct event *timer;
    people_done *done;
    void *arg;
};
LIST_HEAD(asks, people_ask);

struct lookup {
    LIST_ENTRY(lookup) link;
    struct people *people;
    struct asks asks;
    bool found;
    struct person person;
    char key[];
};

struct people {
    struct people_options options;
    LIST_HEAD(lookups, lookup) under_way;
    size_t count;
};

enum smcred_status people_new(const struct people_options *options, struct people **out_people)
{
    struct people *people = calloc(1, sizeof *people);
    if (!people)
        return SMCRED_NO_MEMORY;
    people->options = *options;
    LIST_INIT(&people->under_way);
    *out_people = people;
    return SMCRED_OK;
}

void people_free(struct people *people)
{
    free(people);
}

/* ---- one look-up ---- */

bool people_by_name(const char *key, struct person *out_person)
{
    return accounts_peer(key, &out_person->peer);
}

bool people_by_uid(const char *key, struct person *out_person)
{
    accounts_name((uid_t)strtoul(key, NULL, 10), out_person->name);
    return true;
}

static void run(void *arg)
{
    struct lookup *lookup = arg;
    lookup->found = lookup->people->options.lookup(lookup->key, &lookup->person);
}

void people_cancel(struct people_ask *ask)
{
    if (!ask)
        return;
    LIST_REMOVE(ask, link);
    event_free(ask->timer);
    free(ask);
}

static void answer(struct people_ask *ask, enum smcred_status status, const struct person *person)
{
    people_done *done = ask->done;
    void *arg = ask->arg;
    people_cancel(ask);
    done(arg, status, person);
}

/* Those who are told may ask again, or have others cancel: the list is looked at anew each time. */
static void finish(void *arg, bool ran)
{
    struct lookup *lookup = arg;
    enum smcred_status status = !ran            ? SMCRED_UNAVAILABLE
                                : lookup->found ? SMCRED_OK
                                                : SMCRED_NOT_FOUND;
    LIST_REMOVE(lookup, link); /* whoever asks from now on has a new one */
    lookup->people->count--;
    while (!LIST_EMPTY(&lookup->asks))
        answer(LIST_FIRST(&lookup->asks), status, status == SMCRED_OK ? &lookup->person : NULL);
    free(lookup);
}

static void on_late(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    answer(arg, SMCRED_TIMED_OUT, NULL);
}

static struct lookup *find(const struct people *people, const char *key)
{
    struct lookup *lookup;
    LIST_FOREACH(lookup, &people->under_way, link)
    {
        if (strcmp(lookup->key, key) == 0)
            break;
    }
    return lookup;
}

static enum smcred_status begin(struct people *people, const char *key, struct lookup **out_lookup)
{
    if (people->count >= PEOPLE_MAX)
        return SMCRED_LIMITED;
    size_t size = strlen(key) + 1;
    struct lookup *lookup = calloc(1, sizeof *lookup + size);
    if (!lookup)
        return SMCRED_NO_MEMORY;
    lookup->people = people;
    memcpy(lookup->key, key, size);
    LIST_INIT(&lookup->asks);
    enum smcred_status status = workers_submit(people->options.workers, run, finish, lookup);
    if (status != SMCRED_OK) {
        free(lookup);
        return status;
    }
    LIST_INSERT_HEAD(&people->under_way, lookup, link);
    people->count++;
    *out_lookup = lookup;
    return SMCRED_OK;
}

/* ---- asking ---- */

/* NULL for want of memory. */
static struct people_ask *wait_for(struct lookup *lookup, int64_t wait_ms, people_done *done,
                                   void *arg)
{
    struct people_ask *ask = calloc(1, sizeof *ask);
    if (!ask)
        return NULL;
    int64_t ms = wait_ms > 0 ? wait_ms : 0;
    struct timeval wait = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
    *ask = (struct people_ask){.done = done, .arg = arg};
    ask->timer = evtimer_new(lookup->people->options.base, on_late, ask);
    if (!ask->timer || event_add(ask->timer, &wait) != 0) {
        if (ask->timer)
            event_free(ask->timer);
        free(ask);
        return NULL;
    }
    LIST_INSERT_HEAD(&lookup->asks, ask, link);
    return ask;
}

void people_find(struct people *people, const char *key, int64_t wait_ms, people_done *done,
                 void *arg, struct people_ask **out_ask)
{
    enum smcred_status status = SMCRED_OK;
    struct lookup *lookup = find(people, key);
    struct people_ask *ask = NULL;
    if (!lookup)
        status = begin(people, key, &lookup);
    if (status == SMCRED_OK)
        ask = wait_for(lookup, wait_ms, done, arg);
    *out_ask = ask;
    if (!ask)
        done(arg, status == SMCRED_OK ? SMCRED_NO_MEMORY : status, NULL);
}
