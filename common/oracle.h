/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * oracle.h - S2, between the keeper and one relay (doc/oracle-protocol.md).
 *
 * One SOCK_SEQPACKET socketpair per relay, made by the parent; each side sends when it likes, and
 * ORC_SESSION ties messages of one database session together.  The relay holds no secret: it asks
 * for a proof over bytes it assembled from the wire, and the keeper signs them without parsing.
 *
 * One session, start to end:
 *
 *   keeper                                   relay
 *   [IDENTITY number, fd]             ---->            the first time, and when it is a new one:
 * what this target shows to clients that want TLS SESSION id, engine, client fd     ----> a client
 * connected; serve it
 *                                     <----  OPEN      its startup packet, read; where the server
 *                                                      speaks first (mysql): nothing is known yet
 *   [ENDPOINT endpoint id, CA fd]     ---->            the first time a relay meets this endpoint
 *   OPENED where, as whom | refused   ---->            relay dials, TLS, startup
 *                                     <----  SCRAM | CHALLENGE | CLEARTEXT  the server's challenge;
 *                                                      where it speaks first, the session's first
 *                                                      one says what the client asked for
 *   PROOF                             ---->
 *   [up to twice more, where a server may change the method during a login]
 *                                     <----  LOGGED_IN | REFUSED          the server's verdict
 *   OPENED (once more) | refused      ---->            after REFUSED, or instead of PROOF: the next
 *                                                      attempt, or give up; the relay hangs up
 * first [WAIT]                            ---->            instead of that: it comes later
 *                                     <----  ENDED     counters; always the last one
 *   END reason                        ---->            any time: close this session now
 */
#ifndef SM_ORACLE_H
#define SM_ORACLE_H

#define ORC_ADDRESSES_MAX    8
#define ORC_AUTH_MESSAGE_MAX 4096 /* bytes of a SCRAM AuthMessage */
#define ORC_SALT_MAX         256  /* bytes */
#define ORC_CHALLENGES_MAX   3    /* of one attempt, of an engine whose server speaks first */

enum orc_verb {
    /* keeper to relay */
    ORC_SESSION = 1,  /* SESSION ENGINE TARGET OPERATOR [TCP] [IDENTITY] + client fd */
    ORC_ENDPOINT = 2, /* ENDPOINT HOST TLS + CA fd [+ fd of our certificate and its key], sealed
                         memfds of PEM; none with tls=disable */
    ORC_OPENED =
        3,         /* SESSION, and either ENDPOINT HOST PORT ADDRESS... USER DBNAME APPLICATION
                      VERSION ATTEMPT [REPLICATION] [KEEP_MS], or a status, SQLSTATE TEXT [HINT] [STAYS] */
    ORC_PROOF = 4, /* SESSION PROOF VERSION [SERVER_SIGNATURE] [DBNAME] [APPLICATION], or a status
                      with SQLSTATE TEXT; VERSION may be newer than OPENED's, and the names go
                      over OPENED's, which knew nothing of the client's yet */
    ORC_END = 5,   /* SESSION SQLSTATE TEXT */
    ORC_DRAIN = 6, /* take no new session; exit when the last one has ended */
    ORC_WAIT = 7,  /* SESSION WAIT_MS: no version of the secret is right now; hang up on the server,
                      the next OPENED comes that much later */
    ORC_FORGET = 9,   /* what is kept of ended sessions is closed: the configuration is another,
                         or somebody was revoked */
    ORC_IDENTITY = 8, /* IDENTITY + fd, a sealed memfd of PEM: certificate and key that clients are
                         shown; the last one of a number counts */

    /* relay to keeper */
    /* SESSION [USER] [DBNAME] [APPLICATION] [REPLICATION]; where the server speaks first also of a
       session that is logged in, whose client asks for another login */
    ORC_OPEN = 16,
    ORC_SCRAM = 17,     /* SESSION ATTEMPT MECHANISM SALT ITERATIONS AUTH_MESSAGE */
    ORC_CHALLENGE = 18, /* SESSION ATTEMPT MECHANISM SALT [ITERATIONS AUTH_MESSAGE]
                           [USER] [DBNAME] [APPLICATION]: doc/oracle-protocol.md has the methods */
    ORC_CLEARTEXT = 19, /* SESSION ATTEMPT MECHANISM [TLS_VERIFIED] [USER] [DBNAME] [APPLICATION]:
                           given only if verified or on a local socket */
    ORC_LOGGED_IN = 20, /* SESSION BACKEND_PID [TLS_VERSION] [CLIENT_TLS] */
    ORC_REFUSED = 21, /* SESSION ATTEMPT SQLSTATE [CODE] [ROUTINE] [TEXT]: the server's verdict; one
                         of an attempt that the keeper has given up meanwhile is passed over */
    ORC_ENDED = 22,   /* SESSION BYTES_IN BYTES_OUT DURATION_MS OUTCOME [SQLSTATE] [TEXT] */
    ORC_ALIVE = 23,   /* one per live session, to a restarted keeper: SESSION ENGINE TARGET USER
                         DBNAME VERSION OPERATOR BACKEND_PID DURATION_MS, as OPENED said them */
    ORC_AGAIN = 25,   /* SESSION ATTEMPT, over a connection that was kept: its server has heard none
                         of the attempt's proofs, or wants them for another nonce */
    ORC_CANCELLED = 24, /* SESSION of a connection that carried a CancelRequest, BACKEND_PID; ENDED
                           follows */
};

enum orc_tag {
    ORC_T_SESSION = 1,  /* u64, random, never 0 */
    ORC_T_ENGINE = 2,   /* text: postgres, mysql, redis */
    ORC_T_TARGET = 3,   /* text */
    ORC_T_OPERATOR = 4, /* text: the human's system user name, for errors and the stamp */
    ORC_T_ENDPOINT = 5, /* u32: one TLS configuration; the relay keeps an SSL_CTX per number */
    ORC_T_HOST = 6,     /* text: the name to verify in the certificate; or a socket's path */
    ORC_T_PORT = 7,     /* u32 */
    ORC_T_ADDRESS = 8,  /* repeated: a struct sockaddr (in, in6 or un), port included, in order */
    ORC_T_TLS = 9,      /* u32: enum orc_tls */
    ORC_T_USER = 10,    /* text: in OPEN the client's, in OPENED the secret's */
    ORC_T_DBNAME = 11,  /* text */
    ORC_T_APPLICATION = 12,      /* text: in OPEN the client's, in OPENED the stamped one */
    ORC_T_REPLICATION = 13,      /* empty: the client asks for a replication connection, or may */
    ORC_T_VERSION = 14,          /* text: the secret's version id, for ALIVE */
    ORC_T_ATTEMPT = 15,          /* u32: 1 for the first */
    ORC_T_MECHANISM = 16,        /* text: the method's name, doc/oracle-protocol.md */
    ORC_T_SALT = 17,             /* bytes, decoded */
    ORC_T_ITERATIONS = 18,       /* u32 */
    ORC_T_AUTH_MESSAGE = 19,     /* bytes: RFC 5802's AuthMessage; of parsec, the scramble (32) */
    ORC_T_PROOF = 20,            /* bytes: what goes to the server, or the password */
    ORC_T_SERVER_SIGNATURE = 21, /* bytes: what the server must answer (32) */
    ORC_T_SQLSTATE = 22,         /* text: five characters */
    ORC_T_TEXT = 23,             /* text: one sentence */
    ORC_T_HINT = 24,             /* text */
    ORC_T_TLS_VERIFIED = 25,     /* empty: certificate and name of the server were verified */
    ORC_T_TLS_VERSION = 26,      /* text: such as TLSv1.3 */
    ORC_T_BACKEND_PID = 27,      /* u32 */
    ORC_T_BYTES_IN = 28,         /* u64: client to server */
    ORC_T_BYTES_OUT = 29,        /* u64: server to client */
    ORC_T_DURATION_MS = 30,      /* u64 */
    ORC_T_OUTCOME = 31,          /* text: closed, refused, failed, ended, cancelled */
    ORC_T_TCP = 32,              /* empty: the client's end is a TCP socket */
    ORC_T_ROUTINE = 33,          /* text: field R of the server's error, in no language */
    ORC_T_WAIT_MS = 34,          /* u32 */
    ORC_T_CODE = 35,             /* u32: MySQL's error number */
    ORC_T_LOGIN = 40,            /* u64: of SESSION, and said again in ALIVE: the keeper's own */
    ORC_T_IDENTITY = 41,         /* u32: what clients are shown; none: they get no TLS */
    ORC_T_STAYS = 43,            /* empty: the session is as logged in as it was */
    ORC_T_KEEP_MS = 44,          /* u32: for which the server's connection may be kept afterwards */
    ORC_T_CLIENT_TLS = 42,       /* text: such as TLSv1.3, between client and relay */
};

enum orc_tls {
    ORC_TLS_DISABLE = 0,
    ORC_TLS_VERIFY_CA = 1,   /* chain, not name; only where the target says so */
    ORC_TLS_VERIFY_FULL = 2, /* chain and name */
};

#endif
