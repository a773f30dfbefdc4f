/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - smcredd.  Reads its options, then is the parent, or checks the configuration.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "keeper/config.h"
#include "keeper/options.h"
#include "keeper/parent.h"
#include "keeper/source.h"
#include "keeper/wiping.h"

static int check_config(const struct options *options)
{
    struct config_problems problems;
    struct source *source;
    struct config *config = NULL;
    if (source_new(&source) != SMCRED_OK)
        return 1;
    struct config_options how = {.file = options->config_file,
                                 .owner = options->config_owner,
                                 .modules = source_modules(source)};
    enum smcred_status status = config_load(&how, &config, &problems);
    for (size_t i = 0; i < problems.count; i++)
        (void)fprintf(stderr, "%s\n", problems.lines[i]);
    if (status == SMCRED_OK)
        (void)printf("%s: ok, %zu targets\n", options->config_file, config->target_count);
    else if (status != SMCRED_INVALID)
        (void)fprintf(stderr, "%s: %s\n", options->config_file, sm_status_text(status));
    config_problems_done(&problems);
    config_unref(config);
    source_free(source);
    return status == SMCRED_OK && fflush(stdout) == 0 ? 0 : 1;
}

/* Whoever started us may have closed them; our own files must not become standard error. */
static bool have_standard_streams(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    struct options options;
    (void)umask(022);
    if (!have_standard_streams() || !wiping_install())
        return 1;
    if (!options_read(argc, argv, &options))
        return 2;
    log_open("smcredd", options.log_level);
    return options.check_config ? check_config(&options) : parent_run(&options);
}
