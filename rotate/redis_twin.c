/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_twin.c - a superuser acts for others in Redis: for a user that may not change itself, for
 * alternating users, and for mending.  Called by redis.c's vtable.
 *
 * The rules of a user are one line of ACL LIST, and given to its twin in one command.
 */
#include <stdio.h>

#include "common/log.h"
#include "rotate/redis.h"
#include "rotate/twin.h"

/* What a user may do, word by word, without its passwords. */
struct rules {
    bool found, nopass;
    char *line;         /* the words are in it */
    const char **words; /* with room for four more */
    size_t count;
};

static void rules_done(struct rules *rules)
{
    free(rules->line);
    free(rules->words);
}
#define autorules __attribute__((cleanup(rules_done)))

/* Behind "user NAME ", or NULL. */
static const char *rules_of(const char *line, const char *username)
{
    static const char begin[] = "user ";
    size_t len = strlen(username);
    if (strncmp(line, begin, sizeof begin - 1) != 0)
        return NULL;
    line += sizeof begin - 1;
    return strncmp(line, username, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static enum smcred_status split(struct rules *rules, const char *line, struct sm_error *err)
{
    char *rest = NULL;
    rules->found = true;
    rules->line = strdup(line);
    rules->words = reallocarray(NULL, strlen(line) / 2 + 5, sizeof *rules->words);
    if (!rules->line || !rules->words)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    for (char *word = strtok_r(rules->line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        bool nopass = strcmp(word, "nopass") == 0;
        rules->nopass = rules->nopass || nopass;
        if (*word != '#' && !nopass && strcmp(word, "sanitize-payload") != 0) /* as unsaid */
            rules->words[rules->count++] = word;
    }
    return SMCRED_OK;
}

/*
 * `rules` is released with rules_done(), also after a failure; found is false if there is no such
 * user.
 */
static enum smcred_status read_rules(struct session *session, const char *username,
                                     struct rules *rules, struct sm_error *err)
{
    static const char *const words[] = {"ACL", "LIST"};
    redis_autoreply struct redis_reply reply;
    enum smcred_status status = redis_run(session, words, 2, &reply, err);
    *rules = (struct rules){.found = false};
    for (size_t i = 0; i < reply.count && status == SMCRED_OK && !rules->found; i++) {
        const char *line = rules_of(reply.texts[i], username);
        if (line)
            status = split(rules, line, err);
    }
    return status;
}

static bool are_equal(const struct rules *a, const struct rules *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = strcmp(a->words[i], b->words[i]) == 0;
    return equal;
}

/* --- the engine's functions ------------------------------------------------------------------- */

enum smcred_status redis_set_for(struct session *session, const struct session *own,
                                 const char *password, struct sm_error *err)
{
    autorules struct rules rules = {.found = false};
    char hash[REDIS_HASH_SIZE];
    enum smcred_status status = read_rules(session, redis_self(own), &rules, err);
    if (status == SMCRED_OK && rules.nopass)
        status = redis_lets_all_in(redis_self(own), err);
    if (status != SMCRED_OK)
        return status;
    redis_hash(password, hash);
    const char *const words[] = {"resetpass", redis_proof(own), hash};
    return redis_set_user(session, redis_self(own), words, 3, err);
}

/* At its turn the twin becomes what the original is; of the original only the password changes. */
enum smcred_status redis_set_other(struct session *session, const struct session *own,
                                   const char *other, const char *password, struct sm_error *err)
{
    autorules struct rules rules = {.found = false}, others = {.found = false};
    char hash[REDIS_HASH_SIZE];
    enum smcred_status status = read_rules(session, redis_self(own), &rules, err);
    if (status == SMCRED_OK)
        status = read_rules(session, other, &others, err);
    if (status == SMCRED_OK && rules.nopass)
        status = redis_lets_all_in(redis_self(own), err);
    if (status != SMCRED_OK)
        return status;
    redis_hash(password, hash);
    if (twin_is_clone(other)) {
        const char *const front[] = {"reset", hash};
        memmove(rules.words + 2, rules.words, rules.count * sizeof *rules.words);
        memcpy(rules.words, front, sizeof front);
        return redis_set_user(session, other, rules.words, rules.count + 2, err);
    }
    if (!others.found || !are_equal(&rules, &others))
        return sm_error_set(err, SMCRED_DENIED,
                            "%s and %s have not the same rules; if they are to take turns, give "
                            "both the same",
                            log_quote(other), log_quote(redis_self(own)));
    const char *const words[] = {"resetpass", hash};
    return redis_set_user(session, other, words, 2, err);
}

/* May this user do what makes it a superuser?  Redis 7 tells without doing it. */
static enum smcred_status check_special(struct session *session, const char *username,
                                        struct sm_error *err)
{
    static const char *const powers[][4] = {
        {"ACL", "SETUSER", "x", NULL}, {"CONFIG", "SET", "x", "x"},   {"MODULE", "LOAD", "x", NULL},
        {"REPLICAOF", "x", "1", NULL}, {"DEBUG", "SLEEP", "0", NULL},
    };
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
        redis_autoreply struct redis_reply reply;
        const char *words[7] = {"ACL", "DRYRUN", username};
        size_t count = 3;
        for (size_t k = 0; k < 4 && powers[i][k]; k++)
            words[count++] = powers[i][k];
        enum smcred_status status = redis_run(session, words, count, &reply, err);
        if (status != SMCRED_OK)
            return status;
        if (reply.count != 1 || strcmp(reply.texts[0], "OK") == 0)
            return sm_error_set(err, SMCRED_DENIED,
                                "%s has special rights (%s %s), so an administrator has to give it "
                                "its password back",
                                log_quote(username), powers[i][0], powers[i][1]);
    }
    return SMCRED_OK;
}

enum smcred_status redis_give_back(struct session *session, const char *username,
                                   const char *password, struct sm_error *err)
{
    autorules struct rules rules = {.found = false};
    char hash[REDIS_HASH_SIZE];
    enum smcred_status status = read_rules(session, username, &rules, err);
    if (status == SMCRED_OK && !rules.found)
        status = sm_error_set(err, SMCRED_DENIED, "there is no user %s", log_quote(username));
    if (status == SMCRED_OK && strcmp(username, redis_self(session)) == 0)
        status =
            sm_error_set(err, SMCRED_DENIED, "%s is the superuser itself", log_quote(username));
    if (status == SMCRED_OK)
        status = check_special(session, username, err);
    if (status != SMCRED_OK)
        return status;
    redis_hash(password, hash);
    const char *const words[] = {"resetpass", hash};
    return redis_set_user(session, username, words, 2, err);
}
