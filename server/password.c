/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * password.c - GetRandomPassword.
 *
 * Random numbers are drawn without bias (values past the last whole multiple are thrown away), one
 * character per required type first, the rest from all, then everything is shuffled.
 */
#include "server/password.h"

#include <openssl/rand.h>

#include "server/json.h"
#include "server/operations.h"

#define LEN_DEFAULT  32
#define ALPHABET_MAX 128

static const char *const alphabets[SERVER_PASSWORD_TYPES] = {
    [SERVER_PASSWORD_UPPERCASE] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    [SERVER_PASSWORD_LOWERCASE] = "abcdefghijklmnopqrstuvwxyz",
    [SERVER_PASSWORD_NUMBERS] = "0123456789",
    [SERVER_PASSWORD_PUNCTUATION] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    [SERVER_PASSWORD_SPACE] = " ",
};

struct alphabet {
    char characters[ALPHABET_MAX];
    size_t count;
};

static void add_characters(struct alphabet *alphabet, const char *characters, const char *exclude)
{
    for (; *characters; characters++) {
        if (!strchr(exclude, *characters))
            alphabet->characters[alphabet->count++] = *characters;
    }
}

/* A number below `limit` (1..65536), all equally likely. */
static bool draw(size_t limit, size_t *out_number)
{
    uint32_t whole = UINT32_C(1) << 16;
    uint16_t number = 0;
    whole -= whole % (uint32_t)limit;
    do {
        if (RAND_priv_bytes((unsigned char *)&number, sizeof number) != 1)
            return false;
    } while (number >= whole);
    *out_number = number % limit;
    explicit_bzero(&number, sizeof number);
    return true;
}

static bool append(struct sm_secret *password, const struct alphabet *alphabet)
{
    size_t room, which;
    if (!draw(alphabet->count, &which))
        return false;
    *(char *)sm_secret_room(password, &room) = alphabet->characters[which];
    sm_secret_grow(password, 1);
    return true;
}

/* Fisher and Yates. */
static bool shuffle(char *text, size_t len)
{
    for (size_t left = len; left > 1; left--) {
        size_t which;
        if (!draw(left, &which))
            return false;
        char moved = text[left - 1];
        text[left - 1] = text[which];
        text[which] = moved;
    }
    return true;
}

static enum server_password_result gather(const struct server_password_rule *rule,
                                          struct alphabet each[SERVER_PASSWORD_TYPES],
                                          struct alphabet *all)
{
    size_t types = 0;
    bool emptied = false;
    for (size_t i = 0; i < SERVER_PASSWORD_TYPES; i++) {
        if (!rule->include[i])
            continue;
        types++;
        add_characters(&each[i], alphabets[i], rule->exclude);
        add_characters(all, alphabets[i], rule->exclude);
        emptied = emptied || each[i].count == 0;
    }
    if (all->count == 0)
        return SERVER_PASSWORD_ALL_EXCLUDED;
    if (rule->require_each && emptied)
        return SERVER_PASSWORD_TYPE_EXCLUDED;
    if (rule->require_each && rule->len < types)
        return SERVER_PASSWORD_TOO_SHORT;
    return SERVER_PASSWORD_OK;
}

enum server_password_result server_password_make(struct sm_vault *vault,
                                                 const struct server_password_rule *rule,
                                                 struct sm_secret **out_password)
{
    struct alphabet each[SERVER_PASSWORD_TYPES] = {0}, all = {0};
    sm_autosecret struct sm_secret *password = NULL;
    size_t room;
    enum server_password_result result = gather(rule, each, &all);
    if (result != SERVER_PASSWORD_OK)
        return result;
    if (sm_secret_alloc(vault, rule->len, &password) != SMCRED_OK)
        return SERVER_PASSWORD_FAILED;
    char *text = sm_secret_room(password, &room);
    for (size_t i = 0; i < SERVER_PASSWORD_TYPES; i++) {
        if (rule->include[i] && rule->require_each && !append(password, &each[i]))
            return SERVER_PASSWORD_FAILED;
    }
    while (sm_secret_view(password).len < rule->len) {
        if (!append(password, &all))
            return SERVER_PASSWORD_FAILED;
    }
    if (!shuffle(text, rule->len))
        return SERVER_PASSWORD_FAILED;
    *out_password = sm_take_ptr(&password);
    return SERVER_PASSWORD_OK;
}

static enum server_error fail_password(struct server_call *call, enum server_password_result result)
{
    switch (result) {
    case SERVER_PASSWORD_OK:
        return SERVER_OK;
    case SERVER_PASSWORD_TOO_SHORT:
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "Password length is too short based on the required types.");
    case SERVER_PASSWORD_TYPE_EXCLUDED:
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "All characters of the desired type have been excluded");
    case SERVER_PASSWORD_ALL_EXCLUDED:
        return server_fail(call, SERVER_INVALID_PARAMETER,
                           "All characters have been excluded from selection");
    case SERVER_PASSWORD_FAILED:
        return server_fail_status(call, SMCRED_NO_MEMORY);
    }
    return server_fail_status(call, SMCRED_NO_MEMORY);
}

enum server_error server_get_random_password(struct server_call *call)
{
    const cJSON *in = call->input;
    const char *exclude = server_json_text(in, "ExcludeCharacters");
    const cJSON *require = server_json_get(in, "RequireEachIncludedType");
    sm_autosecret struct sm_secret *password = NULL;
    struct server_password_rule rule = {
        .len = (size_t)server_json_number(in, "PasswordLength", LEN_DEFAULT),
        .include = {[SERVER_PASSWORD_UPPERCASE] = !server_json_is_true(in, "ExcludeUppercase"),
                    [SERVER_PASSWORD_LOWERCASE] = !server_json_is_true(in, "ExcludeLowercase"),
                    [SERVER_PASSWORD_NUMBERS] = !server_json_is_true(in, "ExcludeNumbers"),
                    [SERVER_PASSWORD_PUNCTUATION] = !server_json_is_true(in, "ExcludePunctuation"),
                    [SERVER_PASSWORD_SPACE] = server_json_is_true(in, "IncludeSpace")},
        .require_each = !require || cJSON_IsTrue(require),
        .exclude = exclude ? exclude : "",
    };
    enum server_password_result result =
        server_password_make(call->server->vault, &rule, &password);
    if (result != SERVER_PASSWORD_OK)
        return fail_password(call, result);
    server_json_add(call->output, "RandomPassword", sm_secret_view(password).data);
    return SERVER_OK;
}
