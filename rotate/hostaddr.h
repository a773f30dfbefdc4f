/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hostaddr.h - one name means one address, for a library that has no option for it.
 *
 * libpq has hostaddr beside host: where to connect to, and whose certificate is wanted. libmariadb
 * has one host for both, and asks getaddrinfo() for its address; in this program, that is ours.
 */
#ifndef ROTATE_HOSTADDR_H
#define ROTATE_HOSTADDR_H

/*
 * From now on, getaddrinfo() answers `address` for `host`, and what libc answers for all others.
 *   host     NULL: for none; lent until the next call
 *   address  numeric, or NULL: as libc resolves it
 */
void hostaddr_pin(const char *host, const char *address);

#endif
