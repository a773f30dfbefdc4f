/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * admin_trail.c - smcred-server trail: reads the event trail, oldest line first.
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "server/admin.h"
#include "server/command.h"
#include "server/json.h"
#include "server/trail.h"

#define TIME_LEN  20 /* 2026-11-21T00:00:00Z */
#define FOLLOW_MS 200

struct filter {
    const char *directory, *since, *until, *event, *secret, *user, *errors, *json, *follow;
    char since_time[TIME_LEN + 1], until_time[TIME_LEN + 1]; /* "": any */
};

/* --- times ------------------------------------------------------------------------------------ */

static void write_time(time_t seconds, char out[TIME_LEN + 1])
{
    struct tm utc;
    if (gmtime_r(&seconds, &utc))
        (void)strftime(out, TIME_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &utc); /* fits */
}

/* "2026-11-21", "2026-11-21T10:00:00Z", or so long ago: 90s, 15m, 2h, 3d. */
static bool parse_time(const char *text, char out[TIME_LEN + 1])
{
    static const char units[] = "smhd";
    static const int64_t seconds[] = {1, 60, 3600, 86400};
    struct tm tm = {.tm_isdst = 0};
    char *end;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (rest && *rest == 'T')
        rest = strptime(rest, "T%H:%M:%SZ", &tm);
    if (rest && *rest == '\0') {
        write_time(timegm(&tm), out);
        return true;
    }
    long number = strtol(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (!isdigit((unsigned char)*text) || !unit || end[1] || number > 1000000)
        return false;
    write_time((time_t)(sm_wall_ms() / 1000 - number * seconds[unit - units]), out);
    return true;
}

/* --- one line --------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = server_json_text(object, name);
    return text ? text : "";
}

static const char *resource_of(const cJSON *record)
{
    return text_of(cJSON_GetArrayItem(server_json_get(record, "resources"), 0), "ARN");
}

static const char *asked_for(const cJSON *record)
{
    const cJSON *request = server_json_get(record, "requestParameters");
    const char *id = text_of(request, "secretId");
    return *id ? id : text_of(request, "name");
}

static const char *user_of(const cJSON *record)
{
    const cJSON *identity = server_json_get(record, "userIdentity");
    const char *arn = text_of(identity, "arn");
    static const char *const others[] = {"invokedBy", "userName", "type"};
    for (size_t i = 0; !*arn && i < sizeof others / sizeof *others; i++)
        arn = text_of(identity, others[i]);
    return arn;
}

/* By name, ARN, or the beginning of an ARN. */
static bool is_named(const char *arn, const char *secret)
{
    const char *name = strstr(arn, ":secret:");
    size_t len = strlen(secret);
    if (strncmp(arn, secret, len) == 0)
        return true;
    name = name ? name + strlen(":secret:") : "";
    return strncmp(name, secret, len) == 0 && name[len] == '-' && strlen(name) == len + 7;
}

static bool is_about(const cJSON *record, const char *secret)
{
    const cJSON *resource;
    cJSON_ArrayForEach(resource, server_json_get(record, "resources"))
    {
        if (is_named(text_of(resource, "ARN"), secret))
            return true;
    }
    return strcmp(asked_for(record), secret) == 0;
}

static bool matches(const struct filter *filter, const cJSON *record)
{
    const char *time = text_of(record, "eventTime");
    bool failed = *text_of(record, "errorCode") != '\0' || *text_of(record, "errorMessage") != '\0';
    return *time && strcmp(time, filter->since_time) >= 0 &&
           (!*filter->until_time || strcmp(time, filter->until_time) < 0) &&
           (!filter->event || strcmp(text_of(record, "eventName"), filter->event) == 0) &&
           (!filter->secret || is_about(record, filter->secret)) &&
           (!filter->user || strstr(user_of(record), filter->user)) && (!filter->errors || failed);
}

static void show(const cJSON *record)
{
    const char *what = resource_of(record), *code = text_of(record, "errorCode");
    printf("%s  %-24s  %-11s  %s  %s", text_of(record, "eventTime"), text_of(record, "eventName"),
           *code ? code : "ok", user_of(record), text_of(record, "sourceIPAddress"));
    if (!*what)
        what = asked_for(record);
    if (*what)
        printf("  %s", log_quote(what));
    if (*text_of(record, "errorMessage"))
        printf("  %s", log_quote(text_of(record, "errorMessage")));
    putchar('\n');
}

static void take_line(const struct filter *filter, const char *line, size_t len)
{
    server_autojson cJSON *record = cJSON_ParseWithLength(line, len);
    if (!record || !matches(filter, record))
        return;
    if (filter->json)
        printf("%.*s\n", (int)len, line);
    else
        show(record);
}

/* --- files ------------------------------------------------------------------------------------ */

/* What is there of the file and not yet read, whole lines. */
static void read_lines(const struct filter *filter, FILE *file)
{
    sm_autofree char *line = NULL;
    size_t room = 0;
    ssize_t len;
    long at = ftell(file);
    clearerr(file);
    while ((len = getline(&line, &room, file)) > 0 && line[len - 1] == '\n') {
        take_line(filter, line, (size_t)len - 1);
        at = ftell(file);
    }
    (void)fseek(file, at, SEEK_SET); /* a line that is being written is read again */
}

static FILE *open_numbered(const struct filter *filter, unsigned number)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, number > 0 ? "%s/trail.jsonl.%u" : "%s/trail.jsonl",
                       filter->directory, number);
    return len < (int)sizeof path ? fopen(path, "re") : NULL;
}

static void close_read(FILE *file)
{
    if (file)
        (void)fclose(file); /* only read from */
}

static bool is_same(FILE *one, FILE *other)
{
    struct stat first, second;
    return one && fstat(fileno(one), &first) == 0 && fstat(fileno(other), &second) == 0 &&
           first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

/*
 * The file that came after `file` (NULL: the oldest one); NULL if that is the newest.  Files move
 * on from number to number meanwhile, so the one before ours is opened before ours is looked for.
 */
static FILE *newer_than(const struct filter *filter, FILE *file)
{
    FILE *newer = NULL;
    for (unsigned number = 0; number <= SERVER_TRAIL_KEEP_MAX; number++) {
        FILE *older = open_numbered(filter, number);
        if (!older)
            break; /* ours is gone, or none was asked for: the oldest that is left */
        bool is_ours = is_same(file, older);
        if (is_ours) {
            close_read(older);
            break;
        }
        close_read(newer);
        newer = older;
    }
    return newer;
}

static int read_all(const struct filter *filter)
{
    const struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};
    FILE *file = newer_than(filter, NULL);
    if (!file) {
        log_error("cannot open the trail in %s: %s", log_quote(filter->directory), strerror(errno));
        return EXIT_FAILURE;
    }
    for (;;) {
        FILE *next = newer_than(filter, file); /* before the last lines of this one are read */
        read_lines(filter, file);
        bool shown = fflush(stdout) == 0;
        if (!shown || (!next && !filter->follow)) {
            close_read(next);
            close_read(file);
            return shown ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        if (next) {
            close_read(file);
            file = next;
        } else {
            (void)nanosleep(&pause, NULL); /* a signal ends us, or shortens a pause */
        }
    }
}

int server_admin_trail(const char *path, int argc, char **argv)
{
    struct filter filter = {.directory = NULL};
    const struct server_option options[] = {
        {"dir", "DIR", true, &filter.directory},       {"since", "TIME", false, &filter.since},
        {"until", "TIME", false, &filter.until},       {"event", "NAME", false, &filter.event},
        {"secret", "NAME|ARN", false, &filter.secret}, {"user", "TEXT", false, &filter.user},
        {"errors", NULL, false, &filter.errors},       {"json", NULL, false, &filter.json},
        {"follow", NULL, false, &filter.follow},       {.out = NULL}};
    int code = server_command_options(
        path,
        "Shows the event trail: time, event, result, who, from where, secret.\n"
        "A TIME is 2026-11-21, 2026-11-21T10:00:00Z, or an age: 90s, 15m, 2h, 3d.",
        options, argc, argv);
    if (code != SERVER_GO_ON)
        return code;
    if ((filter.since && !parse_time(filter.since, filter.since_time)) ||
        (filter.until && !parse_time(filter.until, filter.until_time))) {
        log_error("a time is 2026-11-21, 2026-11-21T10:00:00Z, or an age: 90s, 15m, 2h, 3d");
        return SERVER_EXIT_USAGE;
    }
    return read_all(&filter);
}
