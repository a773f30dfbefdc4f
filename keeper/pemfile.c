/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pemfile.c - parses certificates and keys once, here, so that a broken one is an error of the
 * configuration and not of somebody's login.
 */
#include "keeper/pemfile.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "keeper/inifile.h"
#include "keeper/memfile.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

/* ---- reading ---- */

/* A file's bytes, to be wiped and freed with forget(): they may be a key. */
struct content {
    char *data;
    size_t len;
};

static void forget(struct content *content)
{
    if (content->data)
        explicit_bzero(content->data, content->len);
    free(content->data);
}

static enum smcred_status read_content(int fd, size_t size, struct content *out,
                                       struct sm_error *err)
{
    out->data = malloc(size + 1); /* an empty file is one, too */
    if (!out->data)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    while (out->len < size) {
        ssize_t got = read(fd, out->data + out->len, size - out->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sm_error_set(err, SMCRED_SYSTEM, "%s", strerror(errno));
        if (got == 0)
            break;
        out->len += (size_t)got;
    }
    return SMCRED_OK;
}

/* A key may be read by its owner, and by a group if it is root's: as PostgreSQL has it. */
static const char *distrust_key(const struct stat *about)
{
    mode_t others = about->st_uid == 0 ? S_IRWXO | S_IXGRP : S_IRWXO | S_IRWXG;
    return about->st_mode & others ? "can be read by others: mode 0600, or 0640 of root" : NULL;
}

static enum smcred_status read_file(const char *path, uid_t owner, bool is_key, struct content *out,
                                    struct sm_error *err)
{
    struct stat about;
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s", strerror(errno));
    const char *why = inifile_distrust(&about, S_IFREG, owner);
    if (!why && is_key)
        why = distrust_key(&about);
    if (why)
        return sm_error_set(err, SMCRED_INVALID, "%s", why);
    if (about.st_size > PEMFILE_SIZE_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "is larger than 4 MiB");
    return read_content(fd, (size_t)about.st_size, out, err);
}

/* ---- parts of a file ---- */

/* Certificates of `in`, written again to `out`; -1 if one of them is broken. */
static int copy_certificates(BIO *in, BIO *out)
{
    int count = 0;
    for (;;) {
        X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (!certificate)
            break;
        bool written = PEM_write_bio_X509(out, certificate) == 1;
        X509_free(certificate);
        if (!written)
            return -1;
        count++;
    }
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end ? count : -1;
}

static enum smcred_status take_certificates(const struct content *content, BIO *out,
                                            struct sm_error *err)
{
    BIO *in = BIO_new_mem_buf(content->data, (int)content->len);
    int count = in ? copy_certificates(in, out) : 0;
    BIO_free(in);
    if (!in)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    if (count > 0)
        return SMCRED_OK;
    return sm_error_set(err, SMCRED_INVALID, "%s",
                        count == 0 ? "no PEM certificate in it" : "a certificate in it is broken");
}

static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer, (void)size, (void)writing, (void)arg;
    return -1;
}

/* `certificate` is the first of `content`. */
static enum smcred_status take_key(const struct content *content, const struct content *cert,
                                   BIO *out, struct sm_error *err)
{
    BIO *in = BIO_new_mem_buf(content->data, (int)content->len);
    BIO *cert_in = BIO_new_mem_buf(cert->data, (int)cert->len);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    X509 *first = cert_in ? PEM_read_bio_X509(cert_in, NULL, NULL, NULL) : NULL;
    enum smcred_status status = SMCRED_OK;
    if (!key)
        status = sm_error_set(err, SMCRED_INVALID, "no PEM private key without a passphrase in it");
    else if (!first || X509_check_private_key(first, key) != 1)
        status = sm_error_set(err, SMCRED_INVALID, "is not the key of the certificate");
    else if (PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
        status = sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    ERR_clear_error();
    X509_free(first);
    EVP_PKEY_free(key);
    BIO_free(cert_in);
    BIO_free(in);
    return status;
}

static enum smcred_status check_validity(const struct content *content, struct sm_error *err)
{
    BIO *in = BIO_new_mem_buf(content->data, (int)content->len);
    X509 *first = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    const char *why = NULL;
    if (first && X509_cmp_current_time(X509_get0_notAfter(first)) <= 0)
        why = "has expired";
    else if (first && X509_cmp_current_time(X509_get0_notBefore(first)) > 0)
        why = "is not valid yet";
    X509_free(first);
    BIO_free(in);
    return why ? sm_error_set(err, SMCRED_INVALID, "%s", why) : SMCRED_OK;
}

/* ---- sealing ---- */

static enum smcred_status seal(const char *name, BIO *pem, struct pemfile *out,
                               struct sm_error *err)
{
    char *data;
    struct pemfile file = {.fd = -1};
    unsigned char hash[EVP_MAX_MD_SIZE];
    file.size = (size_t)BIO_get_mem_data(pem, &data);
    if (EVP_Digest(data, file.size, hash, NULL, EVP_sha256(), NULL) != 1)
        return sm_error_set(err, SMCRED_NO_MEMORY, "libcrypto failed");
    if (memfile_new(name, sm_bytes(data, file.size), &file.fd) != SMCRED_OK)
        return sm_error_set(err, SMCRED_SYSTEM, "%s", strerror(errno));
    memcpy(&file.print, hash, sizeof file.print);
    *out = file;
    return SMCRED_OK;
}

/* Out of swap as long as it is mapped; RLIMIT_MEMLOCK may be 0, and logins must still work. */
static void lock(struct pemfile *file)
{
    void *pages = mmap(NULL, file->size, PROT_READ, MAP_SHARED, file->fd, 0);
    if (pages == MAP_FAILED)
        return;
    (void)mlock(pages, file->size);
    (void)madvise(pages, file->size, MADV_DONTDUMP);
    file->locked = pages;
}

enum smcred_status pemfile_ca(const char *path, uid_t owner, struct pemfile *out_file,
                              struct sm_error *err)
{
    struct content content = {NULL, 0};
    enum smcred_status status = read_file(path, owner, false, &content, err);
    BIO *pem = BIO_new(BIO_s_mem());
    if (status == SMCRED_OK && !pem)
        status = sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    if (status == SMCRED_OK)
        status = take_certificates(&content, pem, err);
    if (status == SMCRED_OK)
        status = seal("smcred-ca", pem, out_file, err);
    BIO_free(pem);
    forget(&content);
    return status;
}

/* Puts the file's name in front of what is wrong with it. */
static enum smcred_status blame(const char *setting, const char *path, enum smcred_status status,
                                struct sm_error *err)
{
    struct sm_error why = *err;
    return status == SMCRED_OK
               ? status
               : sm_error_set(err, status, "%s: %.200s: %.200s", setting, path, why.text);
}

static enum smcred_status read_identity(const char *cert_path, const char *key_path, uid_t owner,
                                        struct content *cert, struct content *key, BIO *pem,
                                        struct sm_error *err)
{
    enum smcred_status status = read_file(cert_path, owner, false, cert, err);
    if (status == SMCRED_OK)
        status = take_certificates(cert, pem, err);
    if (status == SMCRED_OK)
        status = check_validity(cert, err);
    if (status != SMCRED_OK)
        return blame("client_cert", cert_path, status, err);
    status = read_file(key_path, owner, true, key, err);
    if (status == SMCRED_OK)
        status = take_key(key, cert, pem, err);
    return blame("client_key", key_path, status, err);
}

enum smcred_status pemfile_of_identity(BIO *pem, struct pemfile *out_file, struct sm_error *err)
{
    enum smcred_status status = seal("smcred-identity", pem, out_file, err);
    if (status == SMCRED_OK)
        lock(out_file);
    return status;
}

enum smcred_status pemfile_identity(const char *cert_path, const char *key_path, uid_t owner,
                                    struct pemfile *out_file, struct sm_error *err)
{
    struct content cert = {NULL, 0};
    struct content key = {NULL, 0};
    BIO *pem = BIO_new(BIO_s_secmem()); /* wiped when it grows and when it is freed */
    if (!pem)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status = read_identity(cert_path, key_path, owner, &cert, &key, pem, err);
    if (status == SMCRED_OK)
        status = pemfile_of_identity(pem, out_file, err);
    BIO_free(pem);
    forget(&cert);
    forget(&key);
    return status;
}

static enum smcred_status take_public_key(const struct content *content, EVP_PKEY **out_key,
                                          struct sm_error *err)
{
    BIO *in = BIO_new_mem_buf(content->data, (int)content->len);
    EVP_PKEY *key = in ? PEM_read_bio_PUBKEY(in, NULL, NULL, NULL) : NULL;
    int bits = key && EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) : 0;
    BIO_free(in);
    ERR_clear_error();
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
        EVP_PKEY_free(key);
        return sm_error_set(err, SMCRED_INVALID,
                            "holds no public RSA key in PEM of 2048 to 8192 bits");
    }
    *out_key = key;
    return SMCRED_OK;
}

enum smcred_status pemfile_public_key(const char *path, uid_t owner, EVP_PKEY **out_key,
                                      struct sm_error *err)
{
    struct content content = {NULL, 0};
    enum smcred_status status = read_file(path, owner, false, &content, err);
    if (status == SMCRED_OK)
        status = take_public_key(&content, out_key, err);
    forget(&content);
    return status;
}

void pemfile_key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}

void pemfile_done(struct pemfile *file)
{
    if (file->locked)
        (void)munmap(file->locked, file->size);
    if (file->fd >= 0)
        (void)close(file->fd);
    *file = PEMFILE_NONE;
}
