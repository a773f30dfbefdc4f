/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * places.c - a table by secret id, as large as the cache may be.
 */
#include "keeper/places.h"

#include "keeper/config.h"
#include "keeper/table.h"

#define PLACES_MAX 65536 /* max_secrets' own maximum */

struct known {
    struct table_entry entry; /* first */
    struct place place;
    char *id, *host, *username, *dbname;
};

struct places {
    struct table table;
};

enum smcred_status places_new(struct places **out_places)
{
    sm_autofree struct places *places = calloc(1, sizeof *places);
    if (!places || table_init(&places->table, 64) != SMCRED_OK)
        return SMCRED_NO_MEMORY;
    *out_places = sm_take_ptr(&places);
    return SMCRED_OK;
}

static void drop(struct places *places, struct known *known)
{
    table_remove(&places->table, &known->entry);
    free(known->id);
    free(known->host);
    free(known->username);
    free(known->dbname);
    free(known);
}

void places_free(struct places *places)
{
    if (!places)
        return;
    while (places->table.oldest)
        drop(places, (struct known *)places->table.oldest);
    table_done(&places->table);
    free(places);
}

struct place places_of(const struct places *places, const char *secret_id)
{
    const struct known *known =
        (const struct known *)table_find(&places->table, sm_bytes_of(secret_id));
    return known ? known->place : (struct place){false, "", "", "", 0};
}

static bool same_where(const struct place *place, const struct sm_snapshot *snapshot)
{
    return place->port == snapshot->port && strcmp(place->host, snapshot->host) == 0;
}

static bool same(const struct place *place, const struct sm_snapshot *snapshot)
{
    return same_where(place, snapshot) && strcmp(place->username, snapshot->username) == 0 &&
           strcmp(place->dbname, snapshot->dbname) == 0;
}

static void add(struct places *places, const char *secret_id, const struct place *place)
{
    struct known *known = calloc(1, sizeof *known);
    if (!known)
        return; /* the index and `smcred targets` say less, then */
    known->id = strdup(secret_id);
    known->host = strdup(place->host);
    known->username = strdup(place->username);
    known->dbname = strdup(place->dbname);
    known->entry.key = sm_bytes_of(known->id);
    known->place = (struct place){true, known->host, known->username, known->dbname, place->port};
    table_add(&places->table, &known->entry);
    if (!known->id || !known->host || !known->username || !known->dbname)
        drop(places, known);
}

bool places_note(struct places *places, const char *secret_id, const struct sm_snapshot *snapshot)
{
    struct known *known = (struct known *)table_find(&places->table, sm_bytes_of(secret_id));
    if (known && same(&known->place, snapshot))
        return false;
    bool moved = !known || !same_where(&known->place, snapshot);
    if (known)
        drop(places, known);
    if (places->table.count >= PLACES_MAX)
        drop(places, (struct known *)places->table.oldest);
    add(places, secret_id,
        &(struct place){true, snapshot->host, snapshot->username, snapshot->dbname,
                        snapshot->port});
    return moved;
}

void places_recall(struct places *places, const char *secret_id, const char *host, uint32_t port)
{
    if (!table_find(&places->table, sm_bytes_of(secret_id)))
        add(places, secret_id, &(struct place){true, host, "", "", port});
}

bool places_know(const struct places *places, const struct config_target *target)
{
    bool configured = target->port != 0 && (target->host || target->hostaddr);
    return configured || places_of(places, target->secret).known;
}
