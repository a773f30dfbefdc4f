/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * login_load.c - clients of PostgreSQL that log in again and again, or that stay; run by
 * bench/rotation.
 *
 * usage: login_load WHILE LABEL CLIENTS PAUSE_MS login|session CONNINFO
 * Each client is a process and goes on for as long as the file WHILE is there.  `login`: connect,
 * "select 1", disconnect, PAUSE_MS of rest.  `session`: connects once, then one query each
 * PAUSE_MS; it ends when the connection breaks.  Writes one line for each login, or each query of a
 * session:
 *
 *   LABEL  START, µs of CLOCK_REALTIME  DURATION, µs  ok|failed  [what libpq said]
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct load {
    const char *goes_on;
    unsigned pause_ms;
    int place_count;
    char **places; /* LABEL, CONNINFO, and so on */
};

static int64_t now_us(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now); /* cannot fail */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void rest(unsigned ms)
{
    const struct timespec span = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&span, NULL); /* no signal of ours comes back */
}

/* One line in one write(2): many processes append to the file. */
static void report(const char *label, int64_t start_us, int64_t took_us, const char *error)
{
    char line[512], said[256] = "";
    for (size_t i = 0; error && error[i] && i < sizeof said - 1; i++)
        said[i] = error[i] == '\n' ? ' ' : error[i];
    int len = snprintf(line, sizeof line, "%s %lld %lld %s %s\n", label, (long long)start_us,
                       (long long)took_us, error ? "failed" : "ok", said);
    if (write(1, line, (size_t)len) != len)
        _exit(1); /* the bench is gone */
}

static bool answers(PGconn *conn)
{
    PGresult *result = PQexec(conn, "select 1");
    bool fine = PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return fine;
}

/* Connects if there is no connection yet; false, after the report, if it is of no more use. */
static bool turn(char *const *place, PGconn **conn)
{
    int64_t start_us = now_us(CLOCK_REALTIME), began_us = now_us(CLOCK_MONOTONIC);
    if (!*conn)
        *conn = PQconnectdb(place[1]);
    bool fine = PQstatus(*conn) == CONNECTION_OK && answers(*conn);
    report(place[0], start_us, now_us(CLOCK_MONOTONIC) - began_us,
           fine ? NULL : PQerrorMessage(*conn));
    return fine;
}

static void log_in(const struct load *load, int place)
{
    for (; access(load->goes_on, F_OK) == 0; place = (place + 1) % load->place_count) {
        PGconn *conn = NULL;
        (void)turn(&load->places[place * 2], &conn); /* it has reported what it saw */
        PQfinish(conn);
        rest(load->pause_ms);
    }
}

static void stay(const struct load *load, int place)
{
    PGconn *conn = NULL;
    while (access(load->goes_on, F_OK) == 0 && turn(&load->places[place * 2], &conn))
        rest(load->pause_ms);
    PQfinish(conn);
}

int main(int argc, char **argv)
{
    if (argc < 7 || argc % 2 == 0 ||
        (strcmp(argv[4], "login") != 0 && strcmp(argv[4], "session") != 0)) {
        (void)fprintf(
            stderr,
            "usage: %s WHILE CLIENTS PAUSE_MS login|session LABEL CONNINFO [LABEL CONNINFO]...\n",
            argv[0]);
        return 2;
    }
    const struct load load = {.goes_on = argv[1],
                              .pause_ms = (unsigned)atoi(argv[3]),
                              .place_count = (argc - 5) / 2,
                              .places = argv + 5};
    int clients = atoi(argv[2]);
    for (int i = 0; i < clients; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever ends the first ends them all */
            (argv[4][0] == 'l' ? log_in : stay)(&load, i % load.place_count);
            _exit(0);
        }
    }
    int state, status = 0;
    while (wait(&state) > 0)
        status |= !WIFEXITED(state) || WEXITSTATUS(state) != 0;
    return status;
}
