/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pemfile.h - files for TLS, checked, as sealed memfds: relays have no files.
 */
#ifndef KEEPER_PEMFILE_H
#define KEEPER_PEMFILE_H

#include <sys/types.h>

#include "common/bytes.h"
#include "common/status.h"

#define PEMFILE_SIZE_MAX (4 << 20) /* bytes of one file; Debian's bundle of CAs has 220 KiB */

struct pemfile {
    int fd;         /* a sealed memfd with PEM and nothing else; -1: none */
    uint64_t print; /* of its bytes: equal prints, equal files; 0: none */
    void *locked;   /* a private key's pages, kept out of swap; NULL if it has none */
    size_t size;
};
#define PEMFILE_NONE ((struct pemfile){.fd = -1})

/*
 * Reads CA certificates.
 *   owner     who may own the file besides root
 *   out_file  free with pemfile_done(); untouched on failure
 * Errors: SMCRED_INVALID (no certificate, a broken one, a file others can write), SMCRED_SYSTEM,
 * SMCRED_TOO_LARGE, SMCRED_NO_MEMORY; err says why.
 */
SM_MUST_CHECK enum smcred_status pemfile_ca(const char *path, uid_t owner, struct pemfile *out_file,
                                            struct sm_error *err);

/*
 * Reads a client's certificate, with those between it and its CA behind it, and its private key,
 * which nobody but root and `owner` may read and no passphrase protects.
 * Errors: as above, and SMCRED_INVALID: the two do not belong together, or the certificate is not
 * valid now; err names the key of the configuration and the file.
 */
SM_MUST_CHECK enum smcred_status pemfile_identity(const char *cert_path, const char *key_path,
                                                  uid_t owner, struct pemfile *out_file,
                                                  struct sm_error *err);

struct bio_st;
/* The same of PEM that was made here.  Errors: SMCRED_SYSTEM, SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status pemfile_of_identity(struct bio_st *pem, struct pemfile *out_file,
                                                     struct sm_error *err);

struct evp_pkey_st;
/*
 * Reads a server's public RSA key, 2048 to 8192 bits.
 *   out_key  free with pemfile_key_free(); untouched on failure
 * Errors: as above.
 */
SM_MUST_CHECK enum smcred_status pemfile_public_key(const char *path, uid_t owner,
                                                    struct evp_pkey_st **out_key,
                                                    struct sm_error *err);
/* NULL is allowed. */
void pemfile_key_free(struct evp_pkey_st *key);

/* Leaves PEMFILE_NONE. */
void pemfile_done(struct pemfile *file);

#endif
