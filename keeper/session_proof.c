/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session_proof.c - the database's challenges, answered: a proof is given once per attempt, for the
 * snapshot of that attempt, and never after the verdict.
 */
#include "keeper/session.h"

#include <stdio.h>

#include "keeper/engine.h"
#include "keeper/login.h"
#include "keeper/mechanism.h"
#include "keeper/proof.h"
#include "keeper/revoke.h"

#define AGAIN_MAX 2 /* another nonce than the greeting's, and another connection */

/* OPENED was sent before it was known what the client wants. */
static void put_names(struct sm_wire_out *out, const struct session *session)
{
    char application[SESSION_STAMP_MAX];
    session_stamp(session, application);
    sm_wire_put_text(out, ORC_T_DBNAME, session->dbname);
    sm_wire_put_text(out, ORC_T_APPLICATION, application);
}

static void send_proof(struct session *session, struct sm_bytes proof, struct sm_bytes signature)
{
    uint8_t buffer[2048 + SM_SECRET_MAX];
    struct sm_wire_out out;
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_PROOF, SMCRED_OK);
    sm_wire_put(&out, ORC_T_PROOF, proof);
    sm_wire_put_text(&out, ORC_T_VERSION, session->version_id);
    if (signature.len > 0)
        sm_wire_put(&out, ORC_T_SERVER_SIGNATURE, signature);
    if (engine_greets(session->engine))
        put_names(&out, session);
    size_t len = out.len;
    session->is_proved = true;
    (void)relays_send(session->relay, &out, NULL); /* a failure has ended the session */
    explicit_bzero(buffer, len);
}

static void refuse_proof(struct session *session, enum smcred_status status, const char *text)
{
    struct audit_line line;
    session_audit_begin(&line, session, "proof");
    audit_put(&line, "outcome", "refused");
    audit_put(&line, "text", text);
    session_audit_fact(session, &line);
    session_send_refusal(session, ORC_PROOF, status, NOT_ALLOWED, text, NULL);
}

/* The client's wishes, judged late: what OPEN would have been refused for. */
static bool refuse_wishes(struct session *session)
{
    struct policy_decision decision = session_decide_user(session);
    char hint[512];
    if (decision.allowed)
        return false;
    session_audit_refusal(session, &decision);
    policy_fitting(session->config, &session->peer, hint, sizeof hint);
    session_send_refusal(session, ORC_PROOF, SMCRED_DENIED, decision.sqlstate, decision.text, hint);
    return true;
}

static void on_proof(void *arg, const struct proof_answer *answer)
{
    struct session *session = arg;
    session->proving = NULL;
    if (answer->status == SMCRED_OK)
        send_proof(session, sm_bytes(answer->proof, sizeof answer->proof),
                   sm_bytes(answer->server_signature, sizeof answer->server_signature));
    else
        refuse_proof(session, answer->status, answer->err->text);
}

/*
 * One proof per attempt, and per method where the server may change it: a relay that was broken
 * into learns no more than its sessions need.
 */
static const char *claim_proof(struct session *session, const char *method)
{
    unsigned max = engine_greets(session->engine) ? ORC_CHALLENGES_MAX : 1;
    if (session->phase != TRYING)
        return "it asked for a proof outside of a login";
    if (session->challenge || session->proving || session->proofs_given >= max)
        return "it asked for one proof too many in one attempt";
    for (unsigned i = 0; i < session->proofs_given; i++)
        if (strcmp(session->methods[i], method) == 0)
            return "it asked for a second proof by one method in one attempt";
    session->methods[session->proofs_given++] = method;
    return NULL;
}

/* What the client asks for, if the server had to speak first.  False: refused, for that. */
static bool take_late_wishes(struct session *session, const struct sm_wire_in *in)
{
    if (session->wishes_known)
        return true;
    session->wishes_known = true;
    if (!session_take_wishes(session, in)) {
        refuse_proof(session, SMCRED_TOO_LARGE, SESSION_NAME_TOO_LONG);
        return false;
    }
    if (!session_name_database(session)) {
        refuse_proof(session, SMCRED_NO_MEMORY, "the keeper is out of memory");
        return false;
    }
    return !refuse_wishes(session);
}

/* Another version has taken the place of the attempt's, which was not sent. */
static bool take_renewed(struct session *session, const struct login_proof *proof)
{
    struct audit_line line;
    char text[SM_ERROR_TEXT_MAX];
    (void)snprintf(text, sizeof text, "the server's salt is not the one of version %.200s",
                   session->version_id);
    sm_snapshot_unref(session->snapshot);
    session->snapshot = sm_snapshot_ref(proof->snapshot);
    session->stale = false;
    (void)snprintf(session->stage, sizeof session->stage, "%s", proof->stage);
    if (!session_keep_text(&session->version_id, proof->snapshot->version_id))
        return false;
    session_audit_begin(&line, session, "proof");
    audit_put(&line, "outcome", "renewed");
    audit_put(&line, "text", text);
    return keeper_audit(session->owner->keeper, &line);
}

static void on_prove(void *arg, const struct login_proof *proof)
{
    struct session *session = arg;
    sm_autofree struct challenge *challenge = sm_take_ptr(&session->challenge);
    struct policy_decision decision =
        revoke_decide_version(session->owner->keeper, session->target, proof->snapshot);
    if (!decision.allowed)
        refuse_proof(session, SMCRED_REVOKED, decision.text);
    else if (proof->renewed && !take_renewed(session, proof))
        refuse_proof(session, SMCRED_SYSTEM,
                     "the audit log cannot be written, or memory is short, so nobody is let in");
    else
        challenge->answer(session, challenge);
}

static void answer_again(struct session *session)
{
    sm_autofree struct challenge *challenge = sm_take_ptr(&session->challenge);
    struct policy_decision decision =
        revoke_decide_version(session->owner->keeper, session->target, session->snapshot);
    if (decision.allowed)
        challenge->answer(session, challenge);
    else
        refuse_proof(session, SMCRED_REVOKED, decision.text);
}

/* Asks which version answers this.  Borrows all it is given. */
static void ask_for_version(struct session *session, const struct challenge *about,
                            struct sm_bytes salt, struct sm_bytes message,
                            struct sm_bytes telling_salt)
{
    struct challenge *copy = malloc(sizeof *copy + salt.len + message.len);
    if (!copy) {
        refuse_proof(session, SMCRED_NO_MEMORY, "the keeper is out of memory");
        return;
    }
    *copy = *about;
    copy->salt_len = salt.len;
    copy->message_len = message.len;
    if (salt.len > 0)
        memcpy(copy->bytes, salt.data, salt.len);
    if (message.len > 0)
        memcpy(copy->bytes + salt.len, message.data, message.len);
    session->challenge = copy;
    bool is_first = !session->version_asked;
    session->version_asked = true;
    if (is_first)
        login_challenged(session->login, telling_salt, on_prove);
    else /* the version of this attempt, by another method */
        answer_again(session);
}

static void answer_scram(struct session *session, const struct challenge *challenge)
{
    struct proof_challenge question = {
        .salt = sm_bytes(challenge->bytes, challenge->salt_len),
        .iterations = challenge->iterations,
        .auth_message = sm_bytes(challenge->bytes + challenge->salt_len, challenge->message_len)};
    struct proof_ask *ask = NULL;
    proof_get(session->owner->keeper->proofs, session->snapshot, &question, on_proof, session,
              &ask);
    if (ask) /* else it was answered, and the session may be gone */
        session->proving = ask;
}

static void answer_by_mechanism(struct session *session, const struct challenge *challenge)
{
    const struct mechanism *mechanism = challenge->mechanism;
    struct mechanism_question question = {
        .salt = sm_bytes(challenge->bytes, challenge->salt_len),
        .iterations = challenge->iterations,
        .message = sm_bytes(challenge->bytes + challenge->salt_len, challenge->message_len),
        .server_key = session->target->server_key};
    uint8_t answer[MECHANISM_ANSWER_MAX];
    size_t len = 0;
    struct sm_bytes key = sm_secret_view(session->snapshot->password);
    enum smcred_status status = SMCRED_OK;
    if (mechanism->key_len > 0)
        status = proof_key(session->owner->keeper->proofs, session->snapshot, mechanism, &question,
                           &key);
    if (status == SMCRED_OK)
        status = mechanism->answer(key, &question, answer, &len);
    if (status == SMCRED_OK) {
        send_proof(session, sm_bytes(answer, len), sm_bytes(NULL, 0));
    } else {
        char text[SM_ERROR_TEXT_MAX];
        (void)snprintf(text, sizeof text, "%s cannot be answered on this host: %s", mechanism->name,
                       sm_status_text(status));
        refuse_proof(session, status, text);
    }
    explicit_bzero(answer, sizeof answer);
}

static void answer_cleartext(struct session *session, const struct challenge *challenge)
{
    (void)challenge; /* it says nothing */
    send_proof(session, sm_secret_view(session->snapshot->password), sm_bytes(NULL, 0));
}

const char *session_take_scram(struct session *session, const struct sm_wire_in *in)
{
    struct challenge about = {.answer = answer_scram};
    struct sm_bytes salt, message;
    const char *why = claim_proof(session, "SCRAM");
    if (why)
        return why;
    if (!sm_wire_get(in, ORC_T_SALT, &salt) ||
        !sm_wire_get_u32(in, ORC_T_ITERATIONS, &about.iterations) ||
        !sm_wire_get(in, ORC_T_AUTH_MESSAGE, &message))
        return "a SCRAM question without salt, iterations or message";
    ask_for_version(session, &about, salt, message, salt);
    return NULL;
}

/* Why the target forbids a method, or NULL. */
static const char *forbidden(const struct config_target *target, const struct mechanism *mechanism)
{
    if (strcmp(mechanism->name, "md5") == 0 && !target->md5)
        return "the server asks for md5, which the target's md5 = no forbids";
    if (mechanism->key_len == 0 && !target->server_key)
        return "the server asks for the password under its RSA key, and without TLS the target's "
               "server_public_key must say which that is";
    return NULL;
}

const char *session_take_challenge(struct session *session, const struct sm_wire_in *in)
{
    struct challenge about = {.answer = answer_by_mechanism};
    struct mechanism_question question = {.iterations = 0};
    char name[MECHANISM_NAME_MAX];
    if (!sm_wire_get_text(in, ORC_T_MECHANISM, name, sizeof name) ||
        !sm_wire_get(in, ORC_T_SALT, &question.salt))
        return "a challenge without method or salt";
    about.mechanism = mechanism_find(session->engine, name);
    if (!about.mechanism)
        return "a challenge by a method that its engine has not";
    (void)sm_wire_get_u32(in, ORC_T_ITERATIONS, &question.iterations); /* or 0 */
    (void)sm_wire_get(in, ORC_T_AUTH_MESSAGE, &question.message);      /* or none */
    const char *why = claim_proof(session, about.mechanism->name);
    if (why || !take_late_wishes(session, in))
        return why;
    about.iterations = question.iterations;
    const char *reason = forbidden(session->target, about.mechanism);
    if (!reason)
        reason = mechanism_objection(about.mechanism, &question);
    if (reason)
        refuse_proof(session, SMCRED_DENIED, reason);
    else
        ask_for_version(session, &about, question.salt, question.message,
                        about.mechanism->tells ? question.salt : sm_bytes(NULL, 0));
    return NULL;
}

/* A kept connection costs a login proofs that no server has taken, twice at the most. */
const char *session_take_again(struct session *session, const struct sm_wire_in *in)
{
    uint32_t attempt = 0;
    if (!sm_wire_get_u32(in, ORC_T_ATTEMPT, &attempt) || session->phase == SOLVING ||
        attempt != session->attempt)
        return NULL; /* it has crossed with our next attempt */
    if (session->phase != TRYING || session->challenge || session->proving ||
        session->target->keep_connection_ms == 0 || session->again >= AGAIN_MAX)
        return "it wants to prove again, and has no reason to";
    session->again++;
    session->proofs_given = 0;
    return NULL;
}

/* ---- the password itself ---- */

static const struct clear_method {
    const char *name;
    uint32_t engine;
    bool by_itself; /* permitted unless cleartext = no: its servers ask for it in regular use */
} clear_methods[] = {{"password", INDEX_POSTGRES, false},
                     {"mysql_clear_password", INDEX_MYSQL, false},
                     {"caching_sha2_password", INDEX_MYSQL, true},
                     {"sha256_password", INDEX_MYSQL, true},
                     {"AUTH", INDEX_REDIS, true}};

static const struct clear_method *clear_method_of(const struct session *session, const char *name)
{
    for (size_t i = 0; i < sizeof clear_methods / sizeof *clear_methods; i++)
        if (clear_methods[i].engine == session->engine && strcmp(clear_methods[i].name, name) == 0)
            return &clear_methods[i];
    return NULL;
}

static const char *why_not_clear(const struct session *session, const struct clear_method *method,
                                 bool verified)
{
    enum config_cleartext permitted = session->target->cleartext;
    if (permitted == CONFIG_CLEARTEXT_NO)
        return "the server asks for the password in clear text, which the target's cleartext = no "
               "forbids";
    if (permitted != CONFIG_CLEARTEXT_YES && !method->by_itself)
        return "the server asks for the password in clear text, which only a target with "
               "cleartext = yes permits";
    if (!session->local && !(verified && session->target->tls == ORC_TLS_VERIFY_FULL))
        return "the server asks for the password in clear text over a connection whose peer was "
               "not verified";
    return NULL;
}

const char *session_take_cleartext(struct session *session, const struct sm_wire_in *in)
{
    static const struct challenge about = {.answer = answer_cleartext};
    const struct sm_bytes none = {NULL, 0};
    struct sm_bytes value;
    char name[MECHANISM_NAME_MAX];
    (void)sm_wire_get_text(in, ORC_T_MECHANISM, name, sizeof name); /* or "", which is none */
    const struct clear_method *method = clear_method_of(session, name);
    if (!method)
        return "a question for the password by a method that its engine has not";
    const char *why = claim_proof(session, method->by_itself ? "in clear" : method->name);
    if (why || !take_late_wishes(session, in))
        return why;
    const char *reason =
        why_not_clear(session, method, sm_wire_get(in, ORC_T_TLS_VERIFIED, &value));
    if (reason)
        refuse_proof(session, SMCRED_DENIED, reason);
    else
        ask_for_version(session, &about, none, none, none);
    return NULL;
}
