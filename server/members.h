/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * members.h - one row of a request's model in one word.  For the files that hold such tables alone.
 */
#ifndef SERVER_MEMBERS_H
#define SERVER_MEMBERS_H

#include "server/validate.h"

#define TEXT(member, least, most)                                                                  \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_TEXT, .min = least, .max = most                      \
    }
#define REQUIRED(member, least, most)                                                              \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_TEXT, .required = true, .min = least, .max = most    \
    }
#define NUMBER(member, least, most)                                                                \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_NUMBER, .min = least, .max = most                    \
    }
#define BOOLEAN(member)                                                                            \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_BOOLEAN                                              \
    }
#define LIST(member, element, least, most)                                                         \
    {                                                                                              \
        .name = member, .type = SERVER_MEMBER_LIST, .min = least, .max = most, .of = element       \
    }
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#endif
