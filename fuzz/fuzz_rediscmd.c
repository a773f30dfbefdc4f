/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_rediscmd.c - what clients of Redis say, on its way to a server.
 *
 * The first byte says how long the pieces are in which the rest comes, whether the target permits
 * replication, and whether its user is called default.  What a server hears does not depend on
 * that, as long as it is protocol at all; it has no login, no RESET and no wish for replication in
 * it, at any command's beginning; and is the same when it is sifted once more.
 */
#include <stdlib.h>

#include "relay/redis_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEARD_MAX (64 * REDIS_COMMAND_MAX)

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* What becomes of words that come in such pieces.  False: it was no protocol in the end. */
static bool sift_all(struct redis_filter filter, struct sm_bytes words, size_t piece,
                     struct relay_buffer *server, struct relay_buffer *client)
{
    const uint8_t *at = words.data, *end = at + words.len;
    while (at < end) {
        struct relay_sifted sifted = {.taken = 0};
        struct relay_buffer instead = relay_buffer(REDIS_INSTEAD_MAX);
        struct sm_bytes part =
            sm_bytes(at, (size_t)(end - at) < piece ? (size_t)(end - at) : piece);
        must(redis_filter_sift(&filter, part, &sifted, &instead, client));
        must(sifted.pass <= sifted.taken && sifted.taken <= part.len);
        must(sifted.taken > 0 || instead.len > 0);
        must(relay_buffer_add(server, sm_bytes(at, sifted.pass)) == SMCRED_OK);
        must(relay_buffer_add(server, relay_buffer_view(&instead)) == SMCRED_OK);
        relay_buffer_clear(&instead);
        at += sifted.taken;
    }
    bool is_protocol = !filter.broken;
    redis_filter_done(&filter);
    return is_protocol;
}

/* Commands that are here as a whole; what stands in the way of reading on is not ours to judge. */
static void look_for_logins(struct sm_bytes heard, bool may_replicate)
{
    struct redis_words words;
    struct sm_bytes name;
    size_t len = 0;
    while (redis_words_parse(heard, &words, &len) == SMCRED_OK) {
        size_t count = words.count;
        if (redis_words_next(&words, &name)) {
            must(!redis_word_is(name, "RESET"));
            must(may_replicate || !(redis_word_is(name, "SYNC") || redis_word_is(name, "PSYNC") ||
                                    redis_word_is(name, "REPLCONF")));
            must(!redis_word_is(name, "AUTH") || count < 2 || count > 3);
        }
        heard = sm_bytes((const uint8_t *)heard.data + len, heard.len - len);
        if (heard.len == 0)
            return;
    }
}

static bool same(const struct relay_buffer *a, const struct relay_buffer *b)
{
    return sm_bytes_equal(relay_buffer_view(a), relay_buffer_view(b));
}

static void wish(struct sm_bytes words)
{
    struct redis_wish wish;
    const uint8_t *end = (const uint8_t *)words.data + words.len;
    if (!redis_wish_parse(words, &wish))
        return;
    must(wish.user.len == 0 || (const uint8_t *)wish.user.data + wish.user.len <= end);
    must(wish.name.len == 0 || (const uint8_t *)wish.name.data + wish.name.len <= end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct relay_buffer whole = relay_buffer(HEARD_MAX), pieces = relay_buffer(HEARD_MAX);
    struct relay_buffer again = relay_buffer(HEARD_MAX), none = relay_buffer(HEARD_MAX);
    struct relay_buffer answer = relay_buffer(HEARD_MAX), answer_too = relay_buffer(HEARD_MAX);
    if (size < 2)
        return 0;
    struct sm_bytes words = sm_bytes(data + 1, size - 1);
    wish(words);
    bool may_replicate = (data[0] & 64) != 0;
    struct redis_filter fresh =
        redis_filter(data[0] & 128 ? "default" : "app", "alice", may_replicate);
    struct redis_filter spoken = fresh;
    spoken.spoke = true;
    bool is_protocol = sift_all(fresh, words, words.len, &whole, &answer);
    bool is_too = sift_all(fresh, words, 1 + data[0] % 64, &pieces, &answer_too);
    must(is_protocol == is_too && same(&answer, &answer_too));
    must(!is_protocol || same(&whole, &pieces));
    look_for_logins(relay_buffer_view(&whole), may_replicate);
    if (whole.len > 0) {
        (void)sift_all(spoken, relay_buffer_view(&whole), whole.len, &again, &none);
        must(same(&whole, &again) || !is_protocol);
        must(none.len == 0);
    }
    relay_buffer_clear(&whole);
    relay_buffer_clear(&pieces);
    relay_buffer_clear(&again);
    relay_buffer_clear(&none);
    relay_buffer_clear(&answer);
    relay_buffer_clear(&answer_too);
    return 0;
}
