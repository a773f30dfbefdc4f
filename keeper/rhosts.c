/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rhosts.c - nets and names that logins may come from.
 */
#include "keeper/rhosts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define V4_PREFIX_BITS 96

/* False: no numeric address.  A scope ("%eth0") is left out. */
static bool parse_address(const char *text, uint8_t out_address[16], bool *out_v4)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char plain[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "%");
    if (len >= sizeof plain)
        return false;
    memcpy(plain, text, len);
    plain[len] = '\0';
    *out_v4 = false;
    if (inet_pton(AF_INET6, plain, out_address) == 1)
        return true;
    if (text[len] != '\0' || inet_pton(AF_INET, plain, out_address + 12) != 1)
        return false;
    memcpy(out_address, mapped, sizeof mapped);
    *out_v4 = true;
    return true;
}

static bool same_net(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool has_bits_behind(const uint8_t *net, unsigned bits)
{
    for (unsigned bit = bits; bit < 128; bit++)
        if (net[bit / 8] & (0x80 >> bit % 8))
            return true;
    return false;
}

static const char *parse_net(const char *word, const char *slash, struct rhost *rhost)
{
    char address[INET6_ADDRSTRLEN];
    bool v4;
    size_t len = slash ? (size_t)(slash - word) : strlen(word);
    if (len >= sizeof address)
        return "is no net";
    memcpy(address, word, len);
    address[len] = '\0';
    if (!parse_address(address, rhost->net, &v4))
        return "is no net";
    rhost->kind = RHOST_NET;
    rhost->bits = 128;
    if (!slash)
        return NULL;
    size_t digits = strspn(slash + 1, "0123456789");
    unsigned long bits = strtoul(slash + 1, NULL, 10), max = v4 ? 32 : 128;
    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' || bits > max)
        return "has a prefix that no address has";
    rhost->bits = (unsigned)bits + (v4 ? V4_PREFIX_BITS : 0);
    return has_bits_behind(rhost->net, rhost->bits) ? "has bits behind its prefix" : NULL;
}

static const char *parse_name(const char *word, struct rhost *rhost)
{
    bool is_domain = word[0] == '*' && word[1] == '.';
    const char *name = is_domain ? word + 1 : word;
    size_t len = strlen(name), first = is_domain ? 1 : 0;
    if (len >= sizeof rhost->name || !isalnum((unsigned char)name[first]))
        return "is neither a host, a net, nor local";
    for (size_t i = 0; i <= len; i++) {
        if (name[i] != '\0' && !isalnum((unsigned char)name[i]) && !strchr("-._", name[i]))
            return "is neither a host, a net, nor local";
        rhost->name[i] = (char)tolower((unsigned char)name[i]);
    }
    rhost->kind = is_domain ? RHOST_DOMAIN : RHOST_NAME;
    return NULL;
}

const char *rhosts_parse(const char *word, struct rhost *out_rhost)
{
    uint8_t address[16];
    bool v4;
    const char *slash = strchr(word, '/'), *why = NULL;
    struct rhost rhost = {.kind = RHOST_LOCAL};
    if (slash || parse_address(word, address, &v4))
        why = parse_net(word, slash, &rhost);
    else if (strcmp(word, "local") != 0)
        why = parse_name(word, &rhost);
    if (!why)
        *out_rhost = rhost;
    return why;
}

bool rhosts_match(const struct rhost *rhost, const char *claimed)
{
    uint8_t address[16];
    bool v4;
    size_t len = strlen(claimed), tail = strlen(rhost->name);
    switch (rhost->kind) {
    case RHOST_LOCAL:
        return len == 0;
    case RHOST_NET:
        return parse_address(claimed, address, &v4) && same_net(address, rhost->net, rhost->bits);
    case RHOST_NAME:
        return strcasecmp(claimed, rhost->name) == 0;
    case RHOST_DOMAIN:
        return len > tail && strcasecmp(claimed + len - tail, rhost->name) == 0;
    }
    return false;
}
