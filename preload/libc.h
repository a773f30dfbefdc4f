/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libc.h - the functions of libc that the shim borrows, each of which may be missing.
 *
 * The references are weak, so the shim needs no library by name and loads beside glibc, musl, or
 * whatever else the program has.  Used where the shim is outside signal handlers' reach only: when
 * it is loaded, and in getaddrinfo().
 */
#ifndef SHIM_LIBC_H
#define SHIM_LIBC_H

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>

#pragma weak calloc
#pragma weak dladdr
#pragma weak dlsym
#pragma weak freeaddrinfo
#pragma weak secure_getenv
#pragma weak __errno_location

int *__errno_location(void) __attribute__((const));

#endif
