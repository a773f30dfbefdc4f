/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - smcredd.  Reads its options, then is the parent, or checks the configuration.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/secret.h"
#include "keeper/configured.h"
#include "keeper/options.h"
#include "keeper/parent.h"
#include "keeper/source.h"
#include "keeper/wiping.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void say_ok(const char *file, const struct config *config)
{
    size_t warnings = config->warnings.count;
    for (size_t i = 0; i < warnings; i++)
        (void)fprintf(stderr, "warning: %s\n", config->warnings.lines[i]);
    (void)printf("%s: ok, %zu target%s", file, config->target_count, plural(config->target_count));
    if (warnings > 0)
        (void)printf(", %zu warning%s", warnings, plural(warnings));
    (void)puts("");
}

static int check_config(const struct options *options)
{
    struct config_problems problems;
    struct configured made;
    struct sm_vault *vault;
    if (!parent_become_keeper(options) || sm_vault_new(&vault) != SMCRED_OK)
        return 1;
    enum smcred_status status = configured_new(options, vault, &made, &problems);
    for (size_t i = 0; i < problems.count; i++)
        (void)fprintf(stderr, "%s\n", problems.lines[i]);
    config_problems_done(&problems);
    if (status == SMCRED_OK) {
        say_ok(options->config_file, made.config);
        config_unref(made.config);
        source_free(made.source);
    } else if (status != SMCRED_INVALID) {
        (void)fprintf(stderr, "%s: %s\n", options->config_file, sm_status_text(status));
    }
    sm_vault_free(vault);
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
