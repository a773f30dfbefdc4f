/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * redis.c - Redis and Valkey: logging in, ACL SETUSER.
 *
 * A user of Redis may have several passwords.  It has the current one and the one before, so that
 * no login fails while a rotation goes on; the one before that is gone.  The server is told hashes,
 * so that neither MONITOR nor a log has a password.
 */
#include "rotate/redis.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "common/log.h"
#include "rotate/channel.h"
#include "rotate/engine.h"
#include "rotate/line.h"

#define RULES_MAX    4096 /* words; a user with more is none that we know */
#define USERNAME_MAX 122  /* bytes; the server sets no limit, and a twin's name must fit */

struct session {
    struct channel *channel;
    char *username;
    char proof[REDIS_HASH_SIZE];
    char reminder[SM_ERROR_TEXT_MAX / 4];
};

const char *redis_self(const struct session *session)
{
    return session->username;
}

const char *redis_proof(const struct session *session)
{
    return session->proof;
}

void redis_hash(const char *password, char out_hash[REDIS_HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    int len = 1;
    (void)EVP_Digest(password, strlen(password), digest, &size, EVP_sha256(), NULL);
    out_hash[0] = '#';
    for (unsigned int i = 0; i < size && i < 32; i++)
        len += snprintf(out_hash + len, 3, "%02x", digest[i]); /* 64 digits */
    out_hash[len] = '\0'; /* without memory it is no hash, and refused by the server */
    explicit_bzero(digest, sizeof digest);
}

/* --- commands --------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

static const char *first_text(const struct redis_reply *reply)
{
    return reply->count > 0 ? reply->texts[0] : "";
}

static enum smcred_status refused(const char *message, struct sm_error *err)
{
    char line[SM_ERROR_TEXT_MAX / 2];
    const char *advice = "";
    line_write(line, sizeof line, message);
    if (begins(line, "NOPERM"))
        advice = "; that takes more rights: see smcred-rotate(1), DATABASES";
    else if (begins(line, "READONLY"))
        advice = "; it is a replica, and the secret's host has to be the primary";
    (void)sm_error_set(err, SMCRED_DENIED, "the server says: %s%s", line, advice);
    if (err)
        (void)snprintf(err->code, sizeof err->code, "%.*s", (int)strcspn(line, " "), line);
    return SMCRED_DENIED;
}

enum smcred_status redis_run(struct session *session, const char *const *words, size_t count,
                             struct redis_reply *reply, struct sm_error *err)
{
    *reply = (struct redis_reply){.texts = NULL};
    enum smcred_status status = redis_send(session->channel, words, count, err);
    if (status == SMCRED_OK)
        status = redis_receive(session->channel, reply, err);
    return status == SMCRED_OK && reply->is_error ? refused(first_text(reply), err) : status;
}

/* What nobody but its administrator can do about a server that forgets. */
static void save(struct session *session)
{
    static const char *const words[] = {"ACL", "SAVE"};
    redis_autoreply struct redis_reply reply;
    struct sm_error err = {.text = ""};
    if (redis_run(session, words, 2, &reply, &err) == SMCRED_OK)
        return;
    (void)snprintf(session->reminder, sizeof session->reminder, "%s",
                   strstr(err.text, "not configured to use an ACL file")
                       ? "it is in the server's memory alone, until CONFIG REWRITE, or better an "
                         "aclfile"
                       : "ACL SAVE fails, and it is in the server's memory alone");
}

enum smcred_status redis_set_user(struct session *session, const char *username,
                                  const char *const *rules, size_t count, struct sm_error *err)
{
    redis_autoreply struct redis_reply reply = {.texts = NULL};
    const char *words[RULES_MAX + 3] = {"ACL", "SETUSER", username};
    if (count > RULES_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "%s has too many rules", log_quote(username));
    memcpy(words + 3, rules, count * sizeof *rules);
    enum smcred_status status = redis_run(session, words, count + 3, &reply, err);
    if (status == SMCRED_OK)
        save(session);
    return status;
}

static const char *reminder(const struct session *session)
{
    return *session->reminder ? session->reminder : NULL;
}

/* --- logging in ------------------------------------------------------------------------------- */

/* Only where the password is to blame, another one is tried. */
static enum smcred_status authenticate(struct session *session, const struct login *login,
                                       struct sm_error *err)
{
    const char *const words[] = {"AUTH", login->username, login->password};
    redis_autoreply struct redis_reply reply;
    enum smcred_status status = redis_run(session, words, 3, &reply, err);
    if (status != SMCRED_DENIED)
        return status;
    const char *message = first_text(&reply);
    if (begins(message, "WRONGPASS"))
        return sm_error_set(err, SMCRED_DENIED, "%s", message);
    if (begins(message, "ERR wrong number"))
        return sm_error_set(err, SMCRED_UNSUPPORTED, "it has no users; Redis 6 has");
    return sm_error_set(err, begins(message, "ERR") ? SMCRED_INVALID : SMCRED_UNAVAILABLE, "%s",
                        message);
}

enum smcred_status redis_lets_all_in(const char *username, struct sm_error *err)
{
    return sm_error_set(err, SMCRED_INVALID,
                        "the server lets %s in with any password (nopass), so that a login proves "
                        "none",
                        log_quote(username));
}

/* If it may ask: there are users that every password lets in. */
static enum smcred_status check_flags(struct session *session, const struct login *login,
                                      struct sm_error *err)
{
    const char *const words[] = {"ACL", "GETUSER", login->username};
    redis_autoreply struct redis_reply reply;
    struct sm_error refusal = {.text = ""};
    enum smcred_status status = redis_run(session, words, 3, &reply, &refusal);
    if (status == SMCRED_DENIED)
        return SMCRED_OK;
    if (status != SMCRED_OK) {
        *err = refusal;
        return status;
    }
    for (size_t i = 0; i < reply.count && strcmp(reply.texts[i], "passwords") != 0; i++) {
        if (strcmp(reply.texts[i], "nopass") == 0)
            return redis_lets_all_in(login->username, err);
    }
    return SMCRED_OK;
}

static void log_out(struct session *session)
{
    if (!session)
        return;
    channel_free(session->channel);
    free(session->username);
    explicit_bzero(session, sizeof *session);
    free(session);
}

static enum smcred_status log_in(const struct login *login, struct session **out_session,
                                 struct sm_error *err)
{
    struct session *session = calloc(1, sizeof *session);
    if (session)
        session->username = strdup(login->username);
    if (!session || !session->username) {
        log_out(session);
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    redis_hash(login->password, session->proof);
    enum smcred_status status = channel_new(login, &session->channel, err);
    if (status == SMCRED_OK)
        status = authenticate(session, login, err);
    if (status == SMCRED_OK)
        status = check_flags(session, login, err);
    if (status != SMCRED_OK) {
        log_out(session);
        return status;
    }
    *out_session = session;
    return SMCRED_OK;
}

/* --- passwords -------------------------------------------------------------------------------- */

static enum smcred_status set_password(struct session *session, const char *username,
                                       const char *password, struct sm_error *err)
{
    char hash[REDIS_HASH_SIZE];
    redis_hash(password, hash);
    const char *const rules[] = {"resetpass", session->proof, hash};
    return redis_set_user(session, username, rules, 3, err);
}

/* That it may not ask is an answer too: it was let in. */
static enum smcred_status test(struct session *session, struct sm_error *err)
{
    static const char *const words[] = {"PING"};
    redis_autoreply struct redis_reply reply;
    struct sm_error refusal = {.text = ""};
    enum smcred_status status = redis_run(session, words, 1, &reply, &refusal);
    if (status == SMCRED_DENIED && strcmp(refusal.code, "NOPERM") == 0)
        return SMCRED_OK;
    *err = refusal;
    return status;
}

static const char *const spelt[] = {"redis", "valkey", NULL};

const struct engine engine_redis = {
    .name = "redis",
    .spelt = spelt,
    .port = "6379",
    .excluded = ":/@\"'\\",
    .username_max = USERNAME_MAX,
    .log_in = log_in,
    .log_out = log_out,
    .set_password = set_password,
    .set_other = redis_set_other,
    .set_for = redis_set_for,
    .give_back = redis_give_back,
    .reminder = reminder,
    .test = test,
};
