/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox.h - what a relay gives up before it reads its first byte from outside.
 */
#ifndef RELAY_SANDBOX_H
#define RELAY_SANDBOX_H

/*
 * No core dumps, no tracers, no privileges, no capabilities, no files, and only the system calls
 * that a relay makes.  Call once, when everything that reads files (OpenSSL) is initialised.  What
 * the kernel does not have is left out with a warning.
 */
void relay_sandbox_enter(void);

#endif
