/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz_config.c - any bytes are either a configuration or a list of problems, never both or none.
 */
#include "keeper/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_options options = {.file = "fuzz.conf", .without_files = true};
    struct config_problems problems;
    struct config *config = NULL;
    enum smcred_status status = config_parse(&options, sm_bytes(data, size), &config, &problems);
    if (status != SMCRED_NO_MEMORY && (status == SMCRED_OK) != (problems.count == 0))
        abort();
    if ((status == SMCRED_OK) != (config != NULL))
        abort();
    for (size_t i = 0; config && i < config->target_count; i++)
        if (config_find(config, config->targets[i].name) != &config->targets[i])
            abort();
    config_problems_done(&problems);
    config_unref(config);
    return 0;
}
