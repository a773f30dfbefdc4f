/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_policy.c - the rules of [pam] against what an application asks.
 */
#include "keeper/pam_policy.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>

/* "pam sshd: allow = @ops", or "pam sshd: no allow". */
static void name_rule(struct policy_decision *decision, const char *service, const char *key,
                      const char *text)
{
    if (text)
        (void)snprintf(decision->rule, sizeof decision->rule, "pam %.64s: %s = %s", service, key,
                       text); /* cut if very long */
    else
        (void)snprintf(decision->rule, sizeof decision->rule, "pam %.64s: no %s", service, key);
}

struct policy_decision pam_policy_caller(const struct config *config, const char *service,
                                         const struct sm_peer *caller)
{
    const struct config_pam *rules = config_pam(config, service);
    struct policy_decision decision = {
        .allowed = rules && (caller->uid == 0 || policy_granted(&rules->callers, caller))};
    if (!rules)
        (void)snprintf(decision.rule, sizeof decision.rule, "pam: no section");
    else if (caller->uid == 0)
        (void)snprintf(decision.rule, sizeof decision.rule, "root");
    else
        name_rule(&decision, service, "callers", rules->callers.text);
    if (!rules)
        (void)snprintf(decision.text, sizeof decision.text,
                       "service %.64s has no rules here, by rule \"%s\"", log_quote(service),
                       decision.rule);
    else if (!decision.allowed)
        (void)snprintf(decision.text, sizeof decision.text,
                       "uid %u may not ask for service %.64s, by rule \"%s\"",
                       (unsigned)caller->uid, service, decision.rule);
    return decision;
}

bool pam_policy_asks(const struct config *config, const struct sm_peer *caller)
{
    bool asks = caller->uid == 0;
    for (size_t i = 0; !asks && i < config->pam_count; i++)
        asks = policy_granted(&config->pam[i].callers, caller);
    return asks;
}

/* Names are no paths, but some source may make one of them. */
static bool climbs(const char *name)
{
    for (const char *at = name; at; at = strchr(at, '/')) {
        at += *at == '/';
        size_t len = strcspn(at, "/");
        if ((len == 1 && *at == '.') || (len == 2 && at[0] == '.' && at[1] == '.'))
            return true;
    }
    return false;
}

static bool fits(const struct config_words *words, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < words->count && !climbs(name); i++)
        found |= fnmatch(words->list[i], name, FNM_PATHNAME | FNM_NOESCAPE) == 0;
    return found;
}

bool pam_policy_wants(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->pam_count; i++)
        if (fits(&config->pam[i].secrets, name) || fits(&config->pam[i].supply, name))
            return true;
    return false;
}

struct policy_decision pam_policy_name(const struct config_pam *rules, const char *service,
                                       enum pam_use use, const char *name)
{
    const struct config_words *words = use == PAM_USE_CHECK ? &rules->secrets : &rules->supply;
    struct policy_decision decision = {.allowed = fits(words, name)};
    name_rule(&decision, service, use == PAM_USE_CHECK ? "secrets" : "supply", words->text);
    if (!decision.allowed)
        (void)snprintf(decision.text, sizeof decision.text,
                       "%.160s is not for service %.64s, by rule \"%.200s\"", log_quote(name),
                       service, decision.rule);
    return decision;
}

static bool in_hours(const struct config_hours *hours, const struct tm *now)
{
    for (size_t i = 0; i < hours->count; i++)
        if (hours_contain(&hours->list[i], now))
            return true;
    return !hours->text;
}

static bool from_there(const struct config_rhosts *rhosts, const char *claimed)
{
    for (size_t i = 0; i < rhosts->count; i++)
        if (rhosts_match(&rhosts->list[i], claimed))
            return true;
    return !rhosts->text;
}

struct policy_decision pam_policy_account(const struct config_pam *rules,
                                          const struct pam_visitor *visitor)
{
    struct policy_decision decision = {.allowed = false};
    char user[130];
    (void)snprintf(user, sizeof user, "%.128s", log_quote(visitor->user));
    if (!policy_granted(&rules->allow, visitor->account)) {
        name_rule(&decision, visitor->service, "allow", rules->allow.text);
        (void)snprintf(decision.text, sizeof decision.text,
                       "%s may not come in by %.64s, by rule \"%.200s\"", user, visitor->service,
                       decision.rule);
    } else if (!in_hours(&rules->hours, visitor->now)) {
        name_rule(&decision, visitor->service, "hours", rules->hours.text);
        (void)snprintf(decision.text, sizeof decision.text,
                       "%s may not come in by %.64s at this hour, by rule \"%.200s\"", user,
                       visitor->service, decision.rule);
    } else if (!from_there(&rules->rhost, visitor->rhost)) {
        name_rule(&decision, visitor->service, "rhost", rules->rhost.text);
        (void)snprintf(decision.text, sizeof decision.text,
                       "%s may not come in by %.64s from %.64s, by rule \"%.160s\"", user,
                       visitor->service, *visitor->rhost ? log_quote(visitor->rhost) : "here",
                       decision.rule);
    } else {
        name_rule(&decision, visitor->service, "allow", rules->allow.text);
        decision.allowed = true;
    }
    return decision;
}

/* ---- a new password, in GetRandomPassword's terms ---- */

static bool has_each_type(struct sm_bytes password)
{
    bool lower = false, upper = false, digit = false, other = false;
    const unsigned char *at = password.data;
    for (size_t i = 0; i < password.len; i++) {
        lower |= islower(at[i]) != 0;
        upper |= isupper(at[i]) != 0;
        digit |= isdigit(at[i]) != 0;
        other |= !isalnum(at[i]);
    }
    return lower && upper && digit && other;
}

/* People count characters. */
static size_t characters(struct sm_bytes password)
{
    const unsigned char *at = password.data;
    size_t count = 0;
    for (size_t i = 0; i < password.len; i++)
        count += (at[i] & 0xc0) != 0x80;
    return count;
}

const char *pam_policy_password(const struct config_pam *rules, struct sm_bytes password,
                                char out_text[POLICY_TEXT_MAX])
{
    const unsigned char *at = password.data;
    if (characters(password) < rules->password_length) {
        (void)snprintf(out_text, POLICY_TEXT_MAX, "the new password is shorter than %u characters",
                       (unsigned)rules->password_length);
        return out_text;
    }
    if (rules->require_each_type && !has_each_type(password))
        return "the new password lacks one of: a small letter, a capital, a digit, a sign";
    for (size_t i = 0; i < password.len; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return "the new password has a control character";
        if (rules->exclude_characters && strchr(rules->exclude_characters, at[i]))
            return "the new password has a character that policy excludes";
    }
    return NULL;
}
