/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rhosts.h - where a login may come from, as `rhost` in [pam] says it, against PAM_RHOST.
 *
 * PAM_RHOST is what an application claims: a numeric address or a name.  No name is looked up here,
 * so that nobody's DNS decides; a name matches names, an address matches addresses.
 */
#ifndef KEEPER_RHOSTS_H
#define KEEPER_RHOSTS_H

#include "common/bytes.h"

struct rhost {
    enum { RHOST_LOCAL, RHOST_NET, RHOST_NAME, RHOST_DOMAIN } kind;
    uint8_t net[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;   /* of `net` */
    char name[256];  /* lower case; of a domain: with its leading dot */
};

/* "local" (no host at all), an address, a net "10.0.0.0/8", a name, or "*.example".  NULL, or what
 * is wrong with it. */
const char *rhosts_parse(const char *word, struct rhost *out_rhost);
/*   claimed  PAM_RHOST; "" if there is none */
bool rhosts_match(const struct rhost *rhost, const char *claimed);

#endif
