/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wiping.h - secrets pass through the heaps of OpenSSL and cJSON; here those heaps wipe what is
 * freed.
 */
#ifndef KEEPER_WIPING_H
#define KEEPER_WIPING_H

#include "common/bytes.h"

/* Before any other call into OpenSSL or cJSON; false after one. */
SM_MUST_CHECK bool wiping_install(void);

#endif
