/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_pam.c - whatever a keeper says, pam_smcred lets in only whom it said a whole yes about,
 * tells a terminal only text, keeps no session that it has no id of, and leaves no descriptor
 * behind.
 *
 * Input: a byte that chooses the entry point, and one answer for each question, as script.h has it.
 * libpam is this file: one handle, of nobody.
 */
#include <ctype.h>
#include <fcntl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "fuzz/script.h"
#include "pam/account.h"
#include "pam/auth.h"
#include "pam/password.h"
#include "pam/session.h"

#define SLOTS      16
#define TIMEOUT_MS 20 /* too short for a second try */
#define TYPED      "typed-canary"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- libpam ---- */

struct slot {
    char name[64];
    void *data;
    void (*cleanup)(pam_handle_t *pamh, void *data, int error_status);
};

static struct slot slots[SLOTS];
static pam_handle_t *const handle = (pam_handle_t *)slots; /* any address; nobody looks */
static char *items[PAM_XDISPLAY + 16];

int __wrap_pam_get_item(const pam_handle_t *pamh, int item, const void **out);
int __wrap_pam_set_item(pam_handle_t *pamh, int item, const void *value);
int __wrap_pam_get_user(pam_handle_t *pamh, const char **out, const char *prompt);
int __wrap_pam_get_data(const pam_handle_t *pamh, const char *name, const void **out);
int __wrap_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                        void (*cleanup)(pam_handle_t *pamh, void *data, int error_status));
int __wrap_pam_prompt(pam_handle_t *pamh, int style, char **out, const char *format, ...);
void __wrap_pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...);
const char *__wrap_pam_getenv(pam_handle_t *pamh, const char *name);
int __wrap_pam_putenv(pam_handle_t *pamh, const char *assignment);

int __wrap_pam_get_item(const pam_handle_t *pamh, int item, const void **out)
{
    (void)pamh;
    *out = items[item];
    return PAM_SUCCESS;
}

int __wrap_pam_set_item(pam_handle_t *pamh, int item, const void *value)
{
    (void)pamh;
    free(items[item]);
    items[item] = value ? strdup(value) : NULL;
    return PAM_SUCCESS;
}

int __wrap_pam_get_user(pam_handle_t *pamh, const char **out, const char *prompt)
{
    (void)pamh, (void)prompt;
    *out = items[PAM_USER];
    return PAM_SUCCESS;
}

static struct slot *slot_of(const char *name)
{
    struct slot *free_slot = NULL;
    for (size_t i = 0; i < SLOTS; i++) {
        if (strcmp(slots[i].name, name) == 0)
            return &slots[i];
        if (!slots[i].name[0])
            free_slot = &slots[i];
    }
    return free_slot;
}

int __wrap_pam_get_data(const pam_handle_t *pamh, const char *name, const void **out)
{
    (void)pamh;
    struct slot *slot = slot_of(name);
    *out = slot->data;
    return slot->data ? PAM_SUCCESS : PAM_NO_MODULE_DATA;
}

int __wrap_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
                        void (*cleanup)(pam_handle_t *pamh, void *data, int error_status))
{
    struct slot *slot = slot_of(name), was = *slot;
    (void)snprintf(slot->name, sizeof slot->name, "%s", name);
    slot->data = data;
    slot->cleanup = cleanup;
    if (was.data && was.cleanup)
        was.cleanup(pamh, was.data, PAM_DATA_REPLACE);
    return PAM_SUCCESS;
}

__attribute__((format(printf, 4, 5))) int __wrap_pam_prompt(pam_handle_t *pamh, int style,
                                                            char **out, const char *format, ...)
{
    char text[8192];
    va_list args;
    (void)pamh;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (const char *at = text; *at; at++)
        if (iscntrl((unsigned char)*at) && *at != '\n')
            abort(); /* an order to a terminal */
    *out = style == PAM_PROMPT_ECHO_OFF ? strdup(TYPED) : NULL;
    return PAM_SUCCESS;
}

__attribute__((format(printf, 3, 4))) void __wrap_pam_syslog(const pam_handle_t *pamh, int priority,
                                                             const char *format, ...)
{
    char line[2048];
    va_list args;
    (void)pamh, (void)priority;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (script_finds(line, strlen(line), TYPED) || strchr(line, '\n'))
        abort();
}

const char *__wrap_pam_getenv(pam_handle_t *pamh, const char *name)
{
    (void)pamh, (void)name;
    return NULL;
}

int __wrap_pam_putenv(pam_handle_t *pamh, const char *assignment)
{
    (void)pamh, (void)assignment;
    return PAM_SUCCESS;
}

static void end_handle(void)
{
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot was = slots[i];
        slots[i] = (struct slot){.data = NULL};
        if (was.data && was.cleanup)
            was.cleanup(handle, was.data, 0);
    }
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        (void)__wrap_pam_set_item(handle, (int)i, NULL);
}

/* ---- the keeper ---- */

static struct script script;
static int far_end = -1; /* the keeper's */
static int page_fd = -1; /* what it may send along */
static unsigned yeses;   /* whole ones, to what was asked */

enum smcred_status __wrap_sm_seqpacket_connect(const char *path, int64_t deadline_ms, int *out_fd);
enum smcred_status __wrap_sm_seqpacket_send(int fd, struct sm_bytes packet,
                                            const struct sm_fds *fds, int64_t deadline_ms);
enum smcred_status __real_sm_seqpacket_send(int fd, struct sm_bytes packet,
                                            const struct sm_fds *fds, int64_t deadline_ms);

enum smcred_status __wrap_sm_seqpacket_connect(const char *path, int64_t deadline_ms, int *out_fd)
{
    int ends[2];
    (void)path, (void)deadline_ms;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        abort();
    *out_fd = ends[0];
    far_end = ends[1];
    return SMCRED_OK;
}

static void nothing_special(struct sm_wire_out *out, uint16_t tag)
{
    sm_wire_put(out, tag, sm_bytes("", 0));
}

/* An answer in the frame.  Its first byte says what is right about it. */
static void say_message(const struct sm_wire_header *asked)
{
    static uint8_t packet[SM_WIRE_MAX];
    struct sm_wire_out out;
    uint8_t manner = script_byte(&script);
    uint8_t status = script_byte(&script);
    struct sm_fds fds = {.fd = {page_fd, page_fd}, .count = (manner >> 2) % 3};
    sm_wire_begin(&out, packet, sizeof packet, (uint16_t)(asked->verb + (manner & 1)), status,
                  asked->request_id + ((manner >> 1) & 1));
    script_fields(&script, &out, nothing_special);
    size_t wanted = asked->verb == CTL_PAM_SUPPLY;
    yeses += (manner & 3) == 0 && status == 0 && fds.count == wanted;
    script_send(far_end, &out, fds.count > 0 ? &fds : NULL);
}

static void say_bytes(void)
{
    struct sm_bytes bytes = script_bytes(&script);
    (void)send(far_end, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT); /* or not */
}

enum smcred_status __wrap_sm_seqpacket_send(int fd, struct sm_bytes packet,
                                            const struct sm_fds *fds, int64_t deadline_ms)
{
    if (fd == far_end)
        return __real_sm_seqpacket_send(fd, packet, fds, deadline_ms);
    struct sm_wire_in asked;
    if (sm_wire_parse(packet, &asked) != SMCRED_OK)
        abort(); /* what we ask is well-formed */
    switch (script_byte(&script) % 4) {
    case 0:
        break; /* hangs up */
    case 1:
        say_bytes();
        break;
    default:
        say_message(&asked.header);
    }
    sm_close_fd(&far_end);
    return SMCRED_OK;
}

/* What it shares: a sealed page of the input's tail. */
static int share(const uint8_t *data, size_t size)
{
    int fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t whole = size / 8 * 8;
    if (fd < 0 || (whole > 0 && write(fd, data, whole) != (ssize_t)whole))
        abort();
    (void)fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
    return fd;
}

/* ---- the entry points ---- */

static bool succeeds_without_a_yes(uint8_t entry)
{
    static char chosen[] = CTL_WAY_CHOSEN, rotated[] = CTL_WAY_ROTATED;
    struct sm_pam_call call = {.pamh = handle, .left_ms = TIMEOUT_MS};
    call.options = (struct sm_pam_options){.name = "bastion/%u",
                                           .socket = "/nowhere",
                                           .timeout_ms = TIMEOUT_MS,
                                           .try_first_pass = true,
                                           .supply_user = entry % 8 == 1,
                                           .supply_authtok = entry % 8 == 1,
                                           .ignore_failure = entry & 0x80};
    switch (entry % 8) {
    case 0:
        return sm_pam_authenticate(&call) == PAM_SUCCESS && yeses != 1;
    case 1:
        return sm_pam_authenticate(&call) == PAM_SUCCESS; /* never */
    case 2:
        return sm_pam_account(&call) == PAM_SUCCESS && yeses != 1;
    case 3:
        call.flags = PAM_PRELIM_CHECK | PAM_CHANGE_EXPIRED_AUTHTOK;
        return sm_pam_change_password(&call) == PAM_SUCCESS && yeses != 1;
    case 4: /* after a yes to the preliminary check */
        (void)__wrap_pam_set_data(handle, "pam_smcred way of bastion/alice",
                                  entry & 0x40 ? rotated : chosen, NULL);
        call.flags = PAM_UPDATE_AUTHTOK | PAM_CHANGE_EXPIRED_AUTHTOK;
        return sm_pam_change_password(&call) == PAM_SUCCESS && yeses != 1;
    default:
        if (sm_pam_open_session(&call) != PAM_SUCCESS)
            return false;
        call.left_ms = TIMEOUT_MS;
        return yeses != 1 || (sm_pam_close_session(&call) == PAM_SUCCESS && yeses > 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int lowest = script_lowest_descriptor();
    script = (struct script){data, size};
    uint8_t entry = script_byte(&script);
    yeses = 0;
    page_fd = share(data, size);
    (void)__wrap_pam_set_item(handle, PAM_USER, "alice");
    (void)__wrap_pam_set_item(handle, PAM_SERVICE, "sshd");
    if (succeeds_without_a_yes(entry))
        abort();
    end_handle();
    sm_close_fd(&page_fd);
    if (script_lowest_descriptor() != lowest)
        abort();
    return 0;
}
