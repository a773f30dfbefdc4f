/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parent.h - the parent process: starts the keeper and relays, each under its own uid, and keeps
 * them company.  It reads nothing from outside: only signals, the deaths of its children, and the
 * few words of common/parent.h from the keeper.
 */
#ifndef KEEPER_PARENT_H
#define KEEPER_PARENT_H

#include "keeper/options.h"

/* Until SIGTERM or SIGINT, or until the keeper finds its configuration broken.  Returns an exit
 * code. */
int parent_run(const struct options *options);

/* Makes this process what the keeper would be: its user, for good.  False: it cannot; that was
 * logged.  For --check-config. */
SM_MUST_CHECK bool parent_become_keeper(const struct options *options);

#endif
