/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iam.h - policies as IAM reads them: what a document says to a question.
 *
 * A document is JSON that server_iam_check() has found good; nothing else may be judged.  How
 * several documents are combined is access.h's.
 */
#ifndef SERVER_IAM_H
#define SERVER_IAM_H

#include <cjson/cJSON.h>

#include "common/bytes.h"
#include "common/status.h"

#define SERVER_IAM_DOCUMENT_MAX 20480 /* bytes; of a resource policy, the longest there are */

/* --- the language ----------------------------------------------------------------------------- */

enum server_iam_kind {
    SERVER_IAM_IDENTITY, /* of a user or role: has no Principal */
    SERVER_IAM_RESOURCE, /* of a secret */
    SERVER_IAM_TRUST,    /* of a role, who may assume it: has no Resource */
};

enum server_iam_flaw {
    SERVER_IAM_SOUND,
    SERVER_IAM_SYNTAX,
    SERVER_IAM_PRINCIPAL,       /* of no kind we know */
    SERVER_IAM_SERVICE,         /* a service of AWS's that cannot be given access */
    SERVER_IAM_INVALID_SERVICE, /* not the name of a service */
};

/*
 * Whether `document` (NULL: no JSON object) is a policy of that kind.
 *   err  where it is not and why; may be NULL
 */
enum server_iam_flaw server_iam_check(const cJSON *document, enum server_iam_kind kind,
                                      struct sm_error *err);

/* Parses and checks.  Errors: SMCRED_INVALID, SMCRED_TOO_LARGE, SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status server_iam_parse(const char *text, enum server_iam_kind kind,
                                                  cJSON **out_document, struct sm_error *err);

/* Allows everybody, by a Principal of "*" and no condition that narrows it. */
bool server_iam_is_public(const cJSON *document);

/* --- judging ---------------------------------------------------------------------------------- */

struct server_iam_caller {
    const char *arn;       /* of a user, or of a session */
    const char *role_arn;  /* of the session's role; "" for a user */
    const char *account;   /* twelve digits */
    const char *federated; /* ARN of the issuer of a web identity; "" */
};

struct server_iam_question {
    const struct server_iam_caller *caller;
    const char *action;   /* "secretsmanager:GetSecretValue" */
    const char *resource; /* ARN; "*" for actions that have none */
    /*
     * What condition keys are now: an object of texts and lists of texts.  Asked for when a
     * condition or a variable is met, as most policies have none.
     */
    const cJSON *(*facts)(void *context);
    void *context;
    bool literal; /* ${...} means itself: server_iam_judge() knows by the Version */
};

enum server_iam_verdict {
    SERVER_IAM_SILENT,
    SERVER_IAM_ALLOWED_ACCOUNT, /* the caller's whole account: to whom its own policies say so */
    SERVER_IAM_ALLOWED,         /* the caller by the name of the role, or everybody */
    SERVER_IAM_ALLOWED_SELF,    /* this very session, or the user */
    SERVER_IAM_DENIED,
};

/* Deny wins; then the closest Allow. */
enum server_iam_verdict server_iam_judge(const cJSON *document,
                                         const struct server_iam_question *asked);

/* --- parts, for judge and its tests ------------------------------------------------------------
 */

#define SERVER_IAM_WILD     1u /* `how`; without, `*` and `?` are themselves */
#define SERVER_IAM_ANY_CASE 2u
/*
 * `*` stands for any text, `?` for any character.  ${KEY} stands for a fact, ${KEY, 'TEXT'} for one
 * or the text, ${*}, ${?} and ${$} for these characters themselves.  A pattern whose fact is
 * missing matches nothing.
 */
bool server_iam_matches(const char *pattern, const char *text, unsigned how,
                        const struct server_iam_question *question);

/* Every operator of a Condition holds; NULL, no condition, does. */
bool server_iam_conditions_hold(const cJSON *conditions,
                                const struct server_iam_question *question);
/* "StringEquals", "ForAnyValue:StringLikeIfExists" ... */
bool server_iam_is_operator(const char *name);
/*
 * False for networks that are none: NotIpAddress would hold for every address.  What else an
 * operator cannot compare is like nothing.
 */
bool server_iam_fits_operator(const char *name, const cJSON *values);

#endif
