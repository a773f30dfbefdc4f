/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attempts.c - wrong passwords, counted.  Called by login.c around each attempt.
 *
 * Per account, the last `wrong_max` wrong ones in a ring: the budget is used up while the oldest of
 * them is within the window.
 */
#include "keeper/attempts.h"

#include <stdio.h>

#include "keeper/table.h"

#define WRONG_MAX_DEFAULT    3
#define WINDOW_MS_DEFAULT    (10 * 60 * 1000)
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
    unsigned next;        /* the oldest, to be replaced next */
    struct wrong wrong[]; /* wrong_max of them */
};

struct attempts {
    struct attempts_options options;
    struct table accounts;
};

enum smcred_status attempts_new(const struct attempts_options *options,
                                struct attempts **out_attempts)
{
    struct attempts *attempts = calloc(1, sizeof *attempts);
    if (!attempts)
        return SMCRED_NO_MEMORY;
    attempts->options = *options;
    if (attempts->options.wrong_max == 0)
        attempts->options.wrong_max = WRONG_MAX_DEFAULT;
    if (attempts->options.window_ms == 0)
        attempts->options.window_ms = WINDOW_MS_DEFAULT;
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

static struct account *account_find(const struct attempts *attempts, struct attempts_account name)
{
    struct account_key key = key_of(name);
    return (struct account *)table_find(&attempts->accounts, sm_bytes(key.bytes, key.len));
}

/* An account without any wrong one yet. */
static struct account *account_add(struct attempts *attempts, struct attempts_account name)
{
    unsigned wrong_max = attempts->options.wrong_max;
    struct account *account = malloc(sizeof *account + wrong_max * sizeof *account->wrong);
    if (!account)
        return NULL;
    *account = (struct account){.key = key_of(name)};
    account->node.key = sm_bytes(account->key.bytes, account->key.len);
    for (unsigned i = 0; i < wrong_max; i++)
        account->wrong[i] = (struct wrong){.at_ms = WRONG_NEVER};
    if (attempts->accounts.count >= attempts->options.accounts_max)
        account_free(attempts, attempts->accounts.oldest);
    table_add(&attempts->accounts, &account->node);
    return account;
}

static bool was_wrong(const struct attempts *attempts, const struct account *account,
                      const char *version_id)
{
    for (unsigned i = 0; i < attempts->options.wrong_max; i++)
        if (strncmp(account->wrong[i].version, version_id, VERSION_SIZE - 1) == 0)
            return true;
    return false;
}

bool attempts_allowed(struct attempts *attempts, struct attempts_account name,
                      const char *version_id, int64_t *out_until_ms)
{
    const struct account *account = account_find(attempts, name);
    if (!account || account->wrong[account->next].at_ms == WRONG_NEVER)
        return true;
    int64_t until_ms = account->wrong[account->next].at_ms + attempts->options.window_ms;
    if (attempts->options.now_ms() >= until_ms || !was_wrong(attempts, account, version_id))
        return true;
    *out_until_ms = until_ms;
    return false;
}

enum smcred_status attempts_wrong(struct attempts *attempts, struct attempts_account name,
                                  const char *version_id)
{
    struct account *account = account_find(attempts, name);
    if (!account)
        account = account_add(attempts, name);
    if (!account)
        return SMCRED_NO_MEMORY;
    table_touch(&attempts->accounts, &account->node);
    struct wrong *wrong = &account->wrong[account->next];
    wrong->at_ms = attempts->options.now_ms();
    (void)snprintf(wrong->version, sizeof wrong->version, "%s", version_id); /* may be cut */
    account->next = (account->next + 1) % attempts->options.wrong_max;
    return SMCRED_OK;
}

void attempts_right(struct attempts *attempts, struct attempts_account name)
{
    struct account *account = account_find(attempts, name);
    if (account)
        account_free(attempts, &account->node);
}

unsigned attempts_count(struct attempts *attempts, struct attempts_account name)
{
    const struct account *account = account_find(attempts, name);
    int64_t since_ms = attempts->options.now_ms() - attempts->options.window_ms;
    unsigned count = 0;
    for (unsigned i = 0; account && i < attempts->options.wrong_max; i++)
        count += account->wrong[i].at_ms != WRONG_NEVER && account->wrong[i].at_ms > since_ms;
    return count;
}
