/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scram.c - reading and writing SCRAM's messages.  Every byte parsed here is a server's.
 */
#include "relay/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Exactly base64, padded, without white space: EVP_DecodeBlock() forgives too much. */
static bool is_base64(struct sm_bytes text)
{
    const char *at = text.data;
    size_t padding = 0;
    if (text.len == 0 || text.len % 4 != 0)
        return false;
    while (padding < 2 && at[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < text.len - padding; i++) {
        char c = at[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
              c == '+' || c == '/'))
            return false;
    }
    return true;
}

static bool decode(struct sm_bytes text, uint8_t *out, size_t size, size_t *out_len)
{
    if (!is_base64(text) || text.len / 4 * 3 > size + 2)
        return false;
    uint8_t room[ORC_SALT_MAX + 2];
    if (text.len / 4 * 3 > sizeof room)
        return false;
    int len = EVP_DecodeBlock(room, text.data, (int)text.len);
    const char *end = (const char *)text.data + text.len;
    if (len < 0)
        return false;
    len -= (end[-1] == '=') + (end[-2] == '=');
    if ((size_t)len > size)
        return false;
    memcpy(out, room, (size_t)len);
    *out_len = (size_t)len;
    return true;
}

static void encode(struct sm_bytes bytes, char *out)
{
    (void)EVP_EncodeBlock((unsigned char *)out, bytes.data, (int)bytes.len); /* it fits */
}

void scram_begin(struct scram *scram, const uint8_t random[SCRAM_NONCE_RAW])
{
    *scram = (struct scram){.binding = SCRAM_BINDING_NONE};
    encode(sm_bytes(random, SCRAM_NONCE_RAW), scram->nonce);
}

static const char *gs2_header(const struct scram *scram)
{
    switch (scram->binding) {
    case SCRAM_BINDING_NONE:
        return "n,,";
    case SCRAM_BINDING_NOT_OFFERED:
        return "y,,";
    case SCRAM_BINDING_CERTIFICATE:
        return "p=tls-server-end-point,,";
    }
    return "";
}

size_t scram_write_first(const struct scram *scram, char *buffer, size_t size)
{
    int len = snprintf(buffer, size, "%sn=,r=%s", gs2_header(scram), scram->nonce);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

/* The next attribute "x=value" of a message; false if the text has no more, or is not like that. */
static bool next_attribute(struct sm_bytes *at, char *out_name, struct sm_bytes *out_value)
{
    const char *text = at->data;
    if (at->len < 2 || text[1] != '=')
        return false;
    const char *comma = memchr(text, ',', at->len);
    size_t len = comma ? (size_t)(comma - text) : at->len;
    if (len < 2)
        return false;
    *out_name = text[0];
    *out_value = sm_bytes(text + 2, len - 2);
    len += comma != NULL;
    *at = sm_bytes(text + len, at->len - len);
    return true;
}

/* The server's nonce must be ours and something more, of characters that cannot end it. */
static bool extends_nonce(const struct scram *scram, struct sm_bytes nonce)
{
    size_t ours = strlen(scram->nonce);
    const char *at = nonce.data;
    if (nonce.len <= ours || memcmp(at, scram->nonce, ours) != 0)
        return false;
    for (size_t i = 0; i < nonce.len; i++) {
        if (at[i] < 0x21 || at[i] > 0x7e)
            return false;
    }
    return true;
}

static bool parse_count(struct sm_bytes digits, uint32_t *out_count)
{
    const char *at = digits.data;
    uint64_t count = 0;
    if (digits.len == 0 || digits.len > 10)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        count = count * 10 + (uint64_t)(at[i] - '0');
    }
    *out_count = (uint32_t)count;
    return count > 0 && count <= UINT32_MAX;
}

/* "c=" is base64 of the GS2 header and, with channel binding, of the certificate's hash. */
static bool write_final_without_proof(struct scram *scram, struct sm_bytes nonce)
{
    uint8_t input[32 + SCRAM_BINDING_MAX];
    char coded[BASE64_LEN(sizeof input) + 1];
    size_t len = strlen(gs2_header(scram));
    memcpy(input, gs2_header(scram), len);
    if (scram->binding == SCRAM_BINDING_CERTIFICATE) {
        memcpy(input + len, scram->certificate_hash, scram->certificate_hash_len);
        len += scram->certificate_hash_len;
    }
    encode(sm_bytes(input, len), coded);
    int written = snprintf(scram->final_without_proof, sizeof scram->final_without_proof,
                           "c=%s,r=%.*s", coded, (int)nonce.len, (const char *)nonce.data);
    return written > 0 && (size_t)written < sizeof scram->final_without_proof;
}

static bool write_auth_message(struct scram *scram, struct sm_bytes server_first)
{
    int len = snprintf(scram->auth_message, sizeof scram->auth_message, "n=,r=%s,%.*s,%s",
                       scram->nonce, (int)server_first.len, (const char *)server_first.data,
                       scram->final_without_proof);
    scram->auth_message_len = len > 0 ? (size_t)len : 0;
    return len > 0 && (size_t)len < sizeof scram->auth_message;
}

enum smcred_status scram_challenge_parse(struct scram *scram, struct sm_bytes text)
{
    struct sm_bytes at = text, nonce, value;
    char name;
    if (text.len > SCRAM_FIRST_MAX)
        return SMCRED_TOO_LARGE;
    if (text.len == 0 || memchr(text.data, 0, text.len))
        return SMCRED_PROTOCOL;
    if (!next_attribute(&at, &name, &nonce))
        return SMCRED_PROTOCOL;
    if (name == 'm')
        return SMCRED_UNSUPPORTED; /* must be understood, and is reserved for the future */
    if (name != 'r' || !extends_nonce(scram, nonce))
        return SMCRED_PROTOCOL;
    if (!next_attribute(&at, &name, &value) || name != 's' ||
        !decode(value, scram->salt, sizeof scram->salt, &scram->salt_len))
        return SMCRED_PROTOCOL;
    if (!next_attribute(&at, &name, &value) || name != 'i' ||
        !parse_count(value, &scram->iterations))
        return SMCRED_PROTOCOL;
    while (at.len > 0) { /* extensions that need not be understood */
        if (!next_attribute(&at, &name, &value))
            return SMCRED_PROTOCOL;
    }
    return write_final_without_proof(scram, nonce) && write_auth_message(scram, text)
               ? SMCRED_OK
               : SMCRED_TOO_LARGE;
}

size_t scram_write_final(const struct scram *scram, struct sm_bytes proof, char *buffer,
                         size_t size)
{
    char coded[BASE64_LEN(SCRAM_DIGEST) + 1];
    if (proof.len != SCRAM_DIGEST)
        return 0;
    encode(proof, coded);
    int len = snprintf(buffer, size, "%s,p=%s", scram->final_without_proof, coded);
    explicit_bzero(coded, sizeof coded);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

enum smcred_status scram_final_check(struct sm_bytes text, struct sm_bytes server_signature)
{
    struct sm_bytes at = text, value;
    uint8_t signature[SCRAM_DIGEST + 2];
    size_t len = 0;
    char name;
    if (!next_attribute(&at, &name, &value) || name != 'v')
        return SMCRED_PROTOCOL;
    if (!decode(value, signature, sizeof signature, &len) || len != SCRAM_DIGEST)
        return SMCRED_PROTOCOL;
    if (server_signature.len != SCRAM_DIGEST ||
        CRYPTO_memcmp(signature, server_signature.data, SCRAM_DIGEST) != 0)
        return SMCRED_DENIED;
    return SMCRED_OK;
}
