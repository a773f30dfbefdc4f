/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * envelope.c - AES-256-GCM data keys wrapped by a master key that lives in a file of its owner's.
 *
 * Called by the operations for values and by keys.c for access keys.  A sealed value is
 *
 *     1      12     32           16    12     len         16
 *     format nonce  wrapped key  tag   nonce  ciphertext  tag
 *
 * Every value has a new data key, so only the wrapping nonces share a key: 96 random bits are good
 * for 2^32 of them.
 */
#include "server/envelope.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include "server/store.h"

#define KEY_LEN      32
#define NONCE_LEN    12
#define TAG_LEN      16
#define FORMAT       1
#define FORMAT_APART 2 /* nonce, ciphertext, tag: the data key is kept elsewhere */
#define WRAPPED_AT   1
#define SEALED_AT    (WRAPPED_AT + NONCE_LEN + KEY_LEN + TAG_LEN)
static_assert(NONCE_LEN + KEY_LEN + TAG_LEN == SERVER_WRAPPED_LEN, "what a version has room for");
static_assert(SEALED_AT + NONCE_LEN + TAG_LEN == SERVER_SEALED_OVERHEAD, "the drawing above");

static const char master_magic[8] = "SMMKEY1\n"; /* then KEY_LEN bytes */

static void free_cipher(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context); /* cleanses the key schedule */
}
#define sm_autocipher __attribute__((cleanup(free_cipher)))

/* A new key that no one has seen. */
static enum smcred_status new_key(struct sm_vault *vault, struct sm_secret **out_key)
{
    size_t room;
    enum smcred_status status = sm_secret_alloc(vault, KEY_LEN, out_key);
    if (status != SMCRED_OK)
        return status;
    if (RAND_priv_bytes(sm_secret_room(*out_key, &room), KEY_LEN) != 1)
        return SMCRED_UNAVAILABLE;
    sm_secret_grow(*out_key, KEY_LEN);
    return SMCRED_OK;
}

/* out: nonce, ciphertext, tag. */
static enum smcred_status encrypt(const struct sm_secret *key, struct sm_bytes place,
                                  struct sm_bytes plain, uint8_t *out)
{
    sm_autocipher EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *text = out + NONCE_LEN;
    int len;
    if (!context)
        return SMCRED_NO_MEMORY;
    if (RAND_bytes(out, NONCE_LEN) != 1)
        return SMCRED_UNAVAILABLE;
    if (EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, sm_secret_view(key).data, out) != 1 ||
        EVP_EncryptUpdate(context, NULL, &len, place.data, (int)place.len) != 1 ||
        EVP_EncryptUpdate(context, text, &len, plain.data, (int)plain.len) != 1 ||
        EVP_EncryptFinal_ex(context, text + plain.len, &len) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_LEN, text + plain.len) != 1)
        return SMCRED_NO_MEMORY; /* all that can fail with valid arguments */
    return SMCRED_OK;
}

/* in: nonce, ciphertext, tag.  Nothing of a forged text is ever handed out. */
static enum smcred_status decrypt(struct sm_vault *vault, const struct sm_secret *key,
                                  struct sm_bytes place, const uint8_t *in, size_t plain_len,
                                  struct sm_secret **out_plain)
{
    sm_autocipher EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    sm_autosecret struct sm_secret *plain = NULL;
    uint8_t tag[TAG_LEN];
    size_t room;
    int len;
    if (!context || sm_secret_alloc(vault, plain_len, &plain) != SMCRED_OK)
        return SMCRED_NO_MEMORY;
    memcpy(tag, in + NONCE_LEN + plain_len, TAG_LEN);
    uint8_t *text = sm_secret_room(plain, &room);
    if (EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, sm_secret_view(key).data, in) != 1 ||
        EVP_DecryptUpdate(context, NULL, &len, place.data, (int)place.len) != 1 ||
        EVP_DecryptUpdate(context, text, &len, in + NONCE_LEN, (int)plain_len) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) != 1 ||
        EVP_DecryptFinal_ex(context, text + plain_len, &len) != 1)
        return SMCRED_INVALID;
    sm_secret_grow(plain, plain_len);
    *out_plain = sm_take_ptr(&plain);
    return SMCRED_OK;
}

enum smcred_status server_seal(struct sm_vault *vault, const struct sm_secret *master_key,
                               struct sm_bytes place, const struct sm_secret *plain,
                               uint8_t **out_sealed, size_t *out_len)
{
    sm_autosecret struct sm_secret *data_key = NULL;
    struct sm_bytes text = sm_secret_view(plain);
    assert(place.len <= INT_MAX && text.len <= SM_BUFFER_MAX);
    sm_autofree uint8_t *sealed = malloc(SERVER_SEALED_OVERHEAD + text.len);
    if (!sealed)
        return SMCRED_NO_MEMORY;
    sealed[0] = FORMAT;
    enum smcred_status status = new_key(vault, &data_key);
    if (status == SMCRED_OK)
        status = encrypt(master_key, place, sm_secret_view(data_key), sealed + WRAPPED_AT);
    if (status == SMCRED_OK)
        status = encrypt(data_key, place, text, sealed + SEALED_AT);
    if (status != SMCRED_OK)
        return status;
    *out_sealed = sm_take_ptr(&sealed);
    *out_len = SERVER_SEALED_OVERHEAD + text.len;
    return SMCRED_OK;
}

enum smcred_status server_unseal(struct sm_vault *vault, const struct sm_secret *master_key,
                                 struct sm_bytes place, struct sm_bytes sealed,
                                 struct sm_secret **out_plain)
{
    const uint8_t *bytes = sealed.data;
    sm_autosecret struct sm_secret *data_key = NULL;
    if (sealed.len < SERVER_SEALED_OVERHEAD || bytes[0] != FORMAT)
        return SMCRED_INVALID;
    enum smcred_status status =
        decrypt(vault, master_key, place, bytes + WRAPPED_AT, KEY_LEN, &data_key);
    if (status != SMCRED_OK)
        return status;
    return decrypt(vault, data_key, place, bytes + SEALED_AT, sealed.len - SERVER_SEALED_OVERHEAD,
                   out_plain);
}

/* --- data keys apart -----------------------------------------------------------------------------
 */

enum smcred_status server_data_key_new(struct sm_vault *vault, struct sm_secret **out_key)
{
    return new_key(vault, out_key);
}

enum smcred_status server_wrap(const struct sm_secret *key, struct sm_bytes place,
                               const struct sm_secret *data_key, uint8_t *out_wrapped)
{
    return encrypt(key, place, sm_secret_view(data_key), out_wrapped);
}

enum smcred_status server_unwrap(struct sm_vault *vault, const struct sm_secret *key,
                                 struct sm_bytes place, const uint8_t *wrapped,
                                 struct sm_secret **out_data_key)
{
    return decrypt(vault, key, place, wrapped, KEY_LEN, out_data_key);
}

enum smcred_status server_enclose(const struct sm_secret *data_key, struct sm_bytes place,
                                  const struct sm_secret *plain, uint8_t **out_sealed,
                                  size_t *out_len)
{
    struct sm_bytes text = sm_secret_view(plain);
    size_t len = 1 + NONCE_LEN + text.len + TAG_LEN;
    sm_autofree uint8_t *sealed = malloc(len);
    if (!sealed)
        return SMCRED_NO_MEMORY;
    sealed[0] = FORMAT_APART;
    enum smcred_status status = encrypt(data_key, place, text, sealed + 1);
    if (status != SMCRED_OK)
        return status;
    *out_sealed = sm_take_ptr(&sealed);
    *out_len = len;
    return SMCRED_OK;
}

enum smcred_status server_disclose(struct sm_vault *vault, const struct sm_secret *data_key,
                                   struct sm_bytes place, struct sm_bytes sealed,
                                   struct sm_secret **out_plain)
{
    const uint8_t *bytes = sealed.data;
    if (sealed.len < 1 + NONCE_LEN + TAG_LEN || bytes[0] != FORMAT_APART)
        return SMCRED_INVALID;
    return decrypt(vault, data_key, place, bytes + 1, sealed.len - 1 - NONCE_LEN - TAG_LEN,
                   out_plain);
}

/* --- the master key ------------------------------------------------------------------------------
 */

static bool write_all(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        len -= (size_t)written;
    }
    return true;
}

enum smcred_status server_master_create(const char *path, struct sm_error *err)
{
    uint8_t file[sizeof master_magic + KEY_LEN];
    sm_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot create %s: %s", path, strerror(errno));
    memcpy(file, master_magic, sizeof master_magic);
    bool made = RAND_priv_bytes(file + sizeof master_magic, KEY_LEN) == 1;
    bool kept = made && write_all(fd, file, sizeof file) && fsync(fd) == 0;
    explicit_bzero(file, sizeof file);
    if (kept)
        return SMCRED_OK;
    enum smcred_status status =
        made ? sm_error_set(err, SMCRED_SYSTEM, "cannot write %s: %s", path, strerror(errno))
             : sm_error_set(err, SMCRED_UNAVAILABLE, "no random bytes for the master key");
    (void)unlink(path); /* half a key would stand in the way of a whole one */
    return status;
}

static enum smcred_status check_master_file(int fd, const char *path, struct sm_error *err)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s: %s", path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return sm_error_set(err, SMCRED_DENIED, "%s is not a regular file", path);
    if (file.st_uid != geteuid() && file.st_uid != 0)
        return sm_error_set(err, SMCRED_DENIED, "%s belongs to another user", path);
    /* systemd's credentials are root's, and an ACL for us shows as bits of the group. */
    if (file.st_mode & (file.st_uid == geteuid() ? S_IRWXG | S_IRWXO : S_IWGRP | S_IRWXO))
        return sm_error_set(err, SMCRED_DENIED,
                            "%s may be read or written by others; chmod 0600 %s", path, path);
    return SMCRED_OK;
}

enum smcred_status server_master_read(struct sm_vault *vault, const char *path,
                                      struct sm_secret **out_key, struct sm_error *err)
{
    uint8_t file[sizeof master_magic + KEY_LEN + 1]; /* one more, to notice a longer file */
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    enum smcred_status status = check_master_file(fd, path, err);
    if (status != SMCRED_OK)
        return status;
    ssize_t len = read(fd, file, sizeof file);
    if (len != sizeof file - 1 || memcmp(file, master_magic, sizeof master_magic) != 0)
        status = sm_error_set(err, SMCRED_INVALID, "%s is not a master key", path);
    else
        status = sm_secret_new(vault, sm_bytes(file + sizeof master_magic, KEY_LEN), out_key);
    explicit_bzero(file, sizeof file);
    return status;
}
