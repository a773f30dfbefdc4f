/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.c - one table of words; what is not in it, or stands there twice, is an error.
 */
#include "pam/options.h"

#include <stdio.h>

#include "common/control.h"
#include "pam/name.h"

#define SHIM_PATH SM_MODULEDIR "/libsmcred_preload.so"

/* Reads the value of a word; NULL if it stands alone. */
typedef bool (*read_value)(struct sm_pam_options *options, const char *value);

static bool read_name(struct sm_pam_options *options, const char *value)
{
    if (options->name || !sm_pam_name_is_pattern(value))
        return false;
    options->name = value;
    return true;
}

/* A path that a socket's address and LD_PRELOAD can hold: there, colon and space are separators. */
static bool is_plain_path(const char *path)
{
    return path[0] == '/' && !strpbrk(path, ": \t\n");
}

static bool read_socket(struct sm_pam_options *options, const char *value)
{
    options->socket = value;
    return is_plain_path(value);
}

static bool read_shim(struct sm_pam_options *options, const char *value)
{
    options->shim = value ? value : SHIM_PATH;
    return is_plain_path(options->shim);
}

/* "90", "90s", "15m", "2h", "1d", "500ms": 0 is no duration. */
static bool read_duration(const char *text, int64_t max_ms, int64_t *out_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9)
        return false;
    int64_t number = strtol(text, NULL, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(text + digits, units[i].unit) == 0) {
            *out_ms = number * units[i].ms;
            return *out_ms > 0 && *out_ms <= max_ms;
        }
    return false;
}

static bool read_timeout(struct sm_pam_options *options, const char *value)
{
    return read_duration(value, PAM_TIMEOUT_MAX_MS, &options->timeout_ms) &&
           options->timeout_ms >= PAM_TIMEOUT_MIN_MS;
}

static bool read_grace(struct sm_pam_options *options, const char *value)
{
    int64_t ms;
    if (!read_duration(value, PAM_GRACE_MAX_S * 1000LL, &ms) || ms % 1000 != 0)
        return false;
    options->grace_s = (uint32_t)(ms / 1000);
    return true;
}

static bool read_fail(struct sm_pam_options *options, const char *value)
{
    options->ignore_failure = strcmp(value, "ignore") == 0;
    return options->ignore_failure || strcmp(value, "closed") == 0;
}

static bool read_supply(struct sm_pam_options *options, const char *value)
{
    bool both = value && strcmp(value, "both") == 0;
    options->supply_user = both || (value && strcmp(value, "user") == 0);
    options->supply_authtok = both || !value || strcmp(value, "authtok") == 0;
    return options->supply_user || options->supply_authtok;
}

/* A word with a reader takes a value, or may; one without sets its flag. */
static const struct word {
    const char *text;
    read_value read;
    bool may_stand_alone;
    size_t flag;
} words[] = {
    {"secret", .read = read_name},
    {"target", .read = read_name},
    {"supply", .read = read_supply, .may_stand_alone = true},
    {"grace", .read = read_grace},
    {"use_first_pass", .flag = offsetof(struct sm_pam_options, use_first_pass)},
    {"try_first_pass", .flag = offsetof(struct sm_pam_options, try_first_pass)},
    {"use_authtok", .flag = offsetof(struct sm_pam_options, use_authtok)},
    {"shim", .read = read_shim, .may_stand_alone = true},
    {"quiet", .flag = offsetof(struct sm_pam_options, quiet)},
    {"timeout", .read = read_timeout},
    {"fail", .read = read_fail},
    {"socket", .read = read_socket},
    {"debug", .flag = offsetof(struct sm_pam_options, debug)},
};

static const struct word *find_word(const char *text)
{
    size_t len = strcspn(text, "=");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i].text) == len && strncmp(words[i].text, text, len) == 0)
            return &words[i];
    return NULL;
}

static bool read_word(struct sm_pam_options *options, const struct word *word, const char *text)
{
    const char *value = strchr(text, '=');
    if (word->read)
        return (value || word->may_stand_alone) && word->read(options, value ? value + 1 : NULL);
    *(bool *)((char *)options + word->flag) = true;
    return !value;
}

static bool is_repeated(const char *const *argv, int at)
{
    for (int i = 0; i < at; i++)
        if (find_word(argv[i]) == find_word(argv[at]))
            return true;
    return false;
}

bool sm_pam_options_parse(int argc, const char *const *argv, struct sm_pam_options *out_options,
                          const char **out_wrong)
{
    struct sm_pam_options options = {.socket = CTL_SOCKET_PATH, .timeout_ms = PAM_TIMEOUT_MS};
    for (int i = 0; i < argc; i++) {
        const struct word *word = find_word(argv[i]);
        if (!word || is_repeated(argv, i) || !read_word(&options, word, argv[i])) {
            *out_wrong = argv[i];
            return false;
        }
    }
    if (options.use_first_pass && options.try_first_pass) {
        *out_wrong = "use_first_pass with try_first_pass";
        return false;
    }
    *out_options = options;
    return true;
}
