/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_policy.h - who may ask for PAM, what for, and who may come in.  Pure functions of the
 * configuration and of what was asked, as in policy.h.
 */
#ifndef KEEPER_PAM_POLICY_H
#define KEEPER_PAM_POLICY_H

#include <time.h>

#include "keeper/policy.h"

/* Who wants to come in. */
struct pam_visitor {
    const struct sm_peer *account; /* uid and groups of that user on this host */
    const char *user;
    const char *service;
    const char *rhost; /* "": none */
    const struct tm *now;
};

/* May this process ask for that service?  Root, and `callers`; nobody without a section. */
struct policy_decision pam_policy_caller(const struct config *config, const char *service,
                                         const struct sm_peer *caller);

enum pam_use { PAM_USE_CHECK, PAM_USE_SUPPLY };
/* May the service use what has this name so?  `secrets` and `supply`; in a pattern "*" stops at a
 * slash, so that nobody's user name reaches into another directory. */
struct policy_decision pam_policy_name(const struct config_pam *rules, const char *service,
                                       enum pam_use use, const char *name);

/* May this process ask for some service? */
bool pam_policy_asks(const struct config *config, const struct sm_peer *caller);

/* Does some service use it? */
bool pam_policy_wants(const struct config *config, const char *name);

/* May this person come in?  `allow`, `hours`, `rhost`, in that order. */
struct policy_decision pam_policy_account(const struct config_pam *rules,
                                          const struct pam_visitor *visitor);

/* Why this is no new password, in a sentence; NULL if it is one. */
const char *pam_policy_password(const struct config_pam *rules, struct sm_bytes password,
                                char out_text[POLICY_TEXT_MAX]);

#endif
