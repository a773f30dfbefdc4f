/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pam_check.c - comparing in constant time, and crypt(3) where it disturbs nobody.
 */
#include "keeper/pam_check.h"

#include <crypt.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>

#include "keeper/turns.h"

#define DIGEST_SIZE     32
#define ROUNDS_MAX      5000000 /* of sha256crypt and sha512crypt */
#define BCRYPT_COST_MAX 15
#define MEMORY_COST_MAX 15 /* N = 2^16: 256 MiB with r = 32 */

/* ---- what a secret holds ---- */

/* The value of a character in crypt(3)'s base 64, 64 for none. */
static unsigned digit_of(char character)
{
    static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *at = character ? strchr(digits, character) : NULL;
    return at ? (unsigned)(at - digits) : 64;
}

/* "$6$rounds=N$"; without it the default. */
static bool cheap_sha(const char *hash)
{
    static const char key[] = "$rounds=";
    if (strncmp(hash + 2, key, sizeof key - 1) != 0)
        return true;
    const char *digits = hash + 2 + sizeof key - 1;
    size_t len = strspn(digits, "0123456789");
    return len > 0 && len < 9 && digits[len] == '$' && strtoul(digits, NULL, 10) <= ROUNDS_MAX;
}

/* "$2b$NN$" */
static bool cheap_bcrypt(const char *hash)
{
    return isdigit((unsigned char)hash[4]) && isdigit((unsigned char)hash[5]) && hash[6] == '$' &&
           (hash[4] - '0') * 10 + hash[5] - '0' <= BCRYPT_COST_MAX;
}

/* "$y$jN", "$gy$jN": flavour, then log2 of N, less one. */
static bool cheap_yescrypt(const char *hash)
{
    const char *parameters = strchr(hash + 1, '$');
    return parameters && parameters[1] == 'j' && digit_of(parameters[2]) <= MEMORY_COST_MAX;
}

/* "$7$N": log2 of N. */
static bool cheap_scrypt(const char *hash)
{
    return digit_of(hash[3]) <= MEMORY_COST_MAX + 1;
}

static const struct {
    const char *prefix;
    bool (*cheap)(const char *hash);
} methods[] = {
    {"$y$", cheap_yescrypt}, {"$gy$", cheap_yescrypt}, {"$7$", cheap_scrypt},
    {"$2b$", cheap_bcrypt},  {"$2a$", cheap_bcrypt},   {"$2y$", cheap_bcrypt},
    {"$6$", cheap_sha},      {"$5$", cheap_sha},
};

static bool starts_with(struct sm_bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

/* "!$6$..." is how an account is locked: what is behind it is no password either. */
static struct sm_bytes without_lock(struct sm_bytes stored, bool *out_locked)
{
    const char *text = stored.data;
    size_t skip = 0;
    while (skip < stored.len && (text[skip] == '!' || text[skip] == '*'))
        skip++;
    *out_locked = skip > 0;
    return sm_bytes(text + skip, stored.len - skip);
}

const char *pam_check_method(struct sm_bytes stored)
{
    /* Weak ones, and what only other programs can check. */
    static const char *const others[] = {"$1$",     "$md5",       "$sha1", "$3$",
                                         "$2x$",    "$argon2",    "$sm3$", "$scrypt$",
                                         "$pbkdf2", "SCRAM-SHA-", "{SSHA", "{CRYPT}"};
    bool locked;
    struct sm_bytes hash = without_lock(stored, &locked);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (starts_with(hash, methods[i].prefix))
            return !locked && methods[i].cheap(hash.data) ? methods[i].prefix : NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (starts_with(hash, others[i]))
            return NULL;
    return "";
}

/* ---- comparing ---- */

/* Digests have one length, whatever was typed. */
static enum smcred_status same(struct sm_bytes a, struct sm_bytes b)
{
    uint8_t left[DIGEST_SIZE], right[DIGEST_SIZE];
    enum smcred_status status = SMCRED_SYSTEM;
    if (EVP_Digest(a.data, a.len, left, NULL, EVP_sha256(), NULL) == 1 &&
        EVP_Digest(b.data, b.len, right, NULL, EVP_sha256(), NULL) == 1)
        status = CRYPTO_memcmp(left, right, DIGEST_SIZE) == 0 ? SMCRED_OK : SMCRED_DENIED;
    explicit_bzero(left, sizeof left);
    explicit_bzero(right, sizeof right);
    return status;
}

/* What was typed, hashed as `setting` says.  `data` is the caller's, and wiped by it. */
static enum smcred_status hash(const struct sm_secret *typed, const char *setting,
                               struct crypt_data *data)
{
    struct sm_bytes phrase = sm_secret_view(typed); /* a NUL follows */
    if (strlen(phrase.data) != phrase.len)
        return SMCRED_DENIED;
    errno = 0;
    if (crypt_rn(phrase.data, setting, data, sizeof *data))
        return SMCRED_OK;
    return errno == ERANGE   ? SMCRED_DENIED /* longer than anything that was ever hashed */
           : errno == ENOMEM ? SMCRED_NO_MEMORY
                             : SMCRED_INVALID;
}

static enum smcred_status check_hash(const struct sm_secret *stored, const struct sm_secret *typed)
{
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data)
        return SMCRED_NO_MEMORY;
    enum smcred_status status = hash(typed, sm_secret_view(stored).data, data);
    if (status == SMCRED_OK)
        status = same(sm_bytes_of(data->output), sm_secret_view(stored));
    explicit_bzero(data, sizeof *data);
    free(data);
    return status;
}

enum smcred_status pam_check_hash(struct sm_vault *vault, const char *prefix,
                                  const struct sm_secret *password, struct sm_secret **out_hash)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!crypt_gensalt_rn(prefix, 0, NULL, 0, setting, sizeof setting))
        return SMCRED_SYSTEM;
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data)
        return SMCRED_NO_MEMORY;
    enum smcred_status status = hash(password, setting, data);
    if (status == SMCRED_DENIED)
        status = SMCRED_INVALID;
    if (status == SMCRED_OK)
        status = sm_secret_new(vault, sm_bytes_of(data->output), out_hash);
    explicit_bzero(data, sizeof *data);
    free(data);
    return status;
}

/* ---- in a worker ---- */

struct pam_check {
    struct sm_snapshot *snapshot;
    struct sm_secret *typed;
    atomic_bool cancelled;
    enum smcred_status status;
    pam_check_done *done;
    void *arg;
};

static void run(void *arg)
{
    struct pam_check *check = arg;
    if (!atomic_load(&check->cancelled))
        check->status = check_hash(check->snapshot->password, check->typed);
}

static void free_check(struct pam_check *check)
{
    sm_snapshot_unref(check->snapshot);
    sm_secret_free(check->typed);
    free(check);
}

static void finish(void *arg, bool ran)
{
    struct pam_check *check = arg;
    pam_check_done *done = atomic_load(&check->cancelled) ? NULL : check->done;
    void *for_whom = check->arg;
    enum smcred_status status = ran ? check->status : SMCRED_UNAVAILABLE;
    free_check(check);
    if (done)
        done(for_whom, status);
}

static enum smcred_status submit(const struct pam_check_options *options,
                                 struct sm_snapshot *snapshot, const struct sm_secret *typed,
                                 pam_check_done *done, void *arg, struct pam_check **out_check)
{
    struct pam_check *check = calloc(1, sizeof *check);
    if (!check)
        return SMCRED_NO_MEMORY;
    check->done = done;
    check->arg = arg;
    check->snapshot = sm_snapshot_ref(snapshot);
    enum smcred_status status = sm_secret_new(options->vault, sm_secret_view(typed), &check->typed);
    if (status == SMCRED_OK)
        status = turns_submit(options->turns, options->key, run, finish, check);
    if (status == SMCRED_OK)
        *out_check = check;
    else
        free_check(check);
    return status;
}

void pam_check_start(const struct pam_check_options *options, struct sm_snapshot *snapshot,
                     const struct sm_secret *typed, pam_check_done *done, void *arg,
                     struct pam_check **out_check)
{
    enum smcred_status status = SMCRED_INVALID;
    const struct sm_secret *stored = snapshot->password;
    const char *method = stored ? pam_check_method(sm_secret_view(stored)) : NULL;
    *out_check = NULL;
    if (method && *method) {
        status = submit(options, snapshot, typed, done, arg, out_check);
        if (status == SMCRED_OK)
            return;
    } else if (method && sm_secret_view(stored).len > 0) {
        status = same(sm_secret_view(typed), sm_secret_view(stored));
    }
    done(arg, status);
}

void pam_check_cancel(struct pam_check *check)
{
    if (check)
        atomic_store(&check->cancelled, true);
}
