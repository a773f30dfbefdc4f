/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lessons.h - what logins teach each other: which version's password an endpoint took, and which
 * not.
 *
 * One lesson is about one (secret, endpoint).  Its facts say "this version, at this salt: right" or
 * "wrong".  A salt comes with a password, so a fact about one holds until the endpoint shows
 * another salt; facts of methods without one are hints.  Called by login.c, and read by simulate.c.
 */
#ifndef KEEPER_LESSONS_H
#define KEEPER_LESSONS_H

#include "common/bytes.h"
#include "common/oracle.h"
#include "common/snapshot.h"
#include "keeper/table.h"

#define LESSON_FACTS_MAX   8
#define LESSON_FLIGHTS_MAX 16
#define LESSON_VERSION_MAX 65 /* bytes of a version id, NUL included; longer ones teach nothing */
#define LESSON_STAGE_MAX   33 /* of a label, likewise */
#define LESSON_USER_MAX    64 /* of a user, likewise: PostgreSQL's NAMEDATALEN */

struct login;
struct stages;

/* Of a SCRAM challenge; empty: there was none. */
struct salt {
    size_t len;
    uint8_t bytes[ORC_SALT_MAX];
};
bool salt_equal(const struct salt *a, const struct salt *b);

struct fact {
    uint64_t number; /* the higher, the later; 0: no fact */
    bool right;
    uint64_t lost; /* the refusal after which it was not right any more; there is no salt to tell */
    int64_t at_ms; /* when the endpoint last said so */
    char version_id[LESSON_VERSION_MAX];
    char user[LESSON_USER_MAX];
    char stage[LESSON_STAGE_MAX]; /* the label that version was found by */
    struct salt salt;
};

/* A proof that may be wrong, on its way to the database. */
struct flight {
    struct login *login; /* NULL: none */
    int64_t until_ms;    /* others wait for its verdict */
    bool trial;          /* of a version that is not known to be right */
};

struct lesson {
    struct table_entry node; /* first; its key is secret id NUL endpoint */
    struct fact facts[LESSON_FACTS_MAX];
    uint64_t last_number;
    uint64_t forgotten; /* facts up to this one say nothing of which version to try first */
    struct stages *map; /* as it was when the last fact was noted; NULL: not known */
    struct flight flights[LESSON_FLIGHTS_MAX];
    struct salt salt;       /* that the endpoint showed last, ... */
    int64_t salt_since_ms;  /* ... and when it did first; of another user is another salt */
    int64_t stuck_since_ms; /* no version has been right since; 0: one was, last time */
    struct salt stuck_salt; /* that it began with */
    char key[];
};

struct lessons {
    struct table table;
    size_t max;
};

SM_MUST_CHECK enum smcred_status lessons_init(struct lessons *lessons, size_t max);
void lessons_done(struct lessons *lessons);
/* NULL: nothing is known. */
struct lesson *lessons_find(const struct lessons *lessons, const char *secret_id,
                            const char *endpoint);
/* To write to; the least recently used one may go.  NULL for want of memory: nothing is learnt. */
struct lesson *lessons_get(struct lessons *lessons, const char *secret_id, const char *endpoint);

/* What is known of one secret's endpoints; `to` is new.  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status lessons_copy(const struct lessons *from, const char *secret_id,
                                              struct lessons *to);

/* The endpoint shows this salt.  Returns since when. */
int64_t lesson_see(struct lesson *lesson, const struct salt *salt, int64_t now_ms);
/* The endpoint's word on a version. */
void lesson_note(struct lesson *lesson, const struct sm_snapshot *version, const char *stage,
                 const struct salt *salt, bool right, int64_t now_ms);

enum lesson_word {
    LESSON_UNKNOWN,
    LESSON_RIGHT,   /* with this very salt */
    LESSON_WRONG,   /* likewise */
    LESSON_CHANGED, /* it was right, with another salt: the password is another one now */
};
enum lesson_word lesson_says(const struct lesson *lesson, const char *version_id,
                             const struct salt *salt);
/* The version that is right with this salt, or NULL. */
const struct fact *lesson_right(const struct lesson *lesson, const struct salt *salt);
/* Was the user's password changed since a version was right?  Without a salt: is a version that was
 * right refused now, and no other is right? */
bool lesson_is_behind(const struct lesson *lesson, const char *user, const struct salt *salt);

/* What was last right, or NULL. */
const struct fact *lesson_proven(const struct lesson *lesson);
/* Was the last word on this version, since the map last changed, that it is wrong? */
bool lesson_refused(const struct lesson *lesson, const char *version_id);
/* The proven version that outranks this one, which was refused later; or NULL. */
const struct fact *lesson_preferred(const struct lesson *lesson, const char *version_id);
/* This is the map now.  If it has changed, what was refused may be tried first again. */
void lesson_follow(struct lesson *lesson, struct stages *map);

#endif
