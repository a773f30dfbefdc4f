/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lessons.c - facts, in small rings.
 */
#include "keeper/lessons.h"

#include <stdio.h>

#include "keeper/stages.h"

bool salt_equal(const struct salt *a, const struct salt *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* ---- all lessons ---- */

enum smcred_status lessons_init(struct lessons *lessons, size_t max)
{
    lessons->max = max;
    return table_init(&lessons->table, max);
}

static void lesson_free(struct lessons *lessons, struct table_entry *entry)
{
    table_remove(&lessons->table, entry);
    stages_unref(((struct lesson *)entry)->map);
    free(entry);
}

void lessons_done(struct lessons *lessons)
{
    while (lessons->table.oldest)
        lesson_free(lessons, lessons->table.oldest);
    table_done(&lessons->table);
}

struct lesson *lessons_find(const struct lessons *lessons, const char *secret_id,
                            const char *endpoint)
{
    char key[4096];
    int len = snprintf(key, sizeof key, "%s%c%s", secret_id, '\0', endpoint);
    if (len < 0 || (size_t)len >= sizeof key)
        return NULL;
    return (struct lesson *)table_find(&lessons->table, sm_bytes(key, (size_t)len));
}

struct lesson *lessons_get(struct lessons *lessons, const char *secret_id, const char *endpoint)
{
    struct lesson *lesson = lessons_find(lessons, secret_id, endpoint);
    if (lesson) {
        table_touch(&lessons->table, &lesson->node);
        return lesson;
    }
    size_t len = strlen(secret_id) + 1 + strlen(endpoint);
    lesson = calloc(1, sizeof *lesson + len + 1);
    if (!lesson)
        return NULL;
    (void)snprintf(lesson->key, len + 1, "%s%c%s", secret_id, '\0', endpoint); /* fits */
    lesson->node.key = sm_bytes(lesson->key, len);
    while (lessons->table.count >= lessons->max)
        lesson_free(lessons, lessons->table.oldest);
    table_add(&lessons->table, &lesson->node);
    return lesson;
}

/* Without the login whose verdict is awaited. */
static enum smcred_status copy_lesson(const struct lesson *from, struct lessons *to)
{
    struct lesson *copy = lessons_get(to, from->key, from->key + strlen(from->key) + 1);
    if (!copy)
        return SMCRED_NO_MEMORY;
    memcpy(copy->facts, from->facts, sizeof copy->facts);
    copy->last_number = from->last_number;
    copy->forgotten = from->forgotten;
    copy->map = from->map ? stages_ref(from->map) : NULL;
    copy->salt = from->salt;
    copy->salt_since_ms = from->salt_since_ms;
    copy->stuck_since_ms = from->stuck_since_ms;
    copy->stuck_salt = from->stuck_salt;
    return SMCRED_OK;
}

enum smcred_status lessons_copy(const struct lessons *from, const char *secret_id,
                                struct lessons *to)
{
    enum smcred_status status = SMCRED_OK;
    for (const struct table_entry *at = from->table.oldest; at && status == SMCRED_OK;
         at = at->newer) {
        const struct lesson *lesson = (const struct lesson *)at;
        if (strcmp(lesson->key, secret_id) == 0)
            status = copy_lesson(lesson, to);
    }
    return status;
}

/* ---- facts ---- */

int64_t lesson_see(struct lesson *lesson, const struct salt *salt, int64_t now_ms)
{
    if (lesson->salt_since_ms == 0 || !salt_equal(&lesson->salt, salt)) {
        lesson->salt = *salt;
        lesson->salt_since_ms = now_ms;
    }
    return lesson->salt_since_ms;
}

static bool is_about(const struct fact *fact, const char *version_id)
{
    return fact->number > 0 && strcmp(fact->version_id, version_id) == 0;
}

/* The latest that is right, or wrong, if there is one; of any version if that is NULL. */
static const struct fact *latest(const struct lesson *lesson, const char *version_id, bool right)
{
    const struct fact *found = NULL;
    for (size_t i = 0; i < LESSON_FACTS_MAX; i++) {
        const struct fact *fact = &lesson->facts[i];
        if (fact->number > (found ? found->number : 0) && fact->right == right &&
            (!version_id || is_about(fact, version_id)))
            found = fact;
    }
    return found;
}

/* Also if it is forgotten. */
static bool is_same(const struct fact *fact, const char *version_id, const struct salt *salt)
{
    return strcmp(fact->version_id, version_id) == 0 && salt_equal(&fact->salt, salt);
}

/* The fact to be replaced: of the same thing, else the oldest, but never what is proven. */
static struct fact *place_for(struct lesson *lesson, const char *version_id,
                              const struct salt *salt)
{
    const struct fact *proven = latest(lesson, NULL, true);
    struct fact *oldest = NULL;
    for (size_t i = 0; i < LESSON_FACTS_MAX; i++) {
        struct fact *fact = &lesson->facts[i];
        if (is_same(fact, version_id, salt))
            return fact;
        if (fact != proven && (!oldest || fact->number < oldest->number))
            oldest = fact;
    }
    return oldest;
}

/* Without a salt to tell whether the password is still the same, what was wrong may be right once
 * something has changed.  That one was lost stays known.  user: NULL: anybody's */
static void forget_hints(struct lesson *lesson, const char *user)
{
    for (size_t i = 0; i < LESSON_FACTS_MAX; i++) {
        struct fact *fact = &lesson->facts[i];
        if (fact->salt.len == 0 && !fact->right && (!user || strcmp(fact->user, user) == 0))
            fact->number = 0;
    }
}

void lesson_note(struct lesson *lesson, const struct sm_snapshot *version, const char *stage,
                 const struct salt *salt, bool right, int64_t now_ms)
{
    if (strlen(version->version_id) >= LESSON_VERSION_MAX)
        return;
    struct fact *fact = place_for(lesson, version->version_id, salt);
    bool lost = !right && is_same(fact, version->version_id, salt) && (fact->right || fact->lost);
    if (lost && fact->right && salt->len == 0)
        forget_hints(lesson, fact->user); /* the password was changed, perhaps to one of those */
    lesson->last_number++;
    *fact = (struct fact){.number = lesson->last_number,
                          .right = right,
                          .lost = lost ? lesson->last_number : 0,
                          .at_ms = now_ms,
                          .salt = *salt};
    (void)snprintf(fact->version_id, sizeof fact->version_id, "%s", version->version_id); /* fits */
    (void)snprintf(fact->user, sizeof fact->user, "%s", version->username); /* cut, nobody's */
    (void)snprintf(fact->stage, sizeof fact->stage, "%s", stage);           /* likewise */
}

/* It was right, and the salt is another one now. */
static bool is_of_another_password(const struct fact *fact, const struct salt *salt)
{
    return fact->right && fact->salt.len > 0 && salt->len > 0 && !salt_equal(&fact->salt, salt);
}

enum lesson_word lesson_says(const struct lesson *lesson, const char *version_id,
                             const struct salt *salt)
{
    for (size_t i = 0; lesson && i < LESSON_FACTS_MAX; i++) {
        const struct fact *fact = &lesson->facts[i];
        if (is_about(fact, version_id) && salt_equal(&fact->salt, salt))
            return fact->right ? LESSON_RIGHT : LESSON_WRONG;
    }
    for (size_t i = 0; lesson && i < LESSON_FACTS_MAX; i++)
        if (is_about(&lesson->facts[i], version_id) &&
            is_of_another_password(&lesson->facts[i], salt))
            return LESSON_CHANGED;
    return LESSON_UNKNOWN;
}

const struct fact *lesson_right(const struct lesson *lesson, const struct salt *salt)
{
    for (size_t i = 0; lesson && salt->len > 0 && i < LESSON_FACTS_MAX; i++) {
        const struct fact *fact = &lesson->facts[i];
        if (fact->number > 0 && fact->right && salt_equal(&fact->salt, salt))
            return fact;
    }
    return NULL;
}

/* A refusal after an acceptance, and nothing right since. */
static bool is_lost(const struct lesson *lesson, const char *user)
{
    uint64_t lost = 0, right = 0;
    for (size_t i = 0; lesson && i < LESSON_FACTS_MAX; i++) {
        const struct fact *fact = &lesson->facts[i];
        if (fact->salt.len > 0 || strcmp(fact->user, user) != 0)
            continue;
        if (fact->right && fact->number > right)
            right = fact->number;
        if (fact->lost > lost)
            lost = fact->lost;
    }
    return lost > right;
}

bool lesson_is_behind(const struct lesson *lesson, const char *user, const struct salt *salt)
{
    bool behind = false;
    if (salt->len == 0)
        return is_lost(lesson, user);
    if (lesson_right(lesson, salt))
        return false;
    for (size_t i = 0; lesson && i < LESSON_FACTS_MAX; i++)
        behind |= lesson->facts[i].number > 0 && strcmp(lesson->facts[i].user, user) == 0 &&
                  is_of_another_password(&lesson->facts[i], salt);
    return behind;
}

/* ---- which version first ---- */

const struct fact *lesson_proven(const struct lesson *lesson)
{
    return lesson ? latest(lesson, NULL, true) : NULL;
}

bool lesson_refused(const struct lesson *lesson, const char *version_id)
{
    const struct fact *wrong = lesson ? latest(lesson, version_id, false) : NULL;
    const struct fact *right = lesson ? latest(lesson, version_id, true) : NULL;
    return wrong && wrong->number > lesson->forgotten && (!right || right->number < wrong->number);
}

const struct fact *lesson_preferred(const struct lesson *lesson, const char *version_id)
{
    if (!lesson_refused(lesson, version_id))
        return NULL;
    const struct fact *proven = latest(lesson, NULL, true);
    bool good =
        proven && !is_about(proven, version_id) && !lesson_refused(lesson, proven->version_id);
    return good && proven->number > lesson->forgotten ? proven : NULL;
}

void lesson_follow(struct lesson *lesson, struct stages *map)
{
    if (!map || map == lesson->map)
        return;
    if (lesson->map && !stages_equal(lesson->map, map)) {
        lesson->forgotten = lesson->last_number;
        lesson->stuck_since_ms = 0;
        forget_hints(lesson, NULL);
    }
    stages_unref(lesson->map);
    lesson->map = stages_ref(map);
}
