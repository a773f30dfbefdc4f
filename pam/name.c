/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name.c - patterns of names.
 */
#include "pam/name.h"

/* A secret's name is of these and '/'; Secrets Manager API 2017-10-17. */
#define WORD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=.@-"

bool sm_pam_name_is_pattern(const char *text)
{
    if (*text == '\0' || strnlen(text, CTL_PAM_NAME_MAX + 1) > CTL_PAM_NAME_MAX)
        return false;
    for (const char *at = text; (at = strchr(at, '%')); at += 2)
        if (at[1] != 'u' && at[1] != 's' && at[1] != '%')
            return false;
    return true;
}

/* Where everything is written.  One byte is always left for the NUL. */
struct place {
    char *at;
    size_t room;
};

static bool put(struct place *place, const char *text, size_t len)
{
    if (len > place->room)
        return false;
    memcpy(place->at, text, len);
    place->at += len;
    place->room -= len;
    return true;
}

enum smcred_status sm_pam_name_write(const char *pattern, const char *user, const char *service,
                                     char *out_name)
{
    struct place place = {.at = out_name, .room = CTL_PAM_NAME_MAX};
    for (const char *at = pattern; *at != '\0';) {
        size_t plain = strcspn(at, "%");
        if (!put(&place, at, plain))
            return SMCRED_TOO_LARGE;
        at += plain;
        if (*at == '\0')
            break;
        const char *word = at[1] == 'u' ? user : at[1] == 's' ? service : "%";
        at += 2;
        if (at[-1] != '%' && (*word == '\0' || word[strspn(word, WORD_CHARACTERS)] != '\0'))
            return SMCRED_NOT_FOUND;
        if (!put(&place, word, strlen(word)))
            return SMCRED_TOO_LARGE;
    }
    *place.at = '\0';
    return SMCRED_OK;
}
