/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * control.h - S1, the control protocol between a client and the keeper (doc/control-protocol.md).
 *
 * One SOCK_SEQPACKET connection to CONTROL_SOCKET, one request and one answer at a time.  The
 * keeper knows the client by SO_PEERCRED alone: nothing in a request says who asks.  An answer has
 * the request's verb and id; its status is not SMCRED_OK when it was refused, and CTL_TEXT then
 * says why and names the rule.
 */
#ifndef SM_CONTROL_H
#define SM_CONTROL_H

#define CTL_SOCKET_NAME "control.sock" /* under the keeper's runtime directory */
#define CTL_SOCKET_PATH SM_RUNSTATEDIR "/smcred/" CTL_SOCKET_NAME
#define CTL_REQUEST_MAX 4096 /* bytes; longer requests are refused unread */
#define CTL_NAME_MAX    2048 /* bytes of a target name, secret name or ARN, as SecretId */
#define CTL_TIMEOUT_MS  5000 /* a client's default patience for one answer */

/* What pam_smcred says, in bytes, so that the longest of its requests fits CTL_REQUEST_MAX. */
#define CTL_PAM_NAME_MAX     1024
#define CTL_PAM_USER_MAX     256
#define CTL_PAM_SERVICE_MAX  64
#define CTL_PAM_RHOST_MAX    256
#define CTL_PAM_TTY_MAX      64
#define CTL_PAM_PASSWORD_MAX 1024

/* Verbs.  "doc" answers with one sealed memfd that holds a JSON document. */
enum ctl_verb {
    CTL_CONNECT = 1, /* TARGET -> descriptor: a connected loopback TCP socket, served by a relay */
    CTL_RESOLVE = 2, /* NAME [STAGE] -> descriptor: the sealed page of page.h */
    CTL_TARGETS = 3, /* -> doc: what the asker may reach, and how */
    CTL_EXPLAIN = 4, /* HOST [PORT] [USER] -> doc: what would happen, by which rule */
    CTL_STATUS =
        5, /* -> doc: cache, relays, sessions; secrets and other users' rows for admins only */
    CTL_REFRESH = 6,  /* NAME | ALL -> doc: one row per secret read again; admins only */
    CTL_PROVE = 8,    /* TARGET -> doc: what a login of the keeper's own came to; admins only */
    CTL_REVOKE = 7,   /* KIND NAME [VERSION] [REASON] [LIFT] -> doc: what it did; admins only */
    CTL_SIMULATE = 9, /* NAME KIND -> doc: what would become of the next login; admins only */

    /* Of pam_smcred, which says who wants to come in: root, and `callers` of the service, only. */
    CTL_PAM_CHECK = 16,   /* NAME SERVICE USER PASSWORD [GRACE_S] [RHOST] [TTY] -> yes or no */
    CTL_PAM_SUPPLY = 17,  /* NAME SERVICE USER [RHOST] [TTY] -> descriptor, as RESOLVE's */
    CTL_PAM_ACCOUNT = 18, /* SERVICE USER [RHOST] [TTY] -> yes or no */
    CTL_PAM_OPEN = 19,    /* SERVICE USER [RHOST] [TTY] [RUSER] -> SESSION_ID [TEXT] */
    CTL_PAM_CLOSE = 20,   /* SESSION_ID [REASON] -> yes or no */
    CTL_PAM_CHANGE = 21,  /* NAME SERVICE USER OLD PASSWORD [RHOST] [TTY] -> yes or no */
    CTL_PAM_PREPARE = 22, /* NAME SERVICE USER OLD [RHOST] [TTY] -> KIND: CTL_WAY_CHOSEN, ... */
    CTL_PAM_ROTATE = 23,  /* NAME SERVICE USER OLD [RHOST] [TTY] [WAIT_MS] -> KIND: CTL_DONE, ... */
};

enum ctl_tag {
    CTL_TEXT = 1,      /* text: one sentence for a person */
    CTL_RULE = 2,      /* text: the rule that decided, such as "target orders: allow" */
    CTL_TARGET = 3,    /* text: a target's name */
    CTL_NAME = 4,      /* text: target name, secret name or ARN */
    CTL_STAGE = 5,     /* text: staging label */
    CTL_HOST = 6,      /* text: host as typed */
    CTL_PORT = 7,      /* u32 */
    CTL_USER = 8,      /* text: the operator's system user to explain for; another's for root only.
                          PAM_USER in pam_smcred's requests */
    CTL_ALL = 9,       /* empty */
    CTL_ENGINE = 10,   /* text: postgres, mysql, redis */
    CTL_AUDIT_ID = 11, /* text: the id of this decision in the audit log */
    CTL_KIND = 12,     /* text: secret, version, user or session; of SIMULATE what happens; in
                          answers to PAM_PREPARE and PAM_ROTATE one of the words below */
    CTL_VERSION = 13,  /* text: VersionId */
    CTL_REASON = 14,   /* text: why, for the audit log and for those it hits */
    CTL_LIFT = 15,     /* empty: no longer revoked */

    CTL_SERVICE = 32,    /* text: PAM_SERVICE */
    CTL_PASSWORD = 33,   /* bytes without NUL: what was typed; may be empty, which is wrong */
    CTL_OLD = 34,        /* likewise: the password to be replaced */
    CTL_GRACE_S = 35,    /* u32: how young a rotation must be for the versions beside AWSCURRENT */
    CTL_RHOST = 36,      /* text: PAM_RHOST */
    CTL_TTY = 37,        /* text: PAM_TTY */
    CTL_SESSION_ID = 38, /* text: a login's id, 16 hex digits, as PAM_OPEN gave it */
    CTL_RUSER = 39,      /* text: PAM_RUSER, such as who called sudo */
    CTL_WAIT_MS = 40,    /* u32: how long who asks can wait for the end of what he asks for */
};

/* How a password is changed: somebody chooses it, or the secret's rotation function does. */
#define CTL_WAY_CHOSEN  "chosen"
#define CTL_WAY_ROTATED "rotated"
/* A rotation: the new version is AWSCURRENT, or it is not known to be. */
#define CTL_DONE        "done"
#define CTL_BEGUN       "begun"

#endif
