/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_mysqlmsg.c - MySQL's packets, both ways.
 *
 * The first byte says whose bytes follow.  A client's: a response that parses can be written with
 * other names and the human's stamp, and then says those.  A server's: a stream of packets can be
 * walked, and what is read from a greeting is what a client would read from ours.
 */
#include <stdlib.h>

#include "relay/mysql_echo.h"
#include "relay/mysql_guard.h"
#include "relay/mysql_kill.h"
#include "relay/mysql_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The only packet of some words. */
static struct sm_bytes body_of(const struct relay_buffer *words, uint8_t sequence)
{
    struct mysql_packet packet;
    must(mysql_packet_parse(relay_buffer_view(words), &packet) == SMCRED_OK);
    must(packet.sequence == sequence && packet.whole.len == words->len);
    return packet.body;
}

static bool holds(struct sm_bytes all, struct sm_bytes part)
{
    const char *begin = all.data, *at = part.data;
    return part.len == 0 || (at >= begin && at + part.len <= begin + all.len);
}

static void stamp(struct mysql_response *response, struct relay_buffer *attributes)
{
    if (mysql_attributes_write(attributes, response->attributes, "who", "alice") != SMCRED_OK)
        return;
    char who[16];
    must(mysql_attribute(relay_buffer_view(attributes), "who", who, sizeof who));
    must(strcmp(who, "alice") == 0);
    response->attributes = relay_buffer_view(attributes);
    response->capabilities |= MYSQL_ATTRIBUTES;
}

/* With another number it names that. */
static void reword(struct sm_bytes words)
{
    struct mysql_kill kill, again;
    struct relay_buffer out = relay_buffer(2 * MYSQL_PACKET_MAX);
    if (!mysql_kill_parse(words, &kill))
        return;
    must(kill.len > 0 && kill.at + kill.len <= words.len);
    if (mysql_kill_write(&out, words, &kill, 4711) == SMCRED_OK)
        must(mysql_kill_parse(relay_buffer_view(&out), &again) && again.thread_id == 4711);
    relay_buffer_clear(&out);
}

/* However the words come in pieces, the server hears the same, and as many. */
static void deny(struct sm_bytes words)
{
    struct mysql_flow whole = {.left = 0}, pieces = {.left = 0};
    uint8_t one[512], other[512];
    size_t len = words.len < sizeof one ? words.len : sizeof one;
    if (len == 0)
        return;
    memcpy(one, words.data, len);
    memcpy(other, words.data, len);
    must(mysql_deny(&whole, sm_bytes(one, len), false)); /* no file was asked for */
    for (size_t at = 0; at < len; at++)
        must(mysql_deny(&pieces, sm_bytes(other + at, 1), false));
    must(memcmp(one, other, len) == 0);
    must(mysql_may_command(&whole) == mysql_may_command(&pieces));
}

/* The shortest statement that is taken for the own password's change is this one. */
static void listen_to(struct sm_bytes words)
{
    must(!mysql_sets_password(words, "app") || words.len >= sizeof "set password=" - 1);
    (void)mysql_says_sets_password(words, "app");
    reword(words);
    deny(words);
}

static void change_user(struct sm_bytes body)
{
    struct mysql_response response = {.capabilities = MYSQL_PROTOCOL_41 | MYSQL_PLUGIN_AUTH |
                                                      MYSQL_ATTRIBUTES | MYSQL_SECURE_CONNECTION};
    if (mysql_change_user_parse(body, &response) != SMCRED_OK)
        return;
    must(holds(body, response.proof) && holds(body, response.attributes));
    must(strlen(response.user) + strlen(response.database) + strlen(response.plugin) <= body.len);
}

static void from_client(struct sm_bytes body)
{
    struct mysql_response response, again;
    struct relay_buffer out = relay_buffer(2 * MYSQL_PACKET_MAX);
    struct relay_buffer attributes = relay_buffer(MYSQL_ATTRIBUTES_MAX);
    listen_to(body);
    change_user(body);
    if (mysql_response_parse(body, &response) != SMCRED_OK)
        return;
    must(!mysql_is_tls_request(body));
    must(holds(body, response.proof) && holds(body, response.attributes));
    must(holds(body, sm_bytes(response.user, strlen(response.user) + 1)));
    stamp(&response, &attributes);
    response.user = "app";
    response.database = "orders";
    response.proof = sm_bytes("12345678901234567890", 20);
    response.capabilities |= MYSQL_WITH_DB | MYSQL_SECURE_CONNECTION;
    if (mysql_response_write(&out, 1, &response) == SMCRED_OK) {
        must(mysql_response_parse(body_of(&out, 1), &again) == SMCRED_OK);
        must(strcmp(again.user, "app") == 0 && strcmp(again.database, "orders") == 0);
        must(sm_bytes_equal(again.proof, response.proof));
        must(again.capabilities == response.capabilities && again.extended == response.extended);
        must(!(response.capabilities & MYSQL_ATTRIBUTES) ||
             sm_bytes_equal(again.attributes, response.attributes));
        must(!(response.capabilities & MYSQL_PLUGIN_AUTH) ||
             strcmp(again.plugin, response.plugin) == 0);
    }
    relay_buffer_clear(&out);
    relay_buffer_clear(&attributes);
}

static void greet(struct sm_bytes body)
{
    struct mysql_greeting greeting, again;
    struct relay_buffer out = relay_buffer(MYSQL_PACKET_MAX);
    if (mysql_greeting_parse(body, &greeting) != SMCRED_OK)
        return;
    must(mysql_greeting_write(&out, 0, &greeting) == SMCRED_OK);
    must(mysql_greeting_parse(body_of(&out, 0), &again) == SMCRED_OK);
    must(memcmp(again.nonce, greeting.nonce, sizeof again.nonce) == 0);
    must(strcmp(again.version, greeting.version) == 0);
    must(strcmp(again.plugin, greeting.plugin) == 0);
    must(again.capabilities == greeting.capabilities && again.extended == greeting.extended);
    must(again.thread_id == greeting.thread_id && again.status == greeting.status);
    relay_buffer_clear(&out);
}

static void look_inside(struct sm_bytes body)
{
    struct mysql_switch it;
    struct mysql_error error;
    greet(body);
    if (mysql_switch_parse(body, &it))
        must(holds(body, it.data) && it.data.len <= MYSQL_SWITCH_MAX);
    if (mysql_error_parse(body, &error))
        must(strlen(error.sqlstate) <= 5 && strlen(error.text) < sizeof error.text);
}

/* Believed is only what has the word in it, and no more of it than that is believed. */
static void listen_for_echo(struct sm_bytes bytes)
{
    static const char word[] = "00112233445566778899aabbccddeeff";
    uint32_t capabilities = bytes.len % 2 ? MYSQL_DEPRECATE_EOF : 0;
    if (mysql_echo_parse(bytes, capabilities, word) != SMCRED_OK)
        return;
    must(memmem(bytes.data, bytes.len, word, MYSQL_ECHO_WORD) != NULL);
    must(mysql_echo_parse(sm_bytes(bytes.data, bytes.len - 1), capabilities, word) ==
         SMCRED_NOT_FOUND);
}

/* However an answer comes in pieces, it is followed to the same place. */
static void follow(struct sm_bytes words)
{
    struct mysql_answers whole = mysql_answers(UINT32_MAX), pieces;
    if (words.len == 0)
        return;
    mysql_answers_owe(&whole, *(const uint8_t *)words.data); /* as if it had asked this */
    mysql_answers_owe(&whole, MYSQL_COM_QUERY);
    pieces = whole;
    mysql_answers_hear(&whole, words);
    for (size_t at = 0; at < words.len; at++)
        mysql_answers_hear(&pieces, sm_bytes((const uint8_t *)words.data + at, 1));
    must(whole.is_followed == pieces.is_followed);
    must(mysql_answers_want_file(&whole) == mysql_answers_want_file(&pieces));
    must(!whole.is_followed || (whole.count == pieces.count && whole.place == pieces.place));
}

static void from_server(struct sm_bytes bytes)
{
    struct mysql_packet packet;
    listen_for_echo(bytes);
    follow(bytes);
    if (bytes.len >= RELAY_TAIL)
        (void)mysql_is_idle_after(bytes.data);
    while (mysql_packet_parse(bytes, &packet) == SMCRED_OK) {
        must(packet.whole.len >= MYSQL_HEADER && packet.whole.len <= bytes.len);
        must(packet.body.len == packet.whole.len - MYSQL_HEADER);
        look_inside(packet.body);
        bytes = sm_bytes((const char *)bytes.data + packet.whole.len, bytes.len - packet.whole.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        from_client(sm_bytes(data + 1, size - 1));
    else
        from_server(sm_bytes(data + 1, size - 1));
    return 0;
}
