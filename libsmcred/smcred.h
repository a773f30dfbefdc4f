/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * smcred.h - the public interface of libsmcred: from a name to one credential.
 *
 * For programs that are trusted with a secret's value (services, tools).  A program whose user must
 * not see the value needs nothing from here: it connects, and smcred logs it in.
 *
 *     struct smcred *cred;
 *     struct smcred_snapshot *snap;
 *     if (smcred_open(NULL, &cred) == SMCRED_OK &&
 *         smcred_get(cred, "orders", NULL, &snap) == SMCRED_OK) {
 *         login(smcred_snapshot_username(snap), smcred_snapshot_password(snap, NULL));
 *         smcred_snapshot_free(snap);
 *     }
 *     smcred_close(cred);
 */
#ifndef SMCRED_H
#define SMCRED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SMCRED_API __attribute__((visibility("default")))
#else
#define SMCRED_API
#endif

/*
 * What came of a call.  One vocabulary from the socket to this header; values are appended and
 * never renumbered.
 */
enum smcred_status {
    SMCRED_OK = 0,
    SMCRED_SYSTEM = 1,      /* errno says why */
    SMCRED_NOT_FOUND = 2,   /* no such target, secret, version or stage */
    SMCRED_DENIED = 3,      /* policy says no; smcred_error() names the rule */
    SMCRED_UNAVAILABLE = 4, /* the keeper or Secrets Manager cannot be reached */
    SMCRED_TIMED_OUT = 5,   /* the deadline passed first */
    SMCRED_INVALID = 6,     /* an argument, request or value is malformed */
    SMCRED_TOO_LARGE = 7,   /* over a documented maximum */
    SMCRED_NO_MEMORY = 8,
    SMCRED_PROTOCOL = 9,    /* the peer broke the protocol, or speaks another version */
    SMCRED_REVOKED = 10,    /* withdrawn by an administrator */
    SMCRED_LIMITED = 11,    /* a rate or attempt limit; try later */
    SMCRED_UNSUPPORTED = 12 /* well-formed, and not something we do */
};

/*
 * A handle: what the keeper has shared with this process.  One thread at a time; several handles,
 * in several threads, do not know each other.
 *
 * fork(): secrets are not inherited.  A child may go on with its parent's handle, and asks the
 * keeper for itself, under its own identity; a snapshot from before the fork reads as empty in it
 * (length 0), and may be freed.
 */
struct smcred;
/* One version of one secret, immutable.  Any thread may use it, even after smcred_close(). */
struct smcred_snapshot;

/*
 * Prepares a handle.  Nothing is sent yet.
 *   socket_path  the keeper's control socket; NULL: $SMCRED_SOCKET (ignored in setuid programs),
 *                else the one compiled in
 *   out_cred     close with smcred_close(); untouched on failure
 * Errors: SMCRED_NO_MEMORY.
 */
SMCRED_API enum smcred_status smcred_open(const char *socket_path, struct smcred **out_cred);
SMCRED_API void smcred_close(struct smcred *cred);

/*
 * Resolves `name`, a target of smcred.conf or a secret's name or ARN, to one snapshot.  The first
 * call for a name asks the keeper; later ones read the page it shared, without a system call, and
 * see a rotation at once.
 *   stage     staging label; NULL means AWSCURRENT
 *   out_snap  a private copy, free with smcred_snapshot_free(); untouched on failure
 * Errors: SMCRED_DENIED, SMCRED_NOT_FOUND, SMCRED_UNAVAILABLE, SMCRED_TIMED_OUT (5 s),
 * SMCRED_REVOKED, SMCRED_LIMITED, SMCRED_INVALID, SMCRED_TOO_LARGE (an argument), SMCRED_PROTOCOL
 * (what answers is no keeper of this version), SMCRED_NO_MEMORY, SMCRED_SYSTEM.
 */
SMCRED_API enum smcred_status smcred_get(struct smcred *cred, const char *name, const char *stage,
                                         struct smcred_snapshot **out_snap);

/* Wipes, then frees.  NULL is allowed; errno is kept. */
SMCRED_API void smcred_snapshot_free(struct smcred_snapshot *snap);

/* Borrowed until the snapshot is freed.  "" where the secret does not say; port 0 likewise. */
SMCRED_API const char *smcred_snapshot_username(const struct smcred_snapshot *snap);
SMCRED_API const char *smcred_snapshot_host(const struct smcred_snapshot *snap);
SMCRED_API uint16_t smcred_snapshot_port(const struct smcred_snapshot *snap);
SMCRED_API const char *smcred_snapshot_dbname(const struct smcred_snapshot *snap);
SMCRED_API const char *smcred_snapshot_engine(const struct smcred_snapshot *snap);
SMCRED_API const char *smcred_snapshot_arn(const struct smcred_snapshot *snap);
SMCRED_API const char *smcred_snapshot_version_id(const struct smcred_snapshot *snap);
/* NUL-terminated, may hold any other byte; out_len (or NULL) gets its length in bytes. */
SMCRED_API const char *smcred_snapshot_password(const struct smcred_snapshot *snap,
                                                size_t *out_len);

/* A lower-case phrase for a status, never NULL. */
SMCRED_API const char *smcred_status_text(enum smcred_status status);

/* The sentence behind the last failure on this handle: rule, audit id, what to do.  Never NULL. */
SMCRED_API const char *smcred_error(const struct smcred *cred);

#ifdef __cplusplus
}
#endif

#endif
