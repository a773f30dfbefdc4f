/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keeper/saslprep.h"

enum smcred_status saslprep(struct sm_vault *vault, struct sm_bytes password,
                            struct sm_secret **out_prepared)
{
    return sm_secret_new(vault, password, out_prepared);
}
