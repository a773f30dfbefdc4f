/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * session_proof.c - the database's challenges, answered: a proof is given once per attempt, for the
 * snapshot of that attempt, and never after the verdict.
 */
#include "keeper/session.h"

#include <stdio.h>

#include "keeper/login.h"
#include "keeper/proof.h"
#include "keeper/revoke.h"

static void send_proof(struct session *session, struct sm_bytes proof, struct sm_bytes signature)
{
    uint8_t buffer[2048 + SM_SECRET_MAX];
    struct sm_wire_out out;
    session_begin_message(&out, buffer, sizeof buffer, session, ORC_PROOF, SMCRED_OK);
    sm_wire_put(&out, ORC_T_PROOF, proof);
    sm_wire_put_text(&out, ORC_T_VERSION, session->version_id);
    if (signature.len > 0)
        sm_wire_put(&out, ORC_T_SERVER_SIGNATURE, signature);
    size_t len = out.len;
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

/* One proof per attempt: a relay that was broken into learns no more than its sessions need. */
static const char *claim_proof(struct session *session)
{
    if (session->phase != TRYING)
        return "it asked for a proof outside of a login";
    if (session->proof_given)
        return "it asked for a second proof in one attempt";
    session->proof_given = true;
    return NULL;
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
    login_challenged(session->login, telling_salt, on_prove);
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

static void answer_md5(struct session *session, const struct challenge *challenge)
{
    char answer[MD5_ANSWER_LEN + 1];
    enum smcred_status status = md5_answer(session->snapshot->password, session->snapshot->username,
                                           challenge->bytes, answer);
    if (status != SMCRED_OK)
        refuse_proof(session, status, "md5 is not available on this host");
    else
        send_proof(session, sm_bytes(answer, MD5_ANSWER_LEN), sm_bytes(NULL, 0));
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
    const char *why = claim_proof(session);
    if (why)
        return why;
    if (!sm_wire_get(in, ORC_T_SALT, &salt) ||
        !sm_wire_get_u32(in, ORC_T_ITERATIONS, &about.iterations) ||
        !sm_wire_get(in, ORC_T_AUTH_MESSAGE, &message))
        return "a SCRAM question without salt, iterations or message";
    ask_for_version(session, &about, salt, message, salt);
    return NULL;
}

/* An md5 challenge's salt is made for the connection: it tells nothing of the password. */
const char *session_take_md5(struct session *session, const struct sm_wire_in *in)
{
    static const struct challenge about = {.answer = answer_md5};
    struct sm_bytes salt;
    const char *why = claim_proof(session);
    if (why)
        return why;
    if (!sm_wire_get(in, ORC_T_SALT, &salt) || salt.len != MD5_SALT_SIZE)
        return "an md5 question without its salt";
    if (session->target->md5)
        ask_for_version(session, &about, salt, sm_bytes(NULL, 0), sm_bytes(NULL, 0));
    else
        refuse_proof(session, SMCRED_DENIED,
                     "the server asks for md5, which the target's md5 = no forbids");
    return NULL;
}

const char *session_take_cleartext(struct session *session, const struct sm_wire_in *in)
{
    static const struct challenge about = {.answer = answer_cleartext};
    struct sm_bytes value;
    const char *why = claim_proof(session);
    if (why)
        return why;
    bool verified =
        session->target->tls == ORC_TLS_VERIFY_FULL && sm_wire_get(in, ORC_T_TLS_VERIFIED, &value);
    if (!session->target->cleartext)
        refuse_proof(session, SMCRED_DENIED,
                     "the server asks for the password in clear text, which only a target with "
                     "cleartext = yes permits");
    else if (!verified && !session->local)
        refuse_proof(session, SMCRED_DENIED,
                     "the server asks for the password in clear text over a connection whose peer "
                     "was not verified");
    else
        ask_for_version(session, &about, sm_bytes(NULL, 0), sm_bytes(NULL, 0), sm_bytes(NULL, 0));
    return NULL;
}
