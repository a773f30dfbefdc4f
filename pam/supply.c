/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * supply.c - reads the sealed page that the keeper shares, once, and hands two fields to libpam.
 */
#include "pam/supply.h"

#include "common/clock.h"
#include "common/pagereader.h"
#include "pam/codes.h"
#include "pam/conversation.h"

/* A private copy of a page; holds the password. */
struct copy {
    char *buffer;
    size_t used; /* bytes to be wiped */
    struct sm_page_copy page;
};

static void wipe_copy(struct copy *copy)
{
    if (copy->buffer)
        explicit_bzero(copy->buffer, copy->used);
    sm_free_ptr(&copy->buffer);
}

static enum smcred_status read_page(int fd, struct copy *out_copy)
{
    struct sm_page_map map = {0};
    enum smcred_status status = sm_page_map(fd, &map);
    if (status != SMCRED_OK)
        return status;
    out_copy->buffer = malloc(map.size);
    status = out_copy->buffer ? sm_page_read(&map, sm_boot_ms(), out_copy->buffer, map.size,
                                             &out_copy->page, &out_copy->used)
                              : SMCRED_NO_MEMORY;
    sm_page_unmap(&map);
    return status;
}

/* A text that libpam can hold: not empty, no NUL in it, not longer than what is ever checked. */
static const char *text_of(const struct copy *copy, enum page_field field, size_t max)
{
    struct sm_bytes value = copy->page.field[field];
    bool fits = value.len > 0 && value.len <= max && !memchr(value.data, '\0', value.len);
    return fits ? value.data : NULL;
}

/* Both or neither: a new user with an old password would be somebody else's. */
static enum smcred_status hand_over(struct sm_pam_call *call, const struct copy *copy,
                                    struct sm_error *err)
{
    const char *user = text_of(copy, PAGE_USERNAME, CTL_PAM_USER_MAX);
    const char *password = text_of(copy, PAGE_PASSWORD, PAM_PASSWORD_MAX);
    if ((call->options.supply_user && !user) || (call->options.supply_authtok && !password))
        return sm_error_set(err, SMCRED_INVALID, "the secret has no %s for PAM",
                            call->options.supply_user && !user ? "user name" : "password");
    if (call->options.supply_authtok &&
        pam_set_item(call->pamh, PAM_AUTHTOK, password) != PAM_SUCCESS)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    if (call->options.supply_user && pam_set_item(call->pamh, PAM_USER, user) != PAM_SUCCESS) {
        (void)pam_set_item(call->pamh, PAM_AUTHTOK, NULL); /* frees; cannot fail */
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    }
    return SMCRED_OK;
}

static enum smcred_status supply(struct sm_pam_call *call, const struct sm_pam_login *login,
                                 const char *name, struct sm_error *err)
{
    struct sm_pam_question question;
    sm_autoclose int fd = -1;
    __attribute__((cleanup(wipe_copy))) struct copy copy = {0};
    sm_pam_question_begin(&question, CTL_PAM_SUPPLY, call, login);
    sm_wire_put_text(&question.wire, CTL_NAME, name);
    enum smcred_status status = sm_pam_ask_fd(call, &question, &fd, err);
    if (status != SMCRED_OK)
        return status;
    status = read_page(fd, &copy);
    if (status != SMCRED_OK)
        return sm_error_set(err, status, "the keeper's page cannot be read: %s",
                            sm_status_text(status));
    return hand_over(call, &copy, err);
}

int sm_pam_supply(struct sm_pam_call *call, const struct sm_pam_login *login, const char *name)
{
    struct sm_error err;
    enum smcred_status status = supply(call, login, name, &err);
    if (status == SMCRED_OK && call->options.supply_user) /* the old name is libpam's no more */
        return PAM_IGNORE;
    sm_pam_log(call, "supply", login, status, &err);
    return status == SMCRED_OK ? PAM_IGNORE
                               : sm_pam_code(PAM_ENTRY_AUTH, status, call->options.ignore_failure);
}
