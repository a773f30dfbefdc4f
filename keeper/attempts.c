/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempts.c - wrong passwords, counted.  Called by login.c around each attempt.
 *
 * Per account, the last wrong ones in a ring, as many as the budget can ever be.
 */
#include "keeper/attempts.h"

#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "keeper/table.h"

#define RING_SIZE            (ATTEMPTS_WRONG_MAX + 1)
#define ACCOUNTS_MAX_DEFAULT 4096
#define WRONG_NEVER          INT64_MIN
#define VERSION_SIZE         65 /* bytes of a version id, NUL included; longer ones are cut */

/* "user NUL endpoint".  Longer names are cut: they share a budget, which is the safe side. */
#define NAME_MAX_LEN 319
struct account_key {
    char bytes[2 * (NAME_MAX_LEN + 1)];
    size_t len;
};

struct wrong {
    int64_t at_ms; /* WRONG_NEVER: there were fewer */
    char version[VERSION_SIZE];
};

struct account {
    struct table_entry node; /* first; its key is `key` */
    struct account_key key;
    unsigned next; /* the oldest, to be replaced next */
    struct wrong wrong[RING_SIZE];
};

struct attempts {
    struct attempts_options options;
    struct table accounts;
    uint64_t changes, kept;
};

void attempts_set_limits(struct attempts *attempts, unsigned wrong_max, int64_t window_ms)
{
    attempts->options.wrong_max = wrong_max > 0 ? wrong_max : ATTEMPTS_WRONG_DEFAULT;
    attempts->options.window_ms = window_ms > 0 ? window_ms : ATTEMPTS_WINDOW_DEFAULT;
}

enum smcred_status attempts_new(const struct attempts_options *options,
                                struct attempts **out_attempts)
{
    struct attempts *attempts = calloc(1, sizeof *attempts);
    if (!attempts)
        return SMCRED_NO_MEMORY;
    attempts->options = *options;
    attempts_set_limits(attempts, options->wrong_max, options->window_ms);
    if (attempts->options.accounts_max == 0)
        attempts->options.accounts_max = ACCOUNTS_MAX_DEFAULT;
    enum smcred_status status = table_init(&attempts->accounts, attempts->options.accounts_max);
    if (status != SMCRED_OK) {
        free(attempts);
        return status;
    }
    *out_attempts = attempts;
    return SMCRED_OK;
}

static void account_free(struct attempts *attempts, struct table_entry *entry)
{
    table_remove(&attempts->accounts, entry);
    free(entry);
}

void attempts_free(struct attempts *attempts)
{
    if (!attempts)
        return;
    while (attempts->accounts.oldest)
        account_free(attempts, attempts->accounts.oldest);
    table_done(&attempts->accounts);
    free(attempts);
}

static void key_append(struct account_key *key, const char *name)
{
    size_t len = strnlen(name, NAME_MAX_LEN);
    memcpy(key->bytes + key->len, name, len);
    key->bytes[key->len + len] = '\0';
    key->len += len + 1;
}

static struct account_key key_of(struct attempts_account name)
{
    struct account_key key = {.len = 0};
    key_append(&key, name.user);
    key_append(&key, name.endpoint);
    return key;
}

static struct attempts_account name_of(const struct account *account)
{
    const char *user = account->key.bytes;
    return (struct attempts_account){user, user + strlen(user) + 1};
}

static struct account *account_find(const struct attempts *attempts, struct attempts_account name)
{
    struct account_key key = key_of(name);
    return (struct account *)table_find(&attempts->accounts, sm_bytes(key.bytes, key.len));
}

/* An account without any wrong one yet. */
static struct account *account_add(struct attempts *attempts, struct attempts_account name)
{
    struct account *account = malloc(sizeof *account);
    if (!account)
        return NULL;
    *account = (struct account){.key = key_of(name)};
    account->node.key = sm_bytes(account->key.bytes, account->key.len);
    for (unsigned i = 0; i < RING_SIZE; i++)
        account->wrong[i] = (struct wrong){.at_ms = WRONG_NEVER};
    if (attempts->accounts.count >= attempts->options.accounts_max)
        account_free(attempts, attempts->accounts.oldest);
    table_add(&attempts->accounts, &account->node);
    return account;
}

static bool counts(const struct attempts *attempts, const struct wrong *wrong)
{
    return wrong->at_ms != WRONG_NEVER &&
           wrong->at_ms > attempts->options.now_ms() - attempts->options.window_ms;
}

/* Wrong ones within the window; of this version, or of any for NULL. */
static unsigned count_of(const struct attempts *attempts, const struct account *account,
                         const char *version_id)
{
    unsigned count = 0;
    for (unsigned i = 0; i < RING_SIZE; i++) {
        const struct wrong *wrong = &account->wrong[i];
        count += counts(attempts, wrong) &&
                 (!version_id || strncmp(wrong->version, version_id, VERSION_SIZE - 1) == 0);
    }
    return count;
}

/* When fewer than `limit` will be within the window; `count` are now. */
static int64_t below_at(const struct attempts *attempts, const struct account *account,
                        unsigned count, unsigned limit)
{
    unsigned last = account->next + RING_SIZE - limit; /* the oldest of the latest `limit` ones */
    return count < limit ? 0 : account->wrong[last % RING_SIZE].at_ms + attempts->options.window_ms;
}

bool attempts_allowed(struct attempts *attempts, struct attempts_account name,
                      const char *version_id, int64_t *out_until_ms)
{
    const struct account *account = account_find(attempts, name);
    if (!account)
        return true;
    unsigned limit = attempts->options.wrong_max;
    unsigned count = count_of(attempts, account, NULL);
    if (count >= limit && version_id && count_of(attempts, account, version_id) == 0)
        limit++; /* its own try */
    if (count < limit)
        return true;
    *out_until_ms = below_at(attempts, account, count, limit);
    return false;
}

static void tell_of_change(struct attempts *attempts)
{
    attempts->changes++;
    if (attempts->options.changed)
        attempts->options.changed(attempts->options.arg);
}

enum smcred_status attempts_restore(struct attempts *attempts, const struct attempts_wrong_one *one)
{
    struct account *account = account_find(attempts, one->account);
    if (!account)
        account = account_add(attempts, one->account);
    if (!account)
        return SMCRED_NO_MEMORY;
    table_touch(&attempts->accounts, &account->node);
    struct wrong *wrong = &account->wrong[account->next];
    wrong->at_ms = attempts->options.now_ms() - one->age_ms;
    (void)snprintf(wrong->version, sizeof wrong->version, "%s", one->version_id); /* may be cut */
    account->next = (account->next + 1) % RING_SIZE;
    return SMCRED_OK;
}

enum smcred_status attempts_wrong(struct attempts *attempts, struct attempts_account name,
                                  const char *version_id)
{
    const struct attempts_wrong_one one = {name, version_id, 0};
    enum smcred_status status = attempts_restore(attempts, &one);
    if (status == SMCRED_OK)
        tell_of_change(attempts);
    return status;
}

void attempts_right(struct attempts *attempts, struct attempts_account name)
{
    struct account *account = account_find(attempts, name);
    if (!account)
        return;
    account_free(attempts, &account->node);
    tell_of_change(attempts);
}

unsigned attempts_count(struct attempts *attempts, struct attempts_account name)
{
    const struct account *account = account_find(attempts, name);
    return account ? count_of(attempts, account, NULL) : 0;
}

unsigned attempts_left(struct attempts *attempts, struct attempts_account name)
{
    unsigned count = attempts_count(attempts, name), max = attempts->options.wrong_max;
    return count < max ? max - count : 0;
}

void attempts_walk(struct attempts *attempts,
                   void (*each)(void *arg, const struct attempts_state *state), void *arg)
{
    for (const struct table_entry *at = attempts->accounts.newest; at; at = at->older) {
        const struct account *account = (const struct account *)at;
        unsigned count = count_of(attempts, account, NULL);
        int64_t until_ms = below_at(attempts, account, count, attempts->options.wrong_max);
        struct attempts_state state = {
            .account = name_of(account),
            .count = count,
            .wrong_max = attempts->options.wrong_max,
            .refused_for_ms = until_ms > 0 ? until_ms - attempts->options.now_ms() : 0,
        };
        if (count > 0)
            each(arg, &state);
    }
}

void attempts_walk_wrong(const struct attempts *attempts,
                         void (*each)(void *arg, const struct attempts_wrong_one *one), void *arg)
{
    for (const struct table_entry *at = attempts->accounts.oldest; at; at = at->newer) {
        const struct account *account = (const struct account *)at;
        for (unsigned i = 0; i < RING_SIZE; i++) {
            const struct wrong *wrong = &account->wrong[(account->next + i) % RING_SIZE];
            if (counts(attempts, wrong))
                each(arg, &(struct attempts_wrong_one){name_of(account), wrong->version,
                                                       attempts->options.now_ms() - wrong->at_ms});
        }
    }
}

uint64_t attempts_changes(const struct attempts *attempts)
{
    return attempts->changes;
}

void attempts_kept(struct attempts *attempts, uint64_t changes)
{
    attempts->kept = changes;
}

bool attempts_are_kept(const struct attempts *attempts, uint64_t changes)
{
    return !attempts->options.changed || changes <= attempts->kept;
}

enum smcred_status attempts_copy(const struct attempts *from, struct attempts *to)
{
    attempts_set_limits(to, from->options.wrong_max, from->options.window_ms);
    for (const struct table_entry *at = from->accounts.oldest; at; at = at->newer) {
        const struct account *account = (const struct account *)at;
        struct account *copy = account_add(to, name_of(account));
        if (!copy)
            return SMCRED_NO_MEMORY;
        memcpy(copy->wrong, account->wrong, sizeof copy->wrong);
        copy->next = account->next;
    }
    return SMCRED_OK;
}

void attempts_write_until(int64_t in_ms, char out_until[ATTEMPTS_UNTIL_MAX])
{
    struct tm parts;
    time_t at = (time_t)((sm_wall_ms() + in_ms + 999) / 1000);
    if (!localtime_r(&at, &parts) ||
        strftime(out_until, ATTEMPTS_UNTIL_MAX, "%Y-%m-%d %H:%M:%S %Z", &parts) == 0)
        (void)snprintf(out_until, ATTEMPTS_UNTIL_MAX, "%lld s from now", (long long)(in_ms / 1000));
}
