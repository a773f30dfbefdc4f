/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * interleave.c - wall times of several commands, run in turns, so that noise meets all of them
 * alike.
 *
 * usage: interleave ROUNDS [--before CMD...] -- [NAME=VALUE...] CMD... [-- [NAME=VALUE...]
 * CMD...]... Runs each command once to warm up, then ROUNDS times in turns; standard output is
 * thrown away.
 * --before CMD runs, untimed, before each turn of all commands.  Prints the medians in ms, one a
 * line, in the order given; any command that fails ends the run with status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 8, SETTINGS_MAX = 16, ROUNDS_MAX = 10000 };

extern char **environ;

struct command {
    char **argv;
    char **env;
    double *took_ms;
};

static char **environment_with(char **settings, size_t count)
{
    size_t had = 0, kept = 0;
    while (environ[had])
        had++;
    char **env = calloc(had + count + 1, sizeof *env);
    if (!env)
        exit(1);
    for (size_t i = 0; i < had; i++) {
        size_t name_len = strcspn(environ[i], "=") + 1;
        int replaced = 0;
        for (size_t j = 0; j < count; j++)
            replaced |= strncmp(environ[i], settings[j], name_len) == 0;
        if (!replaced)
            env[kept++] = environ[i];
    }
    memcpy(env + kept, settings, count * sizeof *settings);
    return env;
}

static double run_ms(const struct command *command)
{
    struct timespec start, end;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int state;
    (void)posix_spawn_file_actions_init(&actions); /* only fails without memory */
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0); /* likewise */
    (void)clock_gettime(CLOCK_MONOTONIC, &start);                                  /* cannot fail */
    int error = posix_spawnp(&pid, command->argv[0], &actions, NULL, command->argv, command->env);
    if (error == 0 && waitpid(pid, &state, 0) != pid)
        error = errno;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);       /* cannot fail */
    (void)posix_spawn_file_actions_destroy(&actions); /* cannot fail */
    if (error != 0 || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        (void)fprintf(stderr, "interleave: %s: %s\n", command->argv[0],
                      error ? strerror(error) : "failed");
        exit(1);
    }
    return (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Cuts argv at its "--"s; the first piece was read by main(). */
static size_t read_commands(char **argv, struct command *commands, char ***out_before)
{
    size_t count = 0;
    char **at = argv;
    if (*at && strcmp(*at, "--before") == 0) {
        *out_before = ++at;
        while (*at && strcmp(*at, "--") != 0)
            at++;
    }
    while (*at && count < COMMANDS_MAX) {
        *at++ = NULL; /* the "--" ends what came before it */
        char **settings = at;
        while (*at && strchr(*at, '=') && at - settings < SETTINGS_MAX)
            at++;
        commands[count].env = environment_with(settings, (size_t)(at - settings));
        commands[count++].argv = at;
        while (*at && strcmp(*at, "--") != 0)
            at++;
    }
    return count;
}

int main(int argc, char **argv)
{
    struct command commands[COMMANDS_MAX] = {0};
    struct command before = {.env = environ};
    int rounds = argc > 3 ? atoi(argv[1]) : 0;
    size_t count =
        rounds > 0 && rounds <= ROUNDS_MAX ? read_commands(argv + 2, commands, &before.argv) : 0;
    if (count == 0) {
        (void)fprintf(stderr,
                      "usage: %s ROUNDS [--before CMD...] -- [NAME=VALUE...] CMD... "
                      "[-- ...]\n",
                      argv[0]);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        commands[i].took_ms = calloc((size_t)rounds, sizeof(double));
        if (!commands[i].took_ms || !commands[i].argv[0])
            return 2;
        if (!before.argv)
            (void)run_ms(&commands[i]); /* to warm up */
    }
    for (int round = 0; round < rounds; round++) {
        if (before.argv)
            (void)run_ms(&before); /* untimed */
        for (size_t i = 0; i < count; i++)
            commands[i].took_ms[round] = run_ms(&commands[i]);
    }
    for (size_t i = 0; i < count; i++) {
        qsort(commands[i].took_ms, (size_t)rounds, sizeof(double), ascending);
        printf("%.3f\n", commands[i].took_ms[rounds / 2]);
    }
    return 0;
}
