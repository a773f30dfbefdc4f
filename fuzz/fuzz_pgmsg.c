/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_pgmsg.c - PostgreSQL's messages, both ways.
 *
 * The first byte says whose bytes follow.  A client's: a startup packet that parses can be written
 * again with other names, and then says those.  A server's: a stream of messages can be walked, and
 * every field of it lies inside.
 */
#include <stdlib.h>

#include "relay/pgsql_guard.h"
#include "relay/pgsql_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The shortest statement that is taken for the own password's change is this one. */
static void listen_to(struct sm_bytes words)
{
    static const char shortest[] = "alter user\"app\"password''";
    if (pgsql_sets_password(words, "app") && words.len < sizeof shortest - 1)
        abort();
    (void)pgsql_says_sets_password(words, "app");
}

static void from_client(struct sm_bytes packet)
{
    struct pgsql_startup startup, again;
    struct relay_error error;
    struct relay_buffer out = relay_buffer(4 * PGSQL_STARTUP_MAX);
    listen_to(packet);
    if (pgsql_startup_parse(packet, &startup, &error) != SMCRED_OK || startup.version >> 16 != 3)
        return;
    if (pgsql_startup_write(&out, &startup, "app", "orders", "psql alice") == SMCRED_OK) {
        if (pgsql_startup_parse(relay_buffer_view(&out), &again, &error) != SMCRED_OK ||
            strcmp(again.user, "app") != 0 || strcmp(again.database, "orders") != 0 ||
            strcmp(again.application_name, "psql alice") != 0 || again.version != startup.version ||
            strcmp(again.replication, startup.replication) != 0)
            abort();
    }
    relay_buffer_clear(&out);
}

static void look_inside(const struct pgsql_message *message)
{
    uint32_t request;
    struct sm_bytes rest;
    const char *begin = message->body.data, *end = begin + message->body.len;
    const char *text = pgsql_error_field(message, 'C');
    if (*text != '\0' && (text < begin || text + strlen(text) >= end))
        abort();
    if (pgsql_authentication_parse(message, &request, &rest)) {
        if ((const char *)rest.data + rest.len != end)
            abort();
        (void)pgsql_sasl_offers(rest, "SCRAM-SHA-256");
    }
}

static void from_server(struct sm_bytes bytes)
{
    struct pgsql_message message;
    while (pgsql_message_parse(bytes, &message) == SMCRED_OK) {
        if (message.whole.len < 5 || message.whole.len > bytes.len ||
            message.body.len != message.whole.len - 5)
            abort();
        look_inside(&message);
        bytes =
            sm_bytes((const char *)bytes.data + message.whole.len, bytes.len - message.whole.len);
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
