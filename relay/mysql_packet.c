/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_packet.c - parsing and writing MySQL's packets.
 *
 * Integers are little-endian.  "Length-encoded" is a number in 1 to 9 bytes, and a text after one.
 */
#include "relay/mysql_packet.h"

#include <strings.h>

#include "common/refusal.h"

#define RESPONSE_HEAD    32 /* bytes: all of a request for TLS, the beginning of a response */
#define PROTOCOL_VERSION 10
#define LENENC_NULL      0xfb
#define LENENC_2         0xfc
#define LENENC_3         0xfd
#define LENENC_8         0xfe
#define PROOF_MAX        250 /* bytes: a length-encoded length of one byte */

/* Bytes that are eaten from the front; what is not there breaks it, for good. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool broken;
};

static struct reader reader_of(struct sm_bytes bytes)
{
    return (struct reader){.at = bytes.data, .left = bytes.len};
}

static struct sm_bytes take(struct reader *in, uint64_t len)
{
    if (in->broken || len > in->left) {
        in->broken = true;
        return sm_bytes(NULL, 0);
    }
    struct sm_bytes taken = sm_bytes(in->at, (size_t)len);
    if (len > 0)
        in->at += len;
    in->left -= (size_t)len;
    return taken;
}

static uint64_t take_number(struct reader *in, size_t len)
{
    struct sm_bytes bytes = take(in, len);
    const uint8_t *at = bytes.data;
    uint64_t number = 0;
    for (size_t i = bytes.len; i > 0; i--)
        number = number << 8 | at[i - 1];
    return number;
}

static uint64_t take_lenenc(struct reader *in)
{
    uint64_t first = take_number(in, 1);
    if (first < LENENC_NULL)
        return first;
    switch (first) {
    case LENENC_2:
        return take_number(in, 2);
    case LENENC_3:
        return take_number(in, 3);
    case LENENC_8:
        return take_number(in, 8);
    default: /* NULL, or an error's mark: no number */
        in->broken = true;
        return 0;
    }
}

static struct sm_bytes take_lenenc_text(struct reader *in)
{
    return take(in, take_lenenc(in));
}

/* A text up to its NUL; "" where nothing is left, as clients leave out what is empty at the end. */
static const char *take_text(struct reader *in)
{
    if (in->broken || in->left == 0)
        return "";
    const char *text = (const char *)in->at;
    const uint8_t *end = memchr(in->at, 0, in->left);
    (void)take(in, end ? (size_t)(end - in->at) + 1 : in->left + 1); /* no end breaks it */
    return end ? text : "";
}

/* Copies a text that must fit. */
static void copy_text(struct reader *in, char *buffer, size_t size)
{
    const char *text = take_text(in);
    size_t len = strlen(text);
    if (len < size)
        memcpy(buffer, text, len + 1);
    else
        in->broken = true;
}

/* Copies so many bytes, if they are there. */
static void copy_bytes(struct reader *in, void *buffer, size_t len)
{
    struct sm_bytes bytes = take(in, len);
    if (bytes.len > 0)
        memcpy(buffer, bytes.data, bytes.len);
}

/* ---- packets ---- */

size_t mysql_packet_len(const uint8_t header[MYSQL_HEADER])
{
    uint32_t len = mysql_body_len(header);
    return len <= MYSQL_PACKET_MAX ? MYSQL_HEADER + (size_t)len : 0;
}

enum smcred_status mysql_packet_parse(struct sm_bytes bytes, struct mysql_packet *out_packet)
{
    const uint8_t *at = bytes.data;
    if (bytes.len < MYSQL_HEADER)
        return SMCRED_NOT_FOUND;
    size_t len = mysql_packet_len(at);
    if (len == 0)
        return SMCRED_PROTOCOL;
    if (bytes.len < len)
        return SMCRED_NOT_FOUND;
    *out_packet = (struct mysql_packet){.sequence = at[3],
                                        .whole = sm_bytes(at, len),
                                        .body = sm_bytes(at + MYSQL_HEADER, len - MYSQL_HEADER)};
    return SMCRED_OK;
}

enum smcred_status mysql_packet_write(struct relay_buffer *out, uint8_t sequence,
                                      const struct sm_bytes *pieces, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    if (len > MYSQL_PACKET_MAX)
        return SMCRED_TOO_LARGE;
    uint8_t *room;
    enum smcred_status status = relay_buffer_reserve(out, MYSQL_HEADER + len, &room);
    if (status != SMCRED_OK)
        return status;
    const uint8_t header[MYSQL_HEADER] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                                          sequence};
    memcpy(room, header, sizeof header);
    room += sizeof header;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0)
            memcpy(room, pieces[i].data, pieces[i].len);
        room += pieces[i].len;
    }
    relay_buffer_grow(out, MYSQL_HEADER + len);
    return SMCRED_OK;
}

/* ---- the server's greeting ---- */

enum smcred_status mysql_greeting_parse(struct sm_bytes body, struct mysql_greeting *out_greeting)
{
    struct mysql_greeting greeting = {.version = ""};
    struct reader in = reader_of(body);
    if (take_number(&in, 1) != PROTOCOL_VERSION)
        return in.broken ? SMCRED_PROTOCOL : SMCRED_UNSUPPORTED;
    copy_text(&in, greeting.version, sizeof greeting.version);
    greeting.thread_id = (uint32_t)take_number(&in, 4);
    copy_bytes(&in, greeting.nonce, 8);
    (void)take(&in, 1); /* always 0 */
    greeting.capabilities = (uint32_t)take_number(&in, 2);
    greeting.charset = (uint8_t)take_number(&in, 1);
    greeting.status = (uint16_t)take_number(&in, 2);
    greeting.capabilities |= (uint32_t)take_number(&in, 2) << 16;
    size_t nonce_len = (size_t)take_number(&in, 1);
    (void)take(&in, 6); /* reserved */
    greeting.extended = (uint32_t)take_number(&in, 4);
    if (in.broken)
        return SMCRED_PROTOCOL;
    if (!(greeting.capabilities & MYSQL_PROTOCOL_41) ||
        !(greeting.capabilities & MYSQL_SECURE_CONNECTION))
        return SMCRED_UNSUPPORTED;
    /* At least 13 bytes, the last of which is 0: it belongs to no nonce. */
    copy_bytes(&in, greeting.nonce + 8, MYSQL_NONCE - 8);
    (void)take(&in, nonce_len > MYSQL_NONCE + 1 ? nonce_len - MYSQL_NONCE : 1);
    if (greeting.capabilities & MYSQL_PLUGIN_AUTH)
        copy_text(&in, greeting.plugin, sizeof greeting.plugin);
    if (in.broken)
        return SMCRED_PROTOCOL;
    if (greeting.capabilities & MYSQL_CLIENT_MYSQL)
        greeting.extended = 0; /* the bytes are reserved there */
    *out_greeting = greeting;
    return SMCRED_OK;
}

static void put_number(uint8_t *at, size_t len, uint64_t number)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

enum smcred_status mysql_greeting_write(struct relay_buffer *out, uint8_t sequence,
                                        const struct mysql_greeting *greeting)
{
    static const uint8_t version = PROTOCOL_VERSION;
    uint8_t first[13] = {0}, second[18] = {0}; /* before and after the lower capabilities */
    put_number(first, 4, greeting->thread_id);
    memcpy(first + 4, greeting->nonce, 8);
    put_number(second, 2, greeting->capabilities);
    second[2] = greeting->charset;
    put_number(second + 3, 2, greeting->status);
    put_number(second + 5, 2, greeting->capabilities >> 16);
    second[7] = greeting->plugin[0] != '\0' ? MYSQL_NONCE + 1 : 0;
    put_number(second + 14, 4, greeting->extended);
    const struct sm_bytes pieces[] = {
        sm_bytes(&version, 1),
        sm_bytes(greeting->version, strlen(greeting->version) + 1),
        sm_bytes(first, sizeof first),
        sm_bytes(second, sizeof second),
        sm_bytes(greeting->nonce + 8, MYSQL_NONCE - 8),
        sm_bytes("", 1),
        sm_bytes(greeting->plugin,
                 greeting->capabilities & MYSQL_PLUGIN_AUTH ? strlen(greeting->plugin) + 1 : 0)};
    return mysql_packet_write(out, sequence, pieces, sizeof pieces / sizeof *pieces);
}

/* ---- the client's response ---- */

static struct sm_bytes take_proof(struct reader *in, uint32_t capabilities)
{
    if (capabilities & MYSQL_LENENC_PROOF)
        return take_lenenc_text(in);
    if (capabilities & MYSQL_SECURE_CONNECTION)
        return take(in, take_number(in, 1));
    return sm_bytes_of(take_text(in));
}

static bool are_attributes(struct sm_bytes attributes)
{
    struct reader in = reader_of(attributes);
    while (!in.broken && in.left > 0) {
        (void)take_lenenc_text(&in);
        (void)take_lenenc_text(&in);
    }
    return !in.broken && attributes.len <= MYSQL_ATTRIBUTES_MAX;
}

enum smcred_status mysql_response_parse(struct sm_bytes body, struct mysql_response *out_response)
{
    struct mysql_response response = {.database = "", .plugin = ""};
    struct reader in = reader_of(body);
    response.capabilities = (uint32_t)take_number(&in, 2);
    if (!in.broken && !(response.capabilities & MYSQL_PROTOCOL_41))
        return SMCRED_UNSUPPORTED;
    response.capabilities |= (uint32_t)take_number(&in, 2) << 16;
    response.max_packet = (uint32_t)take_number(&in, 4);
    response.charset = (uint8_t)take_number(&in, 1);
    (void)take(&in, 19); /* reserved */
    uint32_t extended = (uint32_t)take_number(&in, 4);
    if (!(response.capabilities & MYSQL_CLIENT_MYSQL))
        response.extended = extended;
    if (in.left == 0)
        in.broken = true; /* a request for TLS */
    response.user = take_text(&in);
    response.proof = take_proof(&in, response.capabilities);
    if (response.capabilities & MYSQL_WITH_DB)
        response.database = take_text(&in);
    if (response.capabilities & MYSQL_PLUGIN_AUTH)
        response.plugin = take_text(&in);
    if (response.capabilities & MYSQL_ATTRIBUTES && in.left > 0)
        response.attributes = take_lenenc_text(&in);
    if (in.broken || !are_attributes(response.attributes))
        return SMCRED_PROTOCOL;
    *out_response = response;
    return SMCRED_OK;
}

enum smcred_status mysql_change_user_parse(struct sm_bytes body,
                                           struct mysql_response *in_out_response)
{
    struct mysql_response response = *in_out_response;
    struct reader in = reader_of(body);
    uint32_t has = response.capabilities;
    (void)take_number(&in, 1); /* the command */
    response.plugin = "";
    response.attributes = sm_bytes(NULL, 0);
    response.user = take_text(&in);
    response.proof = take_proof(&in, has & ~MYSQL_LENENC_PROOF);
    response.database = take_text(&in);
    uint64_t charset = in.left > 0 ? take_number(&in, 2) : 0;
    if (has & MYSQL_PLUGIN_AUTH)
        response.plugin = take_text(&in);
    if (has & MYSQL_ATTRIBUTES && in.left > 0)
        response.attributes = take_lenenc_text(&in);
    if (in.broken || !are_attributes(response.attributes))
        return SMCRED_PROTOCOL;
    if (charset > 0 && charset <= UINT8_MAX)
        response.charset = (uint8_t)charset;
    *in_out_response = response;
    return SMCRED_OK;
}

/* Writes a length-encoded number; how many bytes it took. */
static size_t put_lenenc(uint8_t room[9], size_t number)
{
    if (number < LENENC_NULL) {
        room[0] = (uint8_t)number;
        return 1;
    }
    size_t len = number <= 0xffff ? 2 : number <= 0xffffff ? 3 : 8;
    room[0] = len == 2 ? LENENC_2 : len == 3 ? LENENC_3 : LENENC_8;
    put_number(room + 1, len, number);
    return len + 1;
}

/* What a response and the request for TLS before it begin with. */
static void put_head(uint8_t head[RESPONSE_HEAD], const struct mysql_response *response,
                     uint32_t capabilities)
{
    memset(head, 0, RESPONSE_HEAD);
    put_number(head, 4, capabilities);
    put_number(head + 4, 4, response->max_packet);
    head[8] = response->charset;
    put_number(head + 28, 4, response->extended);
}

bool mysql_is_tls_request(struct sm_bytes body)
{
    struct reader in = reader_of(body);
    return body.len == RESPONSE_HEAD && take_number(&in, 4) & MYSQL_SSL;
}

enum smcred_status mysql_tls_request_write(struct relay_buffer *out, uint8_t sequence,
                                           const struct mysql_response *response)
{
    uint8_t head[RESPONSE_HEAD];
    put_head(head, response, response->capabilities | MYSQL_SSL);
    const struct sm_bytes piece = sm_bytes(head, sizeof head);
    return mysql_packet_write(out, sequence, &piece, 1);
}

static struct sm_bytes text_if(const struct mysql_response *response, uint32_t capability,
                               const char *text)
{
    return sm_bytes(text, response->capabilities & capability ? strlen(text) + 1 : 0);
}

enum smcred_status mysql_response_write(struct relay_buffer *out, uint8_t sequence,
                                        const struct mysql_response *response)
{
    uint8_t head[RESPONSE_HEAD], attributes_len[9];
    uint8_t proof_len = (uint8_t)response->proof.len;
    bool has_attributes = response->capabilities & MYSQL_ATTRIBUTES;
    if (response->proof.len > PROOF_MAX)
        return SMCRED_TOO_LARGE;
    put_head(head, response, response->capabilities);
    size_t len_len = put_lenenc(attributes_len, response->attributes.len);
    const struct sm_bytes pieces[] = {
        sm_bytes(head, sizeof head),
        sm_bytes(response->user, strlen(response->user) + 1),
        sm_bytes(&proof_len, 1),
        response->proof,
        text_if(response, MYSQL_WITH_DB, response->database),
        text_if(response, MYSQL_PLUGIN_AUTH, response->plugin),
        sm_bytes(attributes_len, has_attributes ? len_len : 0),
        sm_bytes(response->attributes.data, has_attributes ? response->attributes.len : 0)};
    return mysql_packet_write(out, sequence, pieces, sizeof pieces / sizeof *pieces);
}

enum smcred_status mysql_change_user_write(struct relay_buffer *out,
                                           const struct mysql_response *response)
{
    static const uint8_t command = 0x11; /* COM_CHANGE_USER */
    uint8_t proof_len = (uint8_t)response->proof.len, attributes_len[9];
    uint8_t charset[2] = {response->charset, 0};
    bool has_attributes = response->capabilities & MYSQL_ATTRIBUTES;
    if (response->proof.len > PROOF_MAX)
        return SMCRED_TOO_LARGE;
    size_t len_len = put_lenenc(attributes_len, response->attributes.len);
    const struct sm_bytes pieces[] = {
        sm_bytes(&command, 1),
        sm_bytes(response->user, strlen(response->user) + 1),
        sm_bytes(&proof_len, 1),
        response->proof,
        sm_bytes(response->database, strlen(response->database) + 1),
        sm_bytes(charset, sizeof charset),
        text_if(response, MYSQL_PLUGIN_AUTH, response->plugin),
        sm_bytes(attributes_len, has_attributes ? len_len : 0),
        sm_bytes(response->attributes.data, has_attributes ? response->attributes.len : 0)};
    return mysql_packet_write(out, 0, pieces, sizeof pieces / sizeof *pieces);
}

/* ---- connection attributes ---- */

bool mysql_attribute(struct sm_bytes attributes, const char *key, char *buffer, size_t size)
{
    struct reader in = reader_of(attributes);
    while (!in.broken && in.left > 0) {
        struct sm_bytes name = take_lenenc_text(&in);
        struct sm_bytes value = take_lenenc_text(&in);
        if (in.broken || !sm_bytes_is(name, key))
            continue;
        if (value.len >= size || (value.len > 0 && memchr(value.data, 0, value.len)))
            return false;
        if (value.len > 0)
            memcpy(buffer, value.data, value.len);
        buffer[value.len] = '\0';
        return true;
    }
    return false;
}

static enum smcred_status add_attribute(struct relay_buffer *out, struct sm_bytes key,
                                        struct sm_bytes value)
{
    uint8_t key_len[9], value_len[9], *room;
    const struct sm_bytes pieces[] = {sm_bytes(key_len, put_lenenc(key_len, key.len)), key,
                                      sm_bytes(value_len, put_lenenc(value_len, value.len)), value};
    size_t len = pieces[0].len + key.len + pieces[2].len + value.len;
    enum smcred_status status = relay_buffer_reserve(out, len, &room);
    if (status != SMCRED_OK)
        return status;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        if (pieces[i].len > 0)
            memcpy(room, pieces[i].data, pieces[i].len);
        room += pieces[i].len;
    }
    relay_buffer_grow(out, len);
    return SMCRED_OK;
}

/*
 * Servers convert names from the client's character set, and end one at the first byte that is not
 * of it; people compare them without regard to case.
 */
static bool passes_for_ours(struct sm_bytes name)
{
    static const char ours[] = "smcred";
    const char *at = name.data;
    for (size_t left = name.len; left >= sizeof ours - 1; left--, at++) {
        if (strncasecmp(at, ours, sizeof ours - 1) == 0)
            return true;
    }
    return false;
}

enum smcred_status mysql_attributes_write(struct relay_buffer *out, struct sm_bytes attributes,
                                          const char *key, const char *value)
{
    struct reader in = reader_of(attributes);
    enum smcred_status status = add_attribute(out, sm_bytes_of(key), sm_bytes_of(value));
    while (status == SMCRED_OK && in.left > 0) {
        struct sm_bytes name = take_lenenc_text(&in);
        struct sm_bytes text = take_lenenc_text(&in);
        if (in.broken)
            return SMCRED_PROTOCOL;
        if (passes_for_ours(name))
            continue;
        status = add_attribute(out, name, text);
        if (status == SMCRED_TOO_LARGE)
            status = SMCRED_OK; /* ours took its room */
    }
    return status;
}

/* ---- auth switches ---- */

bool mysql_switch_parse(struct sm_bytes body, struct mysql_switch *out_switch)
{
    struct mysql_switch it = {.plugin = ""};
    struct reader in = reader_of(body);
    (void)take(&in, 1);
    copy_text(&in, it.plugin, sizeof it.plugin);
    it.data = take(&in, in.left);
    if (in.broken || it.data.len > MYSQL_SWITCH_MAX)
        return false;
    *out_switch = it;
    return true;
}

enum smcred_status mysql_switch_write(struct relay_buffer *out, uint8_t sequence,
                                      const char *plugin, struct sm_bytes nonce)
{
    static const uint8_t kind = MYSQL_SWITCH;
    const struct sm_bytes pieces[] = {sm_bytes(&kind, 1), sm_bytes(plugin, strlen(plugin) + 1),
                                      nonce, sm_bytes("", 1)};
    return mysql_packet_write(out, sequence, pieces, sizeof pieces / sizeof *pieces);
}

/* ---- errors ---- */

bool mysql_error_parse(struct sm_bytes body, struct mysql_error *out_error)
{
    struct mysql_error error = {.sqlstate = "HY000"};
    struct reader in = reader_of(body);
    (void)take(&in, 1);
    error.code = (uint16_t)take_number(&in, 2);
    if (in.left >= 6 && *in.at == '#') {
        (void)take(&in, 1);
        copy_bytes(&in, error.sqlstate, 5);
    }
    struct sm_bytes text = take(&in, in.left);
    if (in.broken)
        return false;
    size_t len = text.len < sizeof error.text ? text.len : sizeof error.text - 1;
    if (len > 0)
        memcpy(error.text, text.data, len); /* cut off if need be */
    *out_error = error;
    return true;
}

enum smcred_status mysql_error_write(struct relay_buffer *out, uint8_t sequence,
                                     const struct relay_error *error, bool with_sqlstate)
{
    uint8_t head[3] = {MYSQL_ERROR};
    const struct refusal_code code = refusal_mysql_code(error->sqlstate);
    put_number(head + 1, 2, code.number);
    const struct sm_bytes pieces[] = {sm_bytes(head, sizeof head),
                                      sm_bytes("#", with_sqlstate ? 1 : 0),
                                      sm_bytes(code.sqlstate, with_sqlstate ? 5 : 0),
                                      sm_bytes_of("smcred: "),
                                      sm_bytes_of(error->text),
                                      sm_bytes_of(error->hint[0] != '\0' ? " - " : ""),
                                      sm_bytes_of(error->hint)};
    return mysql_packet_write(out, sequence, pieces, sizeof pieces / sizeof *pieces);
}
