/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * validate.h - the service model's constraints on a request, and their violation in AWS's words.
 */
#ifndef SERVER_VALIDATE_H
#define SERVER_VALIDATE_H

#include "server/call.h"

enum server_member_type {
    SERVER_MEMBER_TEXT, /* length in characters */
    SERVER_MEMBER_BLOB, /* base64; length in bytes, decoded */
    SERVER_MEMBER_NUMBER,
    SERVER_MEMBER_BOOLEAN,
    SERVER_MEMBER_LIST,
    SERVER_MEMBER_STRUCTURE,
};

/* One row per member of a request; a row without a name ends the table. */
struct server_member {
    const char *name;
    enum server_member_type type;
    bool required;
    bool sensitive;                 /* never repeated, in a message or the trail */
    bool hidden;                    /* not repeated in the trail */
    bool in_bytes;                  /* the length of a text, where it counts bytes */
    int64_t min, max;               /* length or value; max 0: no bound */
    const char *pattern;            /* as AWS words it, */
    bool (*matches)(const char *);  /* and as it is checked */
    const char *const *values;      /* enumeration, NULL-terminated, in the order it is listed */
    const struct server_member *of; /* members of a structure; the one element of a list */
};

/*
 * Takes away what the operation has no member for, so that nobody meets a condition of a policy
 * with a member that decides nothing.
 */
void server_validate_forget_unknown(struct server_call *call, const struct server_member *members);
/* Kinds of JSON: SERVER_SERIALIZATION if the input has a member of another kind. */
enum server_error server_validate_types(struct server_call *call,
                                        const struct server_member *members);
/* Constraints: SERVER_VALIDATION, with every violation in one message. */
enum server_error server_validate(struct server_call *call, const struct server_member *members);

#endif
