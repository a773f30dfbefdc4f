/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_echo.c - COM_RESET_CONNECTION, SET ROLE NONE and SELECT 'word', in one breath, and their
 * answers.
 */
#include "relay/mysql_echo.h"

#include <openssl/rand.h>

#include "relay/mysql_packet.h"

#define COM_QUERY            0x03
#define COM_RESET_CONNECTION 0x1f
#define OKS                  2    /* before the word comes */
#define OK_LEN_MIN           7    /* bytes: kind, affected, insert id, status (2), warnings (2) */
#define EOF_LEN              5    /* bytes: kind, warnings (2), status (2) */
#define STATUS_AT            3    /* in both, in an OK if the two numbers before are 0 */
#define IN_TRANSACTION       0x01 /* and bits of the status */
#define MORE_RESULTS         0x08

bool mysql_echo_make(char word[MYSQL_ECHO_WORD])
{
    static const char digits[16] = "0123456789abcdef";
    uint8_t bytes[MYSQL_ECHO_WORD / 2];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    for (size_t i = 0; i < sizeof bytes; i++) {
        word[2 * i] = digits[bytes[i] >> 4];
        word[2 * i + 1] = digits[bytes[i] & 15];
    }
    return true;
}

static enum smcred_status add_query(struct relay_buffer *out, uint32_t capabilities,
                                    const char *before, struct sm_bytes word, const char *behind)
{
    static const uint8_t query[3] = {COM_QUERY, 0, 1}; /* of attributes: none, in one set */
    const struct sm_bytes pieces[] = {
        sm_bytes(query, capabilities & MYSQL_QUERY_ATTRIBUTES ? 3 : 1), sm_bytes_of(before), word,
        sm_bytes_of(behind)};
    return mysql_packet_write(out, 0, pieces, sizeof pieces / sizeof *pieces);
}

enum smcred_status mysql_echo_write(struct relay_buffer *out, uint32_t capabilities,
                                    const char word[MYSQL_ECHO_WORD])
{
    static const uint8_t reset = COM_RESET_CONNECTION;
    const struct sm_bytes first = sm_bytes(&reset, 1);
    enum smcred_status status = mysql_packet_write(out, 0, &first, 1);
    if (status == SMCRED_OK)
        status = add_query(out, capabilities, "SET ROLE NONE", sm_bytes("", 0), "");
    if (status == SMCRED_OK)
        status = add_query(out, capabilities, "/* smcred: nothing left unread? */ SELECT '",
                           sm_bytes(word, MYSQL_ECHO_WORD),
                           "' AS word FROM DUAL WHERE @@global.init_connect = '' AND NOT EXISTS"
                           " (SELECT 1 FROM information_schema.profiling) AND NOT EXISTS"
                           " (SELECT 1 FROM information_schema.optimizer_trace)");
    return status;
}

/* The packets of an answer, one after the other. */
struct walk {
    struct sm_bytes left;
    uint8_t sequence;
    enum smcred_status status; /* of the first that did not fit */
    struct sm_bytes body;
};

/* Goes on to the next packet; false if there is none, or an earlier one was wrong. */
static bool next(struct walk *walk)
{
    struct mysql_packet packet;
    if (walk->status == SMCRED_OK)
        walk->status = mysql_packet_parse(walk->left, &packet);
    if (walk->status != SMCRED_OK)
        return false;
    if (packet.sequence != walk->sequence++ || packet.body.len == 0) {
        walk->status = SMCRED_PROTOCOL;
        return false;
    }
    walk->left = sm_bytes((const uint8_t *)walk->left.data + packet.whole.len,
                          walk->left.len - packet.whole.len);
    walk->body = packet.body;
    return true;
}

static void expect(struct walk *walk, bool holds)
{
    if (walk->status == SMCRED_OK && !holds)
        walk->status = SMCRED_PROTOCOL;
}

/* An OK or the end of rows that leaves nothing open. */
static bool ends(struct sm_bytes body, uint8_t kind, size_t len_min)
{
    const uint8_t *at = body.data;
    bool has_numbers = body.len >= OK_LEN_MIN;
    return body.len >= len_min && at[0] == kind && (!has_numbers || (at[1] == 0 && at[2] == 0)) &&
           (at[STATUS_AT] & (IN_TRANSACTION | MORE_RESULTS)) == 0;
}

static bool begins_with(struct sm_bytes body, const void *bytes, size_t len)
{
    return body.len >= len && memcmp(body.data, bytes, len) == 0;
}

static bool is_row(struct sm_bytes body, const char word[MYSQL_ECHO_WORD])
{
    const uint8_t *at = body.data;
    return body.len == 1 + MYSQL_ECHO_WORD && at[0] == MYSQL_ECHO_WORD &&
           memcmp(at + 1, word, MYSQL_ECHO_WORD) == 0;
}

enum smcred_status mysql_echo_parse(struct sm_bytes bytes, uint32_t capabilities,
                                    const char word[MYSQL_ECHO_WORD])
{
    struct walk walk = {.left = bytes, .sequence = 1, .status = SMCRED_OK};
    bool has_eof = !(capabilities & MYSQL_DEPRECATE_EOF);
    for (int i = 0; i < OKS; i++) {
        walk.sequence = 1;
        if (next(&walk))
            expect(&walk, ends(walk.body, MYSQL_OK, OK_LEN_MIN));
    }
    walk.sequence = 1;
    if (next(&walk)) /* one column; MariaDB may say behind it whether its definition follows */
        expect(&walk, walk.body.len <= 2 && begins_with(walk.body, "\1", 1));
    if (next(&walk)) /* its definition, of the catalog "def" */
        expect(&walk, begins_with(walk.body, "\3def", 4));
    if (has_eof && next(&walk))
        expect(&walk, walk.body.len == EOF_LEN && ends(walk.body, MYSQL_SWITCH, EOF_LEN));
    if (next(&walk))
        expect(&walk, is_row(walk.body, word));
    if (next(&walk))
        expect(&walk, ends(walk.body, MYSQL_SWITCH, has_eof ? EOF_LEN : OK_LEN_MIN));
    expect(&walk, walk.left.len == 0);
    return walk.status;
}
