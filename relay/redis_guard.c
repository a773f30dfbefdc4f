/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_guard.c - what ACL and CONFIG would do to the session's own user.
 */
#include "relay/redis_guard.h"

static const char by_rotation[] =
    "smcred: the password of this user is the target's secret and is changed by rotation only";
static const char locks_out[] =
    "smcred: everybody here is logged in as this user, and would be locked out";
static const char shows[] =
    "smcred: this would show the target's secret; ask for other settings by their whole names";

/* ---- ACL ---- */

static bool sets_password(struct sm_bytes rule)
{
    static const char marks[] = "><#!";
    return (rule.len > 0 && memchr(marks, *(const char *)rule.data, sizeof marks - 1)) ||
           redis_word_is(rule, "nopass") || redis_word_is(rule, "resetpass") ||
           redis_word_is(rule, "reset");
}

static const char *objection_to_rules(struct redis_words words, const char *user)
{
    struct sm_bytes word;
    if (!redis_words_next(&words, &word) || !sm_bytes_is(word, user))
        return NULL;
    while (redis_words_next(&words, &word)) {
        if (sets_password(word))
            return by_rotation;
        if (redis_word_is(word, "off"))
            return locks_out;
    }
    return NULL;
}

static const char *objection_to_deletion(struct redis_words words, const char *user)
{
    struct sm_bytes word;
    while (redis_words_next(&words, &word)) {
        if (sm_bytes_is(word, user))
            return locks_out;
    }
    return NULL;
}

const char *redis_guard_acl(struct redis_words words, const char *user)
{
    struct sm_bytes word;
    if (!redis_words_next(&words, &word))
        return NULL;
    if (redis_word_is(word, "SETUSER"))
        return objection_to_rules(words, user);
    return redis_word_is(word, "DELUSER") ? objection_to_deletion(words, user) : NULL;
}

/* ---- CONFIG ---- */

/* Behind the first sign of a pattern may be anything; so behind a NUL, where some servers stop. */
static bool may_mean(struct sm_bytes pattern, const char *name)
{
    static const char signs[] = "*?[\\";
    const char *at = pattern.data;
    size_t len = 0;
    while (len < pattern.len && !memchr(signs, at[len], sizeof signs))
        len++;
    if (len == pattern.len)
        return redis_word_is(pattern, name);
    return len <= strlen(name) && strncasecmp(at, name, len) == 0;
}

/* A server has one password for itself and its replicas, as often as not. */
static bool may_show_password(struct sm_bytes pattern)
{
    return may_mean(pattern, "requirepass") || may_mean(pattern, "masterauth") ||
           may_mean(pattern, "primaryauth");
}

static const char *objection_to_question(struct redis_words words)
{
    struct sm_bytes pattern;
    while (redis_words_next(&words, &pattern)) {
        if (may_show_password(pattern))
            return shows;
    }
    return NULL;
}

static const char *objection_to_setting(struct redis_words words)
{
    struct sm_bytes name, value;
    while (redis_words_next(&words, &name) && redis_words_next(&words, &value)) {
        if (redis_word_is(name, "requirepass"))
            return by_rotation;
    }
    return NULL;
}

/* requirepass is the password of the user "default", and kept as it was said. */
const char *redis_guard_config(struct redis_words words, const char *user)
{
    struct sm_bytes word;
    if (strcmp(user, "default") != 0 || !redis_words_next(&words, &word))
        return NULL;
    if (redis_word_is(word, "GET"))
        return objection_to_question(words);
    return redis_word_is(word, "SET") ? objection_to_setting(words) : NULL;
}
