/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_keeperd.c - a keeper for tests of the command line.
 *
 *     fake_keeperd SOCKET DIR
 *
 * Answers each verb with the file DIR/VERB.json, refuses where there is none, and writes each
 * question to DIR/questions.  DIR/manner, read for each question, names a lie: see manners[] and
 * documents[]. Says "ready" once it listens; ends with its standard input.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/lib/fake_keeper.h"

#define DOCUMENT_MAX (4 << 20)

static const struct {
    const char *name;
    enum fake_manner manner;
} manners[] = {
    {"silent", FAKE_SILENT},
    {"close", FAKE_CLOSE},
    {"garbage", FAKE_GARBAGE},
    {"truncated", FAKE_TRUNCATED},
    {"oversized", FAKE_OVERSIZED},
    {"other-version", FAKE_OTHER_VERSION},
    {"other-verb", FAKE_OTHER_VERB},
    {"other-id", FAKE_OTHER_ID},
    {"no-descriptor", FAKE_NO_DESCRIPTOR},
    {"two-descriptors", FAKE_TWO_DESCRIPTORS},
    {"strange-status", FAKE_STRANGE_STATUS},
    {"turned-away", FAKE_TURNED_AWAY},
};

/* Lies about the document itself. */
enum document_lie { HONEST, UNSEALED, HUGE_DOCUMENT, EMPTY_DOCUMENT, NOT_JSON, NOT_A_MEMFD };
static const struct {
    const char *name;
    enum document_lie lie;
} documents[] = {
    {"unsealed", UNSEALED}, {"huge", HUGE_DOCUMENT},      {"empty", EMPTY_DOCUMENT},
    {"not-json", NOT_JSON}, {"not-a-memfd", NOT_A_MEMFD},
};

static const char *const verbs[] = {
    [CTL_CONNECT] = "connect", [CTL_RESOLVE] = "resolve", [CTL_TARGETS] = "targets",
    [CTL_EXPLAIN] = "explain", [CTL_STATUS] = "status",   [CTL_REFRESH] = "refresh"};

static const char *const tags[] = {[CTL_NAME] = "name", [CTL_STAGE] = "stage", [CTL_HOST] = "host",
                                   [CTL_PORT] = "port", [CTL_USER] = "user",   [CTL_ALL] = "all"};

static void write_question(const char *directory, const struct sm_wire_in *question)
{
    char path[4096];
    uint16_t tag;
    struct sm_bytes value;
    size_t cursor = 0;
    (void)snprintf(path, sizeof path, "%s/questions", directory);
    FILE *file = fopen(path, "a");
    if (!file)
        abort();
    (void)fprintf(file, "%s", verbs[question->header.verb]);
    while (sm_wire_next(question, &cursor, &tag, &value)) {
        uint32_t number;
        const char *name = tag < sizeof tags / sizeof *tags && tags[tag] ? tags[tag] : "?";
        if (tag == CTL_PORT && sm_wire_get_u32(question, tag, &number))
            (void)fprintf(file, " %s=%u", name, number);
        else
            (void)fprintf(file, " %s=%.*s", name, (int)value.len, (const char *)value.data);
    }
    (void)fprintf(file, "\n");
    if (fclose(file) != 0)
        abort();
}

/* The file's bytes, a NUL behind them; NULL if there is no such file. */
static char *read_file(const char *directory, const char *name, size_t *out_len)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    char *text = calloc(1, DOCUMENT_MAX + 1);
    if (!file || !text) {
        free(text);
        return NULL;
    }
    *out_len = fread(text, 1, DOCUMENT_MAX, file);
    (void)fclose(file); /* only read from */
    return text;
}

static int make_document(const char *text, size_t len, enum document_lie lie)
{
    static const char filler[1 << 20];
    int ends[2];
    if (lie == NOT_A_MEMFD)
        return pipe2(ends, O_CLOEXEC) == 0 ? ends[0] : -1;
    int fd = memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (lie == NOT_JSON)
        len /= 2; /* it breaks off */
    if (fd < 0 || (lie != EMPTY_DOCUMENT && write(fd, text, len) != (ssize_t)len))
        abort();
    if (lie == HUGE_DOCUMENT && write(fd, filler, sizeof filler) != sizeof filler)
        abort();
    if (lie != UNSEALED &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        abort();
    return fd;
}

static struct fake_answer answer(const struct sm_wire_in *question, void *context)
{
    static int fd = -1;
    const char *directory = context;
    struct fake_answer answer = {.fd = -1};
    enum document_lie lie = HONEST;
    size_t len = 0;
    char name[64], *manner = read_file(directory, "manner", &len);
    write_question(directory, question);
    for (size_t i = 0; manner && i < sizeof manners / sizeof *manners; i++)
        if (strcmp(manner, manners[i].name) == 0)
            answer.manner = manners[i].manner;
    for (size_t i = 0; manner && i < sizeof documents / sizeof *documents; i++)
        if (strcmp(manner, documents[i].name) == 0)
            lie = documents[i].lie;
    free(manner);
    if (answer.manner == FAKE_TURNED_AWAY) {
        answer.status = SMCRED_LIMITED;
        answer.text = "too many connections to the keeper";
        return answer;
    }
    (void)snprintf(name, sizeof name, "%s.json", verbs[question->header.verb]);
    char *text = read_file(directory, name, &len);
    if (!text) {
        answer.status = SMCRED_DENIED;
        answer.text = "only an administrator may do that";
        answer.rule = "keeper: admins";
        answer.audit_id = "a-1";
        return answer;
    }
    sm_close_fd(&fd); /* the last answer's */
    fd = make_document(text, len, lie);
    free(text);
    answer.fd = fd;
    return answer;
}

int main(int argc, char **argv)
{
    char byte;
    if (argc != 3)
        return 2;
    struct fake_keeper *keeper = fake_keeper_start(argv[1], answer, argv[2]);
    (void)puts("ready");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    fake_keeper_stop(keeper);
    return 0;
}
