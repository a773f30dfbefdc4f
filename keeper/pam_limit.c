/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_limit.c - three counters for one guess.
 */
#include "keeper/pam_limit.h"

#define BY_PAIR      0 /* a secret from a host */
#define BY_HOST      1
#define BY_SECRET    2
#define HOST_TIMES   4
#define SECRET_TIMES 10

static void count_by(struct pam_limit *limit, size_t which, const struct config_pam *rules,
                     unsigned times, const char *secret, const char *rhost)
{
    char *at = limit->by[which].key;
    size_t secret_len = strnlen(secret, CTL_NAME_MAX),
           rhost_len = strnlen(rhost, CTL_PAM_RHOST_MAX);
    *at++ = (char)which;
    memcpy(at, secret, secret_len);
    at += secret_len;
    *at++ = '\0';
    memcpy(at, rhost, rhost_len);
    limit->by[which].len = (size_t)(at - limit->by[which].key) + rhost_len;
    limit->by[which].limit = (struct tries_limit){rules->tries * times, rules->tries_window_ms};
}

static struct sm_bytes key_of(const struct pam_limit *limit, size_t which)
{
    return sm_bytes(limit->by[which].key, limit->by[which].len);
}

bool pam_limit_begin(struct pam_limit *limit, struct tries *tries, const struct config_pam *rules,
                     const char *secret, const char *rhost, int64_t *out_until_ms)
{
    limit->tries = tries;
    limit->by[BY_HOST].len = 0;
    count_by(limit, BY_PAIR, rules, 1, secret, rhost);
    count_by(limit, BY_SECRET, rules, SECRET_TIMES, secret, "");
    if (*rhost) /* all who are on this host are not one */
        count_by(limit, BY_HOST, rules, HOST_TIMES, "", rhost);
    for (size_t i = 0; i < PAM_LIMITS; i++) {
        if (limit->by[i].len == 0 ||
            tries_begin(tries, key_of(limit, i), limit->by[i].limit, out_until_ms))
            continue;
        while (i-- > 0)
            if (limit->by[i].len > 0)
                tries_end(tries, key_of(limit, i), limit->by[i].limit, false);
        return false;
    }
    limit->begun = true;
    return true;
}

void pam_limit_end(struct pam_limit *limit, enum pam_verdict verdict)
{
    if (verdict == PAM_NO_VERDICT && limit->was_wrong)
        verdict = PAM_WRONG;
    for (size_t i = 0; limit->begun && i < PAM_LIMITS; i++)
        if (limit->by[i].len > 0)
            tries_end(limit->tries, key_of(limit, i), limit->by[i].limit, verdict == PAM_WRONG);
    /* Right for this secret says nothing of what this host does to others. */
    if (limit->begun && verdict == PAM_RIGHT)
        tries_forgive(limit->tries, key_of(limit, BY_PAIR));
    limit->begun = false;
}
