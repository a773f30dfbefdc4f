/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis_filter.c - finding commands, and the table of those that are looked at.
 */
#include "relay/redis_filter.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>

#include "relay/redis_guard.h"

#define LOOKED_AT_MAX 8  /* bytes of the longest name in the table */
#define HELLO_MAX     16 /* words */

/* What becomes of a command. */
enum fate { GOES_BY, DEALT_WITH, FAILED };

struct answers {
    struct relay_buffer *instead; /* for the server */
    struct relay_buffer *answer;  /* for the client */
};

struct redis_filter redis_filter(const char *user, const char *operator_name, bool may_replicate)
{
    return (struct redis_filter){.user = user,
                                 .operator_name = operator_name,
                                 .may_replicate = may_replicate,
                                 .held = relay_buffer(REDIS_COMMAND_MAX)};
}

void redis_filter_done(struct redis_filter *filter)
{
    relay_buffer_clear(&filter->held);
    explicit_bzero(filter, sizeof *filter);
}

static struct sm_bytes behind(struct sm_bytes bytes, size_t len)
{
    return sm_bytes((const char *)bytes.data + len, bytes.len - len);
}

/* ---- answers ---- */

static enum fate send_instead(struct redis_filter *filter, struct answers *to,
                              const struct sm_bytes *words, size_t count)
{
    filter->spoke = true;
    return redis_command_write(to->instead, words, count) == SMCRED_OK ? DEALT_WITH : FAILED;
}

/*
 * The server repeats a name that it does not know, as far as 128 bytes, and it says so in its turn,
 * after all that the client asked before.
 */
static enum fate refuse(struct redis_filter *filter, struct answers *to, const char *text)
{
    const struct sm_bytes name = sm_bytes_of(text);
    return send_instead(filter, to, &name, 1);
}

static enum fate say(struct answers *to, const char *text)
{
    return relay_buffer_add(to->answer, sm_bytes_of(text)) == SMCRED_OK ? DEALT_WITH : FAILED;
}

/* ---- the commands that are looked at: `words` are those behind the name ---- */

/*
 * "default" is what libraries say who were told a password alone, and redis-cli says "" for
 * redis://:password@host.
 */
static bool is_ours(const struct redis_filter *filter, struct sm_bytes user)
{
    return user.len == 0 || sm_bytes_is(user, filter->user) ||
           sm_bytes_is(user, filter->operator_name) || sm_bytes_is(user, "default");
}

/*
 * The relay has logged in, and a typed password goes to no server.  Before the client has asked
 * anything, the answer is given here; later that would come before the server's.
 */
static enum fate look_at_auth(struct redis_filter *filter, struct redis_words words,
                              struct answers *to)
{
    struct sm_bytes user = sm_bytes(NULL, 0);
    if (words.count < 1)
        return GOES_BY;  /* no server likes that, and none is told a password */
    if (words.count > 2) /* a typed password with a blank in it, say */
        return refuse(filter, to, "smcred: AUTH takes a password, or a user and a password");
    bool names_user = words.count == 2 && redis_words_next(&words, &user);
    bool right = !names_user || is_ours(filter, user);
    if (filter->spoke)
        return refuse(filter, to,
                      right ? "smcred: you are logged in already, and no password is needed"
                            : "smcred: the user of a connection cannot be changed");
    if (right)
        return say(to, "+OK\r\n");
    return say(to, "-WRONGPASS smcred: this connection is logged in as the target's user, and as "
                   "no other; leave the user out\r\n");
}

/* "smcred:al" is no beginning of "smcred:alice", who is somebody else. */
static bool begins_with_stamp(struct sm_bytes name, const char *stamp, size_t len)
{
    return name.len >= len && memcmp(name.data, stamp, len) == 0 &&
           (name.len == len || ((const char *)name.data)[len] == ':');
}

size_t redis_stamp(const char *operator_name, struct sm_bytes name, char out[REDIS_NAME_MAX])
{
    size_t len = (size_t)snprintf(out, REDIS_NAME_MAX / 2, "smcred:%s", operator_name);
    if (len >= REDIS_NAME_MAX / 2)
        len = REDIS_NAME_MAX / 2 - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = out[i] > ' ' && out[i] <= '~' ? out[i] : '_';
    if (name.len == 0)
        return len;
    if (begins_with_stamp(name, out, len)) /* a client that has asked for it */
        len = 0;
    else
        out[len++] = ':';
    size_t room = REDIS_NAME_MAX - 1 - len;
    size_t rest = name.len < room ? name.len : room;
    memcpy(out + len, name.data, rest);
    return len + rest;
}

static struct sm_bytes stamped(const struct redis_filter *filter, struct sm_bytes name,
                               char out[REDIS_NAME_MAX])
{
    return sm_bytes(out, redis_stamp(filter->operator_name, name, out));
}

/* Passed on without its AUTH, of which the server would make a login. */
static enum fate look_at_hello(struct redis_filter *filter, struct redis_words words,
                               struct answers *to)
{
    struct sm_bytes kept[HELLO_MAX] = {sm_bytes_of("HELLO")}, user;
    char name[REDIS_NAME_MAX];
    size_t count = 1;
    bool changed = false;
    if (words.count >= HELLO_MAX)
        return refuse(filter, to, "smcred: too many options of HELLO");
    for (bool first = true; redis_words_next(&words, &kept[count]); first = false) {
        struct sm_bytes word = kept[count++];
        if (!first && redis_word_is(word, "AUTH")) {
            changed = true;
            if (words.count < 2)
                break; /* the server complains */
            count--;
            if (redis_words_next(&words, &user) && !is_ours(filter, user))
                return refuse(filter, to, "smcred: the user of a connection cannot be changed");
            (void)redis_words_next(&words, &word); /* the password, which goes nowhere */
        } else if (!first && redis_word_is(word, "SETNAME") &&
                   redis_words_next(&words, &kept[count])) {
            changed = true;
            kept[count] = stamped(filter, kept[count], name);
            count++;
        }
    }
    return changed ? send_instead(filter, to, kept, count) : GOES_BY;
}

static enum fate look_at_client(struct redis_filter *filter, struct redis_words words,
                                struct answers *to)
{
    struct sm_bytes kept[3] = {sm_bytes_of("CLIENT")};
    char name[REDIS_NAME_MAX];
    if (words.count != 2 || !redis_words_next(&words, &kept[1]) ||
        !redis_word_is(kept[1], "SETNAME") || !redis_words_next(&words, &kept[2]))
        return GOES_BY;
    kept[2] = stamped(filter, kept[2], name);
    return send_instead(filter, to, kept, 3);
}

/* It would be logged out, or become whoever the server lets in without a password. */
static enum fate look_at_reset(struct redis_filter *filter, struct redis_words words,
                               struct answers *to)
{
    (void)words;
    return refuse(filter, to, "smcred: RESET would log this connection out; connect anew");
}

static enum fate look_at_quit(struct redis_filter *filter, struct redis_words words,
                              struct answers *to)
{
    (void)words;
    (void)to;
    filter->goodbye = true;
    return GOES_BY;
}

/* SYNC, PSYNC and what goes before them: all of the data, and whatever is written from then on. */
static enum fate look_at_replication(struct redis_filter *filter, struct redis_words words,
                                     struct answers *to)
{
    (void)words;
    if (!filter->may_replicate)
        return refuse(filter, to,
                      "smcred: this target permits no replication; replication = yes in "
                      "smcred.conf would");
    filter->replicates = true;
    return GOES_BY;
}

/* Ours if the guard has an objection. */
static enum fate guarded(struct redis_filter *filter, const char *objection, struct answers *to)
{
    return objection ? refuse(filter, to, objection) : GOES_BY;
}

static enum fate look_at_acl(struct redis_filter *filter, struct redis_words words,
                             struct answers *to)
{
    return guarded(filter, redis_guard_acl(words, filter->user), to);
}

static enum fate look_at_config(struct redis_filter *filter, struct redis_words words,
                                struct answers *to)
{
    return guarded(filter, redis_guard_config(words, filter->user), to);
}

typedef enum fate look(struct redis_filter *filter, struct redis_words words, struct answers *to);

#define NAMED(text) text, sizeof(text) - 1

static const struct {
    const char *name;
    size_t len; /* most names differ in it: what goes by costs hardly more than a glance */
    look *look;
} table[] = {
    {NAMED("AUTH"), look_at_auth},         {NAMED("HELLO"), look_at_hello},
    {NAMED("CLIENT"), look_at_client},     {NAMED("RESET"), look_at_reset},
    {NAMED("QUIT"), look_at_quit},         {NAMED("ACL"), look_at_acl},
    {NAMED("CONFIG"), look_at_config},     {NAMED("SYNC"), look_at_replication},
    {NAMED("PSYNC"), look_at_replication}, {NAMED("REPLCONF"), look_at_replication},
};

static look *look_of(struct sm_bytes name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (name.len == table[i].len && redis_word_is(name, table[i].name))
            return table[i].look;
    }
    return NULL;
}

/* ---- one command ---- */

/* How a command begins. */
struct beginning {
    size_t head;  /* bytes before its first word */
    size_t count; /* words; 0: nobody answers it */
    look *look;   /* NULL: it goes by */
};

static enum smcred_status beginning_parse(struct sm_bytes bytes, struct beginning *out)
{
    int64_t count = 0, size = 0;
    size_t head = 0;
    enum smcred_status status = redis_number_parse(bytes, '*', &count, &out->head);
    if (status == SMCRED_OK && count > INT32_MAX)
        status = SMCRED_INVALID;
    if (status != SMCRED_OK)
        return status;
    out->count = count > 0 ? (size_t)count : 0;
    out->look = NULL;
    if (out->count == 0)
        return SMCRED_OK;
    bytes = behind(bytes, out->head);
    status = redis_number_parse(bytes, '$', &size, &head);
    if (status != SMCRED_OK || size > LOOKED_AT_MAX)
        return status;
    if (size < 0)
        return SMCRED_INVALID;
    if (bytes.len - head < (size_t)size)
        return SMCRED_NOT_FOUND;
    out->look = look_of(sm_bytes((const char *)bytes.data + head, (size_t)size));
    return SMCRED_OK;
}

static enum fate look_at(struct redis_filter *filter, look *how, struct redis_words words,
                         struct answers *to)
{
    struct sm_bytes name;
    enum fate fate = redis_words_next(&words, &name) ? how(filter, words, to) : GOES_BY;
    if (fate == GOES_BY)
        filter->spoke = true;
    return fate;
}

/* A command in RESP.  Takes `*out_len` bytes of it, if it is known what to do with them. */
static enum smcred_status take_command(struct redis_filter *filter, struct sm_bytes bytes,
                                       struct answers *to, size_t *out_len, enum fate *out_fate)
{
    struct beginning it;
    struct redis_words words;
    enum smcred_status status = beginning_parse(bytes, &it);
    if (status != SMCRED_OK)
        return status;
    if (!it.look) {
        filter->words_left = it.count;
        filter->spoke |= it.count > 0;
        *out_len = it.head;
        *out_fate = GOES_BY;
        return SMCRED_OK;
    }
    status = redis_words_parse(bytes, &words, out_len);
    if (status == SMCRED_OK)
        *out_fate = look_at(filter, it.look, words, to);
    return status;
}

/* Does the line need to be split: is its first word one of the table, or quoted? */
static bool is_looked_at(struct sm_bytes line)
{
    const char *at = line.data;
    size_t start = 0, end;
    while (start < line.len && isspace((unsigned char)at[start]))
        start++;
    for (end = start; end < line.len && !isspace((unsigned char)at[end]); end++) {
        if (at[end] == '"' || at[end] == '\'')
            return true;
    }
    return look_of(sm_bytes(at + start, end - start)) != NULL;
}

/* A quote that is not closed: the server shall complain of one, but not hear what was behind it. */
static enum fate send_open_quote(struct redis_filter *filter, struct answers *to)
{
    filter->spoke = true;
    return relay_buffer_add(to->instead, sm_bytes_of("\"\r\n")) == SMCRED_OK ? DEALT_WITH : FAILED;
}

/* What the server would make of it. */
static enum fate look_at_line(struct redis_filter *filter, struct sm_bytes line, struct answers *to)
{
    struct relay_buffer split = relay_buffer(REDIS_INSTEAD_MAX);
    struct beginning it = {.look = NULL};
    struct redis_words words;
    size_t len = 0;
    enum fate fate = GOES_BY;
    enum smcred_status status = redis_line_write(&split, line);
    struct sm_bytes bytes = relay_buffer_view(&split);
    if (status == SMCRED_INVALID)
        fate = send_open_quote(filter, to);
    else if (status != SMCRED_OK)
        fate = FAILED;
    else if (beginning_parse(bytes, &it) == SMCRED_OK && it.look &&
             redis_words_parse(bytes, &words, &len) == SMCRED_OK)
        fate = look_at(filter, it.look, words, to);
    relay_buffer_clear(&split);
    return fate;
}

/* A command that somebody has typed. */
static enum smcred_status take_line(struct redis_filter *filter, struct sm_bytes bytes,
                                    struct answers *to, size_t *out_len, enum fate *out_fate)
{
    size_t reach = bytes.len < REDIS_COMMAND_MAX ? bytes.len : REDIS_COMMAND_MAX;
    const char *start = bytes.data, *end = memchr(start, '\n', reach);
    size_t len = end ? (size_t)(end - start) : reach;
    if (memchr(start, '\0', len)) /* where a server's line ends */
        return SMCRED_INVALID;
    if (!end)
        return SMCRED_NOT_FOUND;
    *out_len = len + 1;
    if (len > 0 && start[len - 1] == '\r')
        len--;
    *out_fate = GOES_BY;
    if (is_looked_at(sm_bytes(start, len)))
        *out_fate = look_at_line(filter, sm_bytes(start, len), to);
    else
        filter->spoke = true; /* or it is empty, which nobody means */
    return SMCRED_OK;
}

/* ---- the stream ---- */

/* Passes over the rest of a command that goes by.  Returns the bytes of it that are here. */
static size_t pass_over(struct redis_filter *filter, struct sm_bytes bytes)
{
    size_t at = 0;
    while (filter->words_left > 0 && at < bytes.len && !filter->broken) {
        int64_t size = 0;
        size_t len = 0;
        struct sm_bytes rest = behind(bytes, at);
        if (filter->bytes_left > 0) {
            len = rest.len < filter->bytes_left ? rest.len : (size_t)filter->bytes_left;
            filter->bytes_left -= len;
            filter->words_left -= filter->bytes_left == 0;
            at += len;
            continue;
        }
        bool in_pieces = filter->size_len > 0;
        if (in_pieces) {
            filter->size[filter->size_len++] = *(const uint8_t *)rest.data;
            rest = sm_bytes(filter->size, filter->size_len);
            at++;
        }
        enum smcred_status status = redis_number_parse(rest, '$', &size, &len);
        if (status == SMCRED_OK && size >= 0) {
            filter->bytes_left = (uint64_t)size + 2;
            filter->size_len = 0;
            at += in_pieces ? 0 : len;
        } else if (status != SMCRED_NOT_FOUND) {
            filter->broken = true;
        } else if (!in_pieces) {
            memcpy(filter->size, rest.data, rest.len); /* or it would have been found or invalid */
            filter->size_len = rest.len;
            at = bytes.len;
        }
    }
    return at;
}

/* Has the server complain of a protocol that is broken, in its turn, and hang up. */
static bool break_off(struct redis_filter *filter, struct answers *to)
{
    const char *poison = filter->words_left > 0 ? "!\r\n" : "*1\r\n!\r\n";
    filter->broken = true;
    return relay_buffer_add(to->instead, sm_bytes_of(poison)) == SMCRED_OK;
}

/* It is not known yet what this is. */
static bool hold(struct redis_filter *filter, struct sm_bytes bytes, struct answers *to)
{
    if (bytes.len >= REDIS_COMMAND_MAX)
        return refuse(filter, to, "smcred: the command is too long") == DEALT_WITH &&
               break_off(filter, to);
    return relay_buffer_add(&filter->held, bytes) == SMCRED_OK;
}

/* From the beginning of a command or the middle of one that goes by. */
static bool sift(struct redis_filter *filter, struct sm_bytes bytes, struct relay_sifted *out,
                 struct answers *to)
{
    size_t at = 0;
    while (at < bytes.len) {
        struct sm_bytes rest = behind(bytes, at);
        size_t len = 0;
        enum fate fate = GOES_BY;
        enum smcred_status status = SMCRED_OK;
        if (filter->words_left > 0)
            len = pass_over(filter, rest);
        else if (*(const char *)rest.data == '*')
            status = take_command(filter, rest, to, &len, &fate);
        else
            status = take_line(filter, rest, to, &len, &fate);
        bool is_over = filter->broken || status != SMCRED_OK;
        *out = (struct relay_sifted){.pass = filter->broken ? at + len : at,
                                     .taken = is_over ? bytes.len : at + len};
        if (status == SMCRED_NOT_FOUND)
            return hold(filter, rest, to);
        if (is_over)
            return break_off(filter, to);
        if (fate != GOES_BY)
            return fate == DEALT_WITH;
        at += len;
    }
    *out = (struct relay_sifted){.pass = bytes.len, .taken = bytes.len};
    return true;
}

/* What is held is the beginning of `held`; the rest of it has just come. */
static bool sift_held(struct redis_filter *filter, const struct relay_buffer *held, size_t old_len,
                      struct relay_sifted *out, struct answers *to)
{
    struct relay_buffer instead = relay_buffer(REDIS_INSTEAD_MAX);
    struct answers inner = {.instead = &instead, .answer = to->answer};
    struct relay_sifted sifted = {.taken = 0};
    struct sm_bytes bytes = relay_buffer_view(held);
    bool done = sift(filter, bytes, &sifted, &inner) &&
                relay_buffer_add(to->instead, sm_bytes(bytes.data, sifted.pass)) == SMCRED_OK &&
                relay_buffer_add(to->instead, relay_buffer_view(&instead)) == SMCRED_OK;
    relay_buffer_clear(&instead);
    if (done) {
        assert(sifted.taken >= old_len); /* alone it was no command */
        *out = (struct relay_sifted){.pass = 0, .taken = sifted.taken - old_len};
    }
    return done;
}

bool redis_filter_sift(struct redis_filter *filter, struct sm_bytes words,
                       struct relay_sifted *out_sifted, struct relay_buffer *instead,
                       struct relay_buffer *answer)
{
    struct answers to = {.instead = instead, .answer = answer};
    if (filter->broken) {
        *out_sifted = (struct relay_sifted){.pass = 0, .taken = words.len};
        return true;
    }
    if (filter->held.len == 0)
        return sift(filter, words, out_sifted, &to);
    struct relay_buffer held = filter->held;
    size_t old_len = held.len, room = held.max - held.len;
    filter->held = relay_buffer(REDIS_COMMAND_MAX);
    bool done =
        relay_buffer_add(&held, sm_bytes(words.data, words.len < room ? words.len : room)) ==
            SMCRED_OK &&
        sift_held(filter, &held, old_len, out_sifted, &to);
    relay_buffer_clear(&held);
    return done;
}

/* ---- the first command ---- */

static void read_wish(struct redis_words words, struct redis_wish *wish)
{
    struct sm_bytes name, word;
    if (!redis_words_next(&words, &name))
        return;
    if (redis_word_is(name, "AUTH") && words.count == 2)
        (void)redis_words_next(&words, &wish->user); /* it has two */
    if (!redis_word_is(name, "HELLO"))
        return;
    (void)redis_words_next(&words, &word); /* the version, if there is one */
    while (redis_words_next(&words, &word)) {
        if (redis_word_is(word, "AUTH") && words.count >= 2) {
            (void)redis_words_next(&words, &wish->user);
            (void)redis_words_next(&words, &word);
        } else if (redis_word_is(word, "SETNAME")) {
            (void)redis_words_next(&words, &wish->name);
        }
    }
}

bool redis_wish_parse(struct sm_bytes bytes, struct redis_wish *out_wish)
{
    struct beginning it;
    struct redis_words words;
    size_t len = 0;
    *out_wish = (struct redis_wish){.user = sm_bytes(NULL, 0), .name = sm_bytes(NULL, 0)};
    if (bytes.len == 0)
        return false;
    if (*(const char *)bytes.data != '*') /* who types has a name, which the kernel knows */
        return true;
    enum smcred_status status = beginning_parse(bytes, &it);
    if (status == SMCRED_OK && it.look)
        status = redis_words_parse(bytes, &words, &len);
    if (status == SMCRED_OK && it.look)
        read_wish(words, out_wish);
    return status != SMCRED_NOT_FOUND || bytes.len >= REDIS_COMMAND_MAX;
}
