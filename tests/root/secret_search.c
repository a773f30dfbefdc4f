/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret_search.c - looks for a secret wherever an operator could find it.  Run by root.
 *
 *   secret_search [--prove DIR] [--scram FILE] [--uid USER]... [--pid PID]... [--tree PATH]...
 * <SECRET
 *
 * Searches every map of the memory, environ and cmdline of all processes of USER (and of PID), and
 * every file below PATH, for the secret as it is, for each half of it, and for its hex, base64 and
 * UTF-16 forms.  --scram reads PostgreSQL's verifier of the secret, "SCRAM-SHA-256$4096:SALT$...",
 * and searches for what logs in as well as the secret does: SaltedPassword and ClientKey, as they
 * are and in base64.  Says where, never what.  --prove first plants a word of its own in each of
 * these places, in a process of the first USER and in files in DIR and /dev/shm, and fails unless
 * it finds all of them: a search that finds nothing proves something only if it would have found
 * it.
 *
 * Status: 0 not found, 1 found, 2 could not search, or is blind.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/bytes.h"

#define SECRET_MIN 12   /* bytes; shorter words are found by chance */
#define SECRET_MAX 1024 /* bytes */
#define NEEDLE_MAX (2 * SECRET_MAX)
#define CHUNK_SIZE (1u << 20) /* bytes read at once */
#define LIST_MAX   64
#define HUGE_MAP                                                                                   \
    (1ull << 30) /* bytes; an unreadable map beyond this is address space, not data                \
                  */

enum form {
    FORM_PLAIN,
    FORM_FIRST_HALF,
    FORM_SECOND_HALF,
    FORM_HEX,
    FORM_HEX_UPPER,
    FORM_BASE64_0, /* the secret stands at a multiple of 3 in what was encoded, or 1 or 2 behind */
    FORM_BASE64_1,
    FORM_BASE64_2,
    FORM_UTF16_LE,
    FORM_UTF16_BE,
    FORM_SALTED_PASSWORD, /* these four with --scram alone */
    FORM_SALTED_PASSWORD_BASE64,
    FORM_CLIENT_KEY,
    FORM_CLIENT_KEY_BASE64,
    FORM_COUNT
};

static const char *const form_names[FORM_COUNT] = {
    "as it is",        "first half",       "second half",    "hex",
    "hex, upper case", "base64",           "base64 + 1",     "base64 + 2",
    "UTF-16 LE",       "UTF-16 BE",        "SaltedPassword", "SaltedPassword, base64",
    "ClientKey",       "ClientKey, base64"};

enum place { PLACE_MEMORY, PLACE_ENVIRON, PLACE_CMDLINE, PLACE_FILE, PLACE_COUNT };

static const char *const place_names[PLACE_COUNT] = {"memory", "environ", "cmdline", "file"};

struct needle {
    uint8_t bytes[NEEDLE_MAX];
    size_t len; /* 0: not searched for */
};

/* How the database salts the secret; iterations 0: nobody told us. */
struct scram {
    int iterations;
    uint8_t salt[64];
    int salt_len;
};

struct search {
    struct needle needles[FORM_COUNT];
    size_t longest;
    bool quiet; /* the proof counts and says nothing */
    unsigned found[PLACE_COUNT][FORM_COUNT];
    unsigned processes, maps, files;
    uint64_t bytes;
    uint8_t *chunk; /* CHUNK_SIZE */
};

struct where_to_look {
    uid_t uids[LIST_MAX];
    pid_t pids[LIST_MAX];
    const char *trees[LIST_MAX];
    size_t uid_count, pid_count, tree_count;
    const char *proof_directory; /* NULL: no proof */
    struct scram scram;
};

/* ---- the forms of a secret ---- */

static void needle_hex(struct needle *needle, const uint8_t *secret, size_t len, const char *digits)
{
    for (size_t i = 0; i < len; i++) {
        needle->bytes[2 * i] = (uint8_t)digits[secret[i] >> 4];
        needle->bytes[2 * i + 1] = (uint8_t)digits[secret[i] & 15];
    }
    needle->len = 2 * len;
}

/* The characters of base64 that depend on the secret alone, when `skew` unknown bytes precede it.
 */
static void needle_base64(struct needle *needle, const uint8_t *secret, size_t len, size_t skew)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t first = (3 - skew) % 3; /* of the first whole group of three */
    for (size_t i = first; i + 3 <= len; i += 3) {
        uint32_t group = (uint32_t)secret[i] << 16 | (uint32_t)secret[i + 1] << 8 | secret[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            needle->bytes[needle->len++] = (uint8_t)digits[group >> shift & 63];
    }
}

static void needle_utf16(struct needle *needle, const uint8_t *secret, size_t len, size_t at)
{
    memset(needle->bytes, 0, 2 * len);
    for (size_t i = 0; i < len; i++)
        needle->bytes[2 * i + at] = secret[i];
    needle->len = 2 * len;
}

static void needle_copy(struct needle *needle, const uint8_t *secret, size_t len)
{
    memcpy(needle->bytes, secret, len);
    needle->len = len;
}

/* RFC 5802, for a secret in ASCII. */
static void needles_scram(struct needle *needles, const uint8_t *secret, size_t len,
                          const struct scram *scram)
{
    uint8_t salted[32], key[32];
    unsigned key_len;
    if (scram->iterations == 0)
        return;
    if (PKCS5_PBKDF2_HMAC((const char *)secret, (int)len, scram->salt, scram->salt_len,
                          scram->iterations, EVP_sha256(), sizeof salted, salted) != 1 ||
        !HMAC(EVP_sha256(), salted, sizeof salted, (const uint8_t *)"Client Key", 10, key,
              &key_len))
        abort();
    needle_copy(&needles[FORM_SALTED_PASSWORD], salted, sizeof salted);
    needle_base64(&needles[FORM_SALTED_PASSWORD_BASE64], salted, sizeof salted, 0);
    needle_copy(&needles[FORM_CLIENT_KEY], key, sizeof key);
    needle_base64(&needles[FORM_CLIENT_KEY_BASE64], key, sizeof key, 0);
}

static void search_begin(struct search *search, const uint8_t *secret, size_t len,
                         const struct scram *scram)
{
    struct needle *needles = search->needles;
    needle_copy(&needles[FORM_PLAIN], secret, len);
    needle_copy(&needles[FORM_FIRST_HALF], secret, len / 2);
    needle_copy(&needles[FORM_SECOND_HALF], secret + len / 2, len - len / 2);
    needle_hex(&needles[FORM_HEX], secret, len, "0123456789abcdef");
    needle_hex(&needles[FORM_HEX_UPPER], secret, len, "0123456789ABCDEF");
    for (size_t skew = 0; skew < 3; skew++)
        needle_base64(&needles[FORM_BASE64_0 + skew], secret, len, skew);
    needle_utf16(&needles[FORM_UTF16_LE], secret, len, 0);
    needle_utf16(&needles[FORM_UTF16_BE], secret, len, 1);
    needles_scram(needles, secret, len, scram);
    for (size_t i = 0; i < FORM_COUNT; i++)
        if (needles[i].len > search->longest)
            search->longest = needles[i].len;
}

/* ---- one stretch of bytes ---- */

static void look(struct search *search, enum place place, size_t len, const char *where)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        const struct needle *needle = &search->needles[i];
        if (needle->len == 0 || !memmem(search->chunk, len, needle->bytes, needle->len))
            continue;
        search->found[place][i]++;
        if (!search->quiet)
            printf("found: %s, %s, %s\n", where, place_names[place], form_names[i]);
    }
}

/* Searches [from, to) of an open file or of /proc/PID/mem, in chunks that overlap. */
static void look_through(struct search *search, enum place place, int fd, uint64_t from,
                         uint64_t to, const char *where)
{
    size_t kept = 0; /* bytes at the start of the chunk that the one before ended with */
    while (from < to) {
        size_t want = CHUNK_SIZE - kept;
        if (want > to - from)
            want = (size_t)(to - from);
        ssize_t got = pread(fd, search->chunk + kept, want, (off_t)from);
        if (got == 0 && place != PLACE_MEMORY)
            return;
        if (got <= 0) { /* this page cannot be read (a hole, memfd_secret); the next one may */
            from += 4096 - from % 4096;
            kept = 0;
            continue;
        }
        search->bytes += (uint64_t)got;
        from += (uint64_t)got;
        size_t len = kept + (size_t)got;
        look(search, place, len, where);
        kept = len < search->longest - 1 ? len : search->longest - 1;
        memmove(search->chunk, search->chunk + len - kept, kept);
    }
}

/* ---- processes ---- */

static void search_memory(struct search *search, pid_t pid, const char *who)
{
    char path[64], line[512], where[256];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    sm_autoclose int mem = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    while (mem >= 0 && maps && fgets(line, sizeof line, maps)) {
        uint64_t from, to;
        char rights[5] = "", name[128] = "";
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %127s", &from, &to, rights,
                   name) < 3)
            continue;
        if (strcmp(name, "[vsyscall]") == 0 || (rights[0] != 'r' && to - from > HUGE_MAP))
            continue;
        snprintf(where, sizeof where, "%s, %" PRIx64 "-%" PRIx64 " %s", who, from, to, name);
        search->maps++;
        look_through(search, PLACE_MEMORY, mem, from, to, where);
    }
    if (maps)
        fclose(maps);
}

static void search_process(struct search *search, pid_t pid)
{
    char path[64], name[64] = "gone", who[128];
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *comm = fopen(path, "re");
    if (!comm)
        return; /* it has ended meanwhile */
    if (fgets(name, sizeof name, comm))
        name[strcspn(name, "\n")] = '\0';
    fclose(comm);
    snprintf(who, sizeof who, "pid %d (%s)", pid, name);
    search->processes++;
    search_memory(search, pid, who);
    static const struct {
        enum place place;
        const char *file;
    } more[] = {{PLACE_ENVIRON, "environ"}, {PLACE_CMDLINE, "cmdline"}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", pid, more[i].file);
        sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            look_through(search, more[i].place, fd, 0, UINT32_MAX, who);
    }
}

/* True if any of its uids - real, effective, saved, of the file system - is one of ours. */
static bool process_is_of(pid_t pid, const uid_t *uids, size_t count)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *status = fopen(path, "re");
    bool ours = false;
    while (status && fgets(line, sizeof line, status)) {
        unsigned uid[4];
        if (sscanf(line, "Uid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) != 4)
            continue;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < 4; j++)
                ours = ours || uid[j] == uids[i];
    }
    if (status)
        fclose(status);
    return ours;
}

static void search_processes(struct search *search, const struct where_to_look *places)
{
    for (size_t i = 0; i < places->pid_count; i++)
        search_process(search, places->pids[i]);
    DIR *proc = places->uid_count > 0 ? opendir("/proc") : NULL;
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && process_is_of(pid, places->uids, places->uid_count))
            search_process(search, pid);
    }
    if (proc)
        closedir(proc);
}

/* ---- files ---- */

static void search_file(struct search *search, const char *path)
{
    sm_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return;
    search->files++;
    look_through(search, PLACE_FILE, fd, 0, (uint64_t)info.st_size, path);
}

static bool search_tree(struct search *search, const char *path)
{
    char *const paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk || access(path, F_OK) < 0) {
        fprintf(stderr, "secret_search: cannot walk %s\n", path);
        return false;
    }
    for (FTSENT *entry; (entry = fts_read(walk));)
        if (entry->fts_info == FTS_F)
            search_file(search, entry->fts_accpath);
    fts_close(walk);
    return true;
}

static bool search_everywhere(struct search *search, const struct where_to_look *places)
{
    search_processes(search, places);
    for (size_t i = 0; i < places->tree_count; i++)
        if (!search_tree(search, places->trees[i]))
            return false;
    return true;
}

/* ---- the proof ---- */

/* A process that holds the word in all three places, until its input ends. */
static int hold(const char *word)
{
    char byte, *copy = strdup(word);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!copy || write(STDOUT_FILENO, "h", 1) != 1)
        return 2;
    return read(STDIN_FILENO, &byte, 1) < 0 || copy[0] == '\0' ? 2 : 0;
}

static void become_holder(const char *word, const struct where_to_look *places, const int pipes[4])
{
    char variable[SECRET_MAX + 8];
    snprintf(variable, sizeof variable, "WORD=%s", word);
    char *const argv[] = {(char *)(uintptr_t) "secret_search", (char *)(uintptr_t) "--hold",
                          (char *)(uintptr_t)word, NULL};
    char *const envp[] = {variable, NULL};
    sm_autoclose int self = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if (dup2(pipes[0], STDIN_FILENO) < 0 || dup2(pipes[3], STDOUT_FILENO) < 0)
        _exit(2);
    if (places->uid_count > 0 && setuid(places->uids[0]) < 0)
        _exit(2);
    fexecve(self, argv, envp);
    _exit(2);
}

static bool plant_file(const char *path, const struct needle *needle)
{
    sm_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, needle->bytes, needle->len) == (ssize_t)needle->len;
}

static bool saw(const struct search *search, enum place place, enum form form)
{
    if (search->found[place][form] > 0)
        return true;
    fprintf(stderr, "secret_search: blind: what was planted in %s (%s) was not found\n",
            place_names[place], form_names[form]);
    return false;
}

/* One file with each form in DIR, one in /dev/shm; all are found, and gone again. */
static bool prove_files(struct search *search, const char *directory)
{
    bool good = true;
    for (size_t i = 0; i <= FORM_COUNT; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/secret_search.%d", i < FORM_COUNT ? directory : "/dev/shm",
                 getpid());
        enum form form = i < FORM_COUNT ? (enum form)i : FORM_PLAIN;
        if (search->needles[form].len == 0)
            continue;
        search->found[PLACE_FILE][form] = 0;
        good = plant_file(path, &search->needles[form]) && good;
        good = search_tree(search, i < FORM_COUNT ? directory : "/dev/shm") && good;
        good = saw(search, PLACE_FILE, form) && good;
        unlink(path);
    }
    return good;
}

static bool prove_process(struct search *search, const char *word,
                          const struct where_to_look *places)
{
    int pipes[4];
    char byte;
    if (pipe2(pipes, O_CLOEXEC) < 0 || pipe2(pipes + 2, O_CLOEXEC) < 0)
        return false;
    pid_t holder = fork();
    if (holder == 0)
        become_holder(word, places, pipes);
    close(pipes[0]);
    close(pipes[3]);
    struct where_to_look there = {.uid_count = places->uid_count};
    memcpy(there.uids, places->uids, sizeof there.uids);
    if (there.uid_count == 0)
        there.pids[there.pid_count++] = holder;
    bool good = holder > 0 && read(pipes[2], &byte, 1) == 1;
    search_processes(search, &there);
    good = saw(search, PLACE_MEMORY, FORM_PLAIN) && good;
    good = saw(search, PLACE_ENVIRON, FORM_PLAIN) && good;
    good = saw(search, PLACE_CMDLINE, FORM_PLAIN) && good;
    close(pipes[1]);
    close(pipes[2]);
    return waitpid(holder, NULL, 0) == holder && good;
}

static bool prove(uint8_t *chunk, const struct where_to_look *places)
{
    uint8_t raw[16];
    char word[2 * sizeof raw + 1];
    if (getrandom(raw, sizeof raw, 0) != sizeof raw)
        return false;
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(word + 2 * i, 3, "%02x", raw[i]);
    struct search search = {.quiet = true, .chunk = chunk};
    search_begin(&search, (const uint8_t *)word, strlen(word), &places->scram);
    bool good = prove_files(&search, places->proof_directory);
    good = prove_process(&search, word, places) && good;
    int forms = places->scram.iterations ? FORM_COUNT : FORM_SALTED_PASSWORD;
    if (good)
        printf("planted in %d places, and found in all of them\n", forms + 1 + 3);
    return good;
}

/* ---- the command line ---- */

/* "SCRAM-SHA-256$4096:SALT$STORED:SERVER", as pg_authid has it. */
static bool read_scram(const char *path, struct scram *out_scram)
{
    char salt[65] = "";
    FILE *file = fopen(path, "re");
    bool good =
        file && fscanf(file, "SCRAM-SHA-256$%d:%64[^$]$", &out_scram->iterations, salt) == 2;
    if (file)
        fclose(file);
    size_t len = strlen(salt), padding = len - strcspn(salt, "=");
    out_scram->salt_len =
        EVP_DecodeBlock(out_scram->salt, (uint8_t *)salt, (int)len) - (int)padding;
    return good && out_scram->salt_len > 0;
}

static bool parse(int argc, char **argv, struct where_to_look *places)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *option = argv[i], *value = argv[i + 1];
        if (strcmp(option, "--uid") == 0 && places->uid_count < LIST_MAX) {
            const struct passwd *user = getpwnam(value);
            if (!user)
                return false;
            places->uids[places->uid_count++] = user->pw_uid;
        } else if (strcmp(option, "--pid") == 0 && places->pid_count < LIST_MAX) {
            places->pids[places->pid_count++] = (pid_t)strtol(value, NULL, 10);
        } else if (strcmp(option, "--tree") == 0 && places->tree_count < LIST_MAX) {
            places->trees[places->tree_count++] = value;
        } else if (strcmp(option, "--scram") == 0) {
            if (!read_scram(value, &places->scram))
                return false;
        } else if (strcmp(option, "--prove") == 0) {
            places->proof_directory = value;
        } else {
            return false;
        }
    }
    return argc % 2 == 1;
}

/* The secret on stdin, up to a final newline; 0 if it cannot be one. */
static size_t read_secret(uint8_t *secret)
{
    size_t len = 0;
    for (ssize_t got; len < SECRET_MAX; len += (size_t)got)
        if ((got = read(STDIN_FILENO, secret + len, SECRET_MAX - len)) <= 0)
            break;
    if (len > 0 && secret[len - 1] == '\n')
        len--;
    return len < SECRET_MIN || len >= SECRET_MAX ? 0 : len;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--hold") == 0)
        return hold(argv[2]);
    static struct where_to_look places;
    static uint8_t secret[SECRET_MAX], chunk[CHUNK_SIZE];
    static struct search search = {.chunk = chunk};
    if (!parse(argc, argv, &places)) {
        fprintf(stderr,
                "usage: secret_search [--prove DIR] [--scram FILE] [--uid USER]... [--pid PID]... "
                "[--tree PATH]... <SECRET\n");
        return 2;
    }
    size_t len = read_secret(secret);
    if (len == 0) {
        fprintf(stderr, "secret_search: a secret of %d to %d bytes is expected on stdin\n",
                SECRET_MIN, SECRET_MAX - 1);
        return 2;
    }
    if (places.proof_directory && !prove(chunk, &places))
        return 2;
    search_begin(&search, secret, len, &places.scram);
    if (!search_everywhere(&search, &places))
        return 2;
    unsigned found = 0;
    for (size_t i = 0; i < PLACE_COUNT; i++)
        for (size_t j = 0; j < FORM_COUNT; j++)
            found += search.found[i][j];
    printf("searched %u processes, %u maps, %u files, %" PRIu64 " MiB: %s\n", search.processes,
           search.maps, search.files, search.bytes >> 20, found ? "FOUND" : "not found");
    return found ? 1 : 0;
}
