/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ca.c - parses every certificate of a file once, here, so that a broken one is an error of the
 * configuration and not of somebody's login.
 */
#include "keeper/ca.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "keeper/inifile.h"
#include "keeper/memfile.h"

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

static enum smcred_status seal(BIO *pem, int *out_fd, uint64_t *out_print, struct sm_error *err)
{
    char *data;
    long len = BIO_get_mem_data(pem, &data);
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (EVP_Digest(data, (size_t)len, hash, NULL, EVP_sha256(), NULL) != 1)
        return sm_error_set(err, SMCRED_NO_MEMORY, "libcrypto failed");
    if (memfile_new("smcred-ca", sm_bytes(data, (size_t)len), out_fd) != SMCRED_OK)
        return sm_error_set(err, SMCRED_SYSTEM, "%s", strerror(errno));
    memcpy(out_print, hash, sizeof *out_print);
    return SMCRED_OK;
}

static enum smcred_status convert(BIO *in, int *out_fd, uint64_t *out_print, struct sm_error *err)
{
    BIO *pem = BIO_new(BIO_s_mem());
    if (!pem)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    enum smcred_status status;
    int count = copy_certificates(in, pem);
    if (count > 0)
        status = seal(pem, out_fd, out_print, err);
    else
        status =
            sm_error_set(err, SMCRED_INVALID, "%s",
                         count == 0 ? "no PEM certificate in it" : "a certificate in it is broken");
    BIO_free(pem);
    return status;
}

enum smcred_status ca_load(const char *path, uid_t owner, int *out_fd, uint64_t *out_print,
                           struct sm_error *err)
{
    struct stat about;
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &about) != 0)
        return sm_error_set(err, SMCRED_SYSTEM, "%s", strerror(errno));
    const char *why = inifile_distrust(&about, S_IFREG, owner);
    if (why)
        return sm_error_set(err, SMCRED_INVALID, "%s", why);
    if (about.st_size > CA_SIZE_MAX)
        return sm_error_set(err, SMCRED_TOO_LARGE, "is larger than 4 MiB");
    BIO *in = BIO_new_fd(fd, BIO_NOCLOSE);
    if (!in)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    /* A buffer in front, or PEM lines are read byte by byte. */
    BIO *buffer = BIO_new(BIO_f_buffer());
    if (buffer)
        in = BIO_push(buffer, in);
    enum smcred_status status = convert(in, out_fd, out_print, err);
    BIO_free_all(in);
    return status;
}
