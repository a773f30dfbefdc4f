/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay.c - runs a harness over its seed corpus, where there is no libFuzzer.
 *
 * fuzz_NAME reads $top_srcdir/fuzz/corpus/NAME, or the files it is given, and speaks TAP.
 */
#include <dirent.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (4 << 20) /* bytes of one corpus file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replayed;

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    if (!file || !data) {
        printf("Bail out! cannot read %s\n", path);
        exit(1);
    }
    size_t size = fread(data, 1, INPUT_MAX, file);
    (void)fclose(file);                           /* only read from */
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a sanitizer sees the end */
    if (!exact)
        exit(1);
    memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size); /* a finding aborts */
    free(exact);
    free(data);
    printf("ok %d - %s\n", ++replayed, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

static void replay_directory(const char *directory)
{
    struct dirent **entries;
    int count = scandir(directory, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096 + 256 + 2];
        if (entries[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
            replay(path);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    char directory[4096];
    const char *top = getenv("top_srcdir");
    const char *name = basename(argv[0]);
    if (strncmp(name, "lt-", 3) == 0)
        name += 3;
    name += strncmp(name, "fuzz_", 5) == 0 ? 5 : 0;
    (void)snprintf(directory, sizeof directory, "%s/fuzz/corpus/%s", top ? top : ".", name);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc == 1)
        replay_directory(directory);
    if (replayed == 0)
        printf("not ok 1 - no corpus in %s\n", directory);
    printf("1..%d\n", replayed > 0 ? replayed : 1);
    return replayed == 0;
}
