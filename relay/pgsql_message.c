/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pgsql_message.c - reading and writing PostgreSQL's messages.
 */
#include "relay/pgsql_message.h"

#include <assert.h>
#include <strings.h>

/* The NUL-terminated text at *at, which then stands behind it; NULL if no NUL follows. */
static const char *take_text(struct sm_bytes *at)
{
    const char *text = at->data;
    const char *end = at->len > 0 ? memchr(text, 0, at->len) : NULL;
    if (!end)
        return NULL;
    at->len -= (size_t)(end + 1 - text);
    at->data = end + 1;
    return text;
}

size_t pgsql_startup_len(const uint8_t length_word[4])
{
    uint32_t len = pgsql_u32(length_word);
    return len < 8 || len > PGSQL_STARTUP_MAX + 4 ? 0 : len;
}

static enum smcred_status reject(struct relay_error *error, enum smcred_status status,
                                 const char *sqlstate, const char *text)
{
    *error = relay_error(sqlstate, "%s", text);
    return status;
}

/* Keeps a name the keeper must know.  False: it was there already. */
static bool keep_name(const char *key, const char *value, const char *name, const char **out_value,
                      bool *out_has)
{
    if (strcmp(key, name) != 0)
        return true;
    if (*out_has)
        return false;
    *out_value = value;
    *out_has = true;
    return true;
}

static bool keep_names(struct pgsql_startup *startup, const char *key, const char *value)
{
    return keep_name(key, value, "user", &startup->user, &startup->has_user) &&
           keep_name(key, value, "database", &startup->database, &startup->has_database) &&
           keep_name(key, value, "application_name", &startup->application_name,
                     &startup->has_application_name) &&
           keep_name(key, value, "replication", &startup->replication, &startup->has_replication);
}

static enum smcred_status parse_options(struct pgsql_startup *startup, struct relay_error *error)
{
    struct sm_bytes at = sm_bytes((const char *)startup->packet.data + 8, startup->packet.len - 8);
    startup->options = at;
    for (;;) {
        size_t left = at.len;
        const char *key = take_text(&at);
        if (key && *key == '\0') {
            startup->options.len -= left;
            break;
        }
        const char *value = key ? take_text(&at) : NULL;
        if (!value)
            return reject(error, SMCRED_PROTOCOL, RELAY_PROTOCOL_BROKEN,
                          "the startup packet has no terminator");
        if (!keep_names(startup, key, value))
            return reject(error, SMCRED_PROTOCOL, RELAY_PROTOCOL_BROKEN,
                          "the startup packet says user, database, application_name or replication "
                          "twice");
    }
    if (at.len > 0)
        return reject(error, SMCRED_PROTOCOL, RELAY_PROTOCOL_BROKEN,
                      "the startup packet goes on behind its terminator");
    return SMCRED_OK;
}

enum smcred_status pgsql_startup_parse(struct sm_bytes packet, struct pgsql_startup *out_startup,
                                       struct relay_error *error)
{
    const uint8_t *bytes = packet.data;
    if (packet.len < 8 || pgsql_startup_len(bytes) != packet.len)
        return reject(error, SMCRED_PROTOCOL, RELAY_PROTOCOL_BROKEN,
                      "the startup packet has an impossible length");
    struct pgsql_startup startup = {.version = pgsql_u32(bytes + 4),
                                    .packet = packet,
                                    .user = "",
                                    .database = "",
                                    .application_name = "",
                                    .replication = ""};
    enum smcred_status status = SMCRED_OK;
    switch (startup.version) {
    case PGSQL_SSL_REQUEST:
    case PGSQL_GSSENC_REQUEST:
        break;
    case PGSQL_CANCEL_REQUEST:
        if (packet.len < 16 || packet.len > 12 + 256)
            return reject(error, SMCRED_PROTOCOL, RELAY_PROTOCOL_BROKEN,
                          "the cancel request has an impossible length");
        startup.backend_pid = pgsql_u32(bytes + 8);
        startup.key = sm_bytes(bytes + 12, packet.len - 12);
        break;
    default:
        if (startup.version >> 16 != 3)
            return reject(error, SMCRED_UNSUPPORTED, RELAY_NOT_SUPPORTED,
                          "only version 3 of the PostgreSQL protocol is spoken here");
        status = parse_options(&startup, error);
        break;
    }
    if (status == SMCRED_OK)
        *out_startup = startup;
    return status;
}

bool pgsql_startup_replicates(const struct pgsql_startup *startup)
{
    static const char *const no[] = {"false", "off", "no", "0"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (strcasecmp(startup->replication, no[i]) == 0)
            return false;
    }
    return startup->has_replication;
}

/* The names that pgsql_startup_write() says itself.  Settings are known in any case of letters. */
static bool is_replaced(const char *key)
{
    return strcmp(key, "user") == 0 || strcmp(key, "database") == 0 ||
           strcasecmp(key, "application_name") == 0;
}

static enum smcred_status add_option(struct relay_buffer *out, const char *key, const char *value)
{
    if (!value)
        return SMCRED_OK;
    enum smcred_status status = relay_buffer_add(out, sm_bytes(key, strlen(key) + 1));
    return status == SMCRED_OK ? relay_buffer_add(out, sm_bytes(value, strlen(value) + 1)) : status;
}

static enum smcred_status add_options(struct relay_buffer *out, struct sm_bytes options)
{
    enum smcred_status status = SMCRED_OK;
    while (status == SMCRED_OK && options.len > 0) {
        const char *key = take_text(&options);
        const char *value = take_text(&options);
        assert(key && value); /* pgsql_startup_parse() saw them */
        if (!is_replaced(key))
            status = add_option(out, key, value);
    }
    return status;
}

enum smcred_status pgsql_startup_write(struct relay_buffer *out,
                                       const struct pgsql_startup *startup, const char *user,
                                       const char *database, const char *application_name)
{
    struct relay_buffer options = relay_buffer(PGSQL_STARTUP_MAX - 4);
    uint8_t version[4];
    memcpy(version, (const uint8_t *)startup->packet.data + 4, sizeof version);
    enum smcred_status status = add_options(&options, startup->options);
    if (status == SMCRED_OK)
        status = add_option(&options, "user", user);
    if (status == SMCRED_OK)
        status = add_option(&options, "database", database);
    if (status == SMCRED_OK)
        status = add_option(&options, "application_name", application_name);
    if (status == SMCRED_OK)
        status = relay_buffer_add(&options, sm_bytes("", 1));
    if (status == SMCRED_OK) {
        const struct sm_bytes pieces[] = {sm_bytes(version, sizeof version),
                                          relay_buffer_view(&options)};
        status = pgsql_message_write(out, 0, pieces, 2);
    }
    relay_buffer_clear(&options);
    return status;
}

enum smcred_status pgsql_message_parse(struct sm_bytes bytes, struct pgsql_message *out_message)
{
    const uint8_t *at = bytes.data;
    if (bytes.len < 5)
        return SMCRED_NOT_FOUND;
    uint32_t len = pgsql_u32(at + 1);
    if (len < 4 || len > PGSQL_MESSAGE_MAX)
        return SMCRED_PROTOCOL;
    if (bytes.len - 1 < len)
        return SMCRED_NOT_FOUND;
    *out_message = (struct pgsql_message){
        .type = at[0], .whole = sm_bytes(at, len + 1), .body = sm_bytes(at + 5, len - 4)};
    return SMCRED_OK;
}

bool pgsql_authentication_parse(const struct pgsql_message *message, uint32_t *out_request,
                                struct sm_bytes *out_rest)
{
    const uint8_t *at = message->body.data;
    if (message->body.len < 4)
        return false;
    *out_request = pgsql_u32(at);
    *out_rest = sm_bytes(at + 4, message->body.len - 4);
    return true;
}

bool pgsql_sasl_offers(struct sm_bytes list, const char *mechanism)
{
    const char *name;
    while ((name = take_text(&list)) && *name != '\0') {
        if (strcmp(name, mechanism) == 0)
            return true;
    }
    return false;
}

const char *pgsql_error_field(const struct pgsql_message *message, char field)
{
    struct sm_bytes at = message->body;
    while (at.len > 1) {
        char code = *(const char *)at.data;
        at = sm_bytes((const char *)at.data + 1, at.len - 1);
        const char *text = code != '\0' ? take_text(&at) : NULL;
        if (!text)
            break;
        if (code == field)
            return text;
    }
    return "";
}

enum smcred_status pgsql_message_write(struct relay_buffer *out, uint8_t type,
                                       const struct sm_bytes *pieces, size_t count)
{
    size_t len = 4;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    uint8_t *room;
    enum smcred_status status = relay_buffer_reserve(out, len + (type != 0), &room);
    if (status != SMCRED_OK)
        return status;
    relay_buffer_grow(out, len + (type != 0));
    if (type != 0)
        *room++ = type;
    for (int shift = 24; shift >= 0; shift -= 8)
        *room++ = (uint8_t)(len >> shift);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > 0)
            memcpy(room, pieces[i].data, pieces[i].len);
        room += pieces[i].len;
    }
    return SMCRED_OK;
}

static enum smcred_status write_error(struct relay_buffer *out, const char *severity,
                                      const struct relay_error *error)
{
    struct sm_bytes pieces[] = {
        sm_bytes_of("S"),         sm_bytes(severity, strlen(severity) + 1),
        sm_bytes_of("V"),         sm_bytes(severity, strlen(severity) + 1),
        sm_bytes_of("C"),         sm_bytes(error->sqlstate, strlen(error->sqlstate) + 1),
        sm_bytes_of("Msmcred: "), sm_bytes(error->text, strlen(error->text) + 1),
        sm_bytes("", 1),          sm_bytes(NULL, 0),
        sm_bytes(NULL, 0),
    };
    if (error->hint[0] != '\0') {
        pieces[8] = sm_bytes_of("H");
        pieces[9] = sm_bytes(error->hint, strlen(error->hint) + 1);
        pieces[10] = sm_bytes("", 1);
    }
    return pgsql_message_write(out, 'E', pieces, sizeof pieces / sizeof *pieces);
}

enum smcred_status pgsql_error_write(struct relay_buffer *out, const struct relay_error *error)
{
    return write_error(out, "FATAL", error);
}

enum smcred_status pgsql_refusal_write(struct relay_buffer *out, const struct relay_error *error,
                                       uint8_t transaction_status)
{
    const struct sm_bytes piece = sm_bytes(&transaction_status, 1);
    enum smcred_status status = write_error(out, "ERROR", error);
    return status == SMCRED_OK ? pgsql_message_write(out, 'Z', &piece, 1) : status;
}
