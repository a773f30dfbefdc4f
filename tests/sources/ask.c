/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.c - one question to a chain of sources, for the shell tests beside it.
 *
 *     ask MODULE_DIR LINE [SECTION.KEY=VALUE]... -- fetch ID [STAGE [VERSION_ID]]
 *     ask MODULE_DIR LINE [SECTION.KEY=VALUE]... -- stages ID
 *     ask MODULE_DIR LINE [SECTION.KEY=VALUE]... -- many ID...
 *     ask MODULE_DIR LINE [SECTION.KEY=VALUE]... -- search ID BACKWARDS [plant]
 *     ask MODULE_DIR LINE [SECTION.KEY=VALUE]... -- call OPERATION JSON
 *
 * `search` fetches, lets go of everything, and says how often the text BACKWARDS spells from its
 * end stands in this process's writable memory; with `plant`, after putting one there. Prints
 * "STATUS", then what was found, or "CODE|TEXT" on failure.  ASK_DEADLINE_MS is the patience. It
 * prints passwords: it is a test.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "sources/chain.h"

#define SETTINGS_MAX     16
#define REGION_MAX_BYTES (1ul << 30) /* larger ones are a sanitizer's shadow */

static struct source_chain_section sections[SETTINGS_MAX];
static struct sm_source_setting settings[SETTINGS_MAX];
static size_t setting_count;

/* "aws.region=us-east-1": each setting becomes part of its section's list. */
static void add_setting(char *text)
{
    char *dot = strchr(text, '.');
    char *equal = strchr(text, '=');
    if (!dot || !equal || setting_count == SETTINGS_MAX)
        exit(2);
    *dot = *equal = '\0';
    if (setting_count > 0 && strcmp(sections[0].name, text) != 0)
        exit(2); /* one section is enough here */
    sections[0].name = text;
    settings[setting_count++] = (struct sm_source_setting){dot + 1, equal + 1};
    sections[0].settings = (struct sm_source_settings){settings, setting_count};
}

static int64_t deadline_ms(void)
{
    const char *text = getenv("ASK_DEADLINE_MS");
    return sm_boot_ms() + (text ? strtol(text, NULL, 10) : 10000);
}

static int fail(enum smcred_status status, const struct sm_error *err)
{
    printf("%s\n%s|%s\n", sm_status_text(status), err->code, err->text);
    return 1;
}

static int fetch(struct source_chain *chain, char **words)
{
    struct sm_error err = {.text = ""};
    struct sm_snapshot *found;
    const struct sm_source_query query = {.secret_id = words[1],
                                          .stage = words[2],
                                          .version_id = words[2] ? words[3] : NULL,
                                          .deadline_ms = deadline_ms()};
    enum smcred_status status = source_chain_fetch(chain, &query, &found, &err);
    if (status != SMCRED_OK)
        return fail(status, &err);
    printf("ok\nname=%s\narn=%s\nversion=%s\nstages=%s\nusername=%s\nhost=%s\nport=%" PRIu32
           "\ndbname=%s\nengine=%s\npassword=%s\n",
           found->name, found->arn, found->version_id, found->stages, found->username, found->host,
           found->port, found->dbname, found->engine,
           found->password ? (const char *)sm_secret_view(found->password).data : "(none)");
    sm_snapshot_unref(found);
    return 0;
}

/* How often the reverse of `backwards` stands in those bytes; it is nowhere spelt forwards. */
static size_t count_reversed(const char *data, size_t size, const char *backwards)
{
    size_t len = strlen(backwards), found = 0;
    for (size_t at = 0; at + len <= size; at++) {
        size_t same = 0;
        while (same < len && data[at + same] == backwards[len - 1 - same])
            same++;
        found += same == len;
    }
    return found;
}

/* Memory that even we cannot read this way, memfd_secret's, is passed over. */
static size_t search_memory(const char *backwards)
{
    static char line[512], piece[1 << 16];
    FILE *maps = fopen("/proc/self/maps", "re");
    FILE *memory = fopen("/proc/self/mem", "re");
    size_t found = 0;
    if (!maps || !memory)
        exit(2);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[1] != 'w' ||
            to - from > REGION_MAX_BYTES)
            continue;
        for (unsigned long at = from; at < to; at += sizeof piece) {
            size_t size = to - at < sizeof piece ? to - at : sizeof piece;
            bool is_own =
                (unsigned long)piece < at + size && at < (unsigned long)piece + sizeof piece;
            ssize_t len = is_own ? 0 : pread(fileno(memory), piece, size, (off_t)at);
            found += len > 0 ? count_reversed(piece, (size_t)len, backwards) : 0;
        }
    }
    (void)fclose(maps);
    (void)fclose(memory);
    return found;
}

static int search(struct source_chain *chain, char **words)
{
    struct sm_error err = {.text = ""};
    struct sm_snapshot *found;
    const struct sm_source_query query = {.secret_id = words[1], .deadline_ms = deadline_ms()};
    enum smcred_status status = source_chain_fetch(chain, &query, &found, &err);
    if (status != SMCRED_OK)
        return fail(status, &err);
    char *planted = words[3] ? strdup(sm_secret_view(found->password).data) : NULL;
    sm_snapshot_unref(found);
    printf("ok\nleft=%zu\n", search_memory(words[2]));
    free(planted);
    return 0;
}

static int stages(struct source_chain *chain, char **words)
{
    struct sm_error err = {.text = ""};
    struct sm_stage_map map;
    const struct sm_source_query query = {.secret_id = words[1], .deadline_ms = deadline_ms()};
    enum smcred_status status = source_chain_stages(chain, &query, &map, &err);
    if (status != SMCRED_OK)
        return fail(status, &err);
    printf("ok\n");
    for (size_t i = 0; i < map.count; i++)
        printf("%s=%s\n", map.list[i].label, map.list[i].version_id);
    printf("fixed=%d\ndeleted=%d\nrotated=%d\nnext=%d\n", map.fixed, map.deleted,
           map.rotated_at_ms > 0, map.next_rotation_ms > 0);
    return 0;
}

static int many(struct source_chain *chain, char **words)
{
    static struct sm_stage_map maps[SM_STAGES_MANY_MAX];
    struct sm_error err = {.text = ""};
    const char *ids[SM_STAGES_MANY_MAX];
    bool found[SM_STAGES_MANY_MAX];
    size_t count = 0;
    for (; words[1 + count] && count < SM_STAGES_MANY_MAX; count++)
        ids[count] = words[1 + count];
    enum smcred_status status =
        source_chain_stages_many(chain, ids, count, deadline_ms(), maps, found, &err);
    if (status != SMCRED_OK)
        return fail(status, &err);
    printf("ok\n");
    for (size_t i = 0; i < count; i++) {
        printf("%s", ids[i]);
        for (size_t k = 0; found[i] && k < maps[i].count; k++)
            printf(" %s=%s", maps[i].list[k].label, maps[i].list[k].version_id);
        printf("%s\n", found[i] ? "" : " unseen");
    }
    return 0;
}

static int call(struct source_chain *chain, struct sm_vault *vault, char **words)
{
    struct sm_error err = {.text = ""};
    struct sm_secret *request, *answer;
    if (!words[2] || sm_secret_new(vault, sm_bytes_of(words[2]), &request) != SMCRED_OK)
        return 2;
    enum smcred_status status =
        source_chain_call(chain, words[1], request, deadline_ms(), &answer, &err);
    sm_secret_free(request);
    if (status != SMCRED_OK)
        return fail(status, &err);
    printf("ok\n%s\n", (const char *)sm_secret_view(answer).data);
    sm_secret_free(answer);
    return 0;
}

static int ask(struct source_chain *chain, struct sm_vault *vault, char **words)
{
    struct sm_error err = {.text = ""};
    enum smcred_status status = source_chain_open(chain, sections, setting_count > 0, vault, &err);
    if (status != SMCRED_OK)
        return fail(status, &err);
    if (strcmp(words[0], "fetch") == 0)
        return fetch(chain, words);
    if (strcmp(words[0], "search") == 0)
        return search(chain, words);
    if (strcmp(words[0], "stages") == 0)
        return stages(chain, words);
    if (strcmp(words[0], "many") == 0)
        return many(chain, words);
    return call(chain, vault, words);
}

int main(int argc, char **argv)
{
    struct sm_error err = {.text = ""};
    struct source_chain *chain;
    struct sm_vault *vault;
    int at = 3;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++)
        add_setting(argv[at]);
    if (at + 2 >= argc || sm_vault_new(&vault) != SMCRED_OK)
        return 2;
    enum smcred_status status = source_chain_load(argv[2], argv[1], &chain, &err);
    if (status != SMCRED_OK) {
        sm_vault_free(vault);
        return fail(status, &err);
    }
    int code = ask(chain, vault, argv + at + 1);
    source_chain_free(chain);
    sm_vault_free(vault);
    return code;
}
