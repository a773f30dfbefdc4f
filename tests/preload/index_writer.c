/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index_writer.c - writes an index as the keeper does, for tests of its readers.
 *
 *     index_writer FILE CONTROL_SOCKET <<END
 *     target NAME SOCKET_PATH ENGINE SYNTHETIC DEFAULT_PORT
 *     name HOST PORT TARGET
 *     address ADDRESS PORT TARGET
 *     END
 *
 * The new file takes the old one's place by rename(2); then the old one is marked as superseded.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/index_find.h"

#define MOST 256 /* of anything */

static struct index_target targets[MOST];
static struct index_name names[MOST];
static struct index_address addresses[MOST];
static struct index_header header = {.magic = INDEX_MAGIC, .version = INDEX_VERSION};

static uint32_t number_of(const char *target)
{
    for (uint32_t i = 0; i < header.target_count; i++)
        if (strcmp(targets[i].name, target) == 0)
            return i;
    errx(1, "no target '%s'", target);
}

static void add_address(const char *text, unsigned port, uint32_t target)
{
    struct index_address *address = &addresses[header.address_count++];
    address->family = strchr(text, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(address->family, text, address->address) != 1)
        errx(1, "not an address: '%s'", text);
    address->port = (uint16_t)port;
    address->target = target;
}

static void add_line(const char *line)
{
    char a[256], b[256], c[256];
    unsigned port, engine;
    if (header.target_count == MOST || header.name_count == MOST ||
        header.address_count >= MOST - 1)
        errx(1, "too much");
    if (sscanf(line, "target %63s %107s %u %255s %u", a, b, &engine, c, &port) == 5) {
        struct index_target *target = &targets[header.target_count];
        strcpy(target->name, a);
        strcpy(target->socket_path, b);
        target->engine = engine;
        target->default_port = port;
        if (inet_pton(AF_INET, c, &target->synthetic) != 1)
            errx(1, "not an address: '%s'", c);
        add_address(c, 0, header.target_count++);
    } else if (sscanf(line, "name %255s %u %63s", a, &port, b) == 3) {
        struct index_name *name = &names[header.name_count++];
        strcpy(name->host, a);
        name->port = port;
        name->target = number_of(b);
    } else if (sscanf(line, "address %255s %u %63s", a, &port, b) == 3) {
        add_address(a, port, number_of(b));
    } else {
        errx(1, "what is this: %s", line);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct index_name *left = a, *right = b;
    int order = strcmp(left->host, right->host);
    return order != 0 ? order : (int)left->port - (int)right->port;
}

static int by_address(const void *a, const void *b)
{
    return index_compare_address(a, b);
}

static void put(FILE *file, const void *data, size_t size, uint32_t count)
{
    if (fwrite(data, size, count, file) != count)
        err(1, "write");
}

static void write_file(const char *path)
{
    FILE *file = fopen(path, "wx");
    if (!file)
        err(1, "%s", path);
    put(file, &header, sizeof header, 1);
    put(file, targets, sizeof *targets, header.target_count);
    put(file, names, sizeof *names, header.name_count);
    put(file, addresses, sizeof *addresses, header.address_count);
    if (fclose(file) != 0)
        err(1, "%s", path);
}

int main(int argc, char **argv)
{
    char line[1024], fresh[4096];
    if (argc != 3 || strlen(argv[2]) >= INDEX_PATH_MAX)
        errx(2, "usage: index_writer FILE CONTROL_SOCKET < description");
    while (fgets(line, sizeof line, stdin))
        if (line[0] != '\n')
            add_line(line);
    qsort(names, header.name_count, sizeof *names, by_name);
    qsort(addresses, header.address_count, sizeof *addresses, by_address);
    strcpy(header.control_path, argv[2]);
    header.size =
        (uint32_t)(sizeof header + header.target_count * sizeof *targets +
                   header.name_count * sizeof *names + header.address_count * sizeof *addresses);
    snprintf(fresh, sizeof fresh, "%s.new", argv[1]);
    write_file(fresh);
    int old = open(argv[1], O_RDWR | O_CLOEXEC);
    if (rename(fresh, argv[1]) != 0)
        err(1, "%s", argv[1]);
    struct stat file;
    struct index_header *map = MAP_FAILED;
    if (old >= 0 && fstat(old, &file) == 0 && file.st_size >= (off_t)sizeof *map)
        map = mmap(NULL, sizeof *map, PROT_READ | PROT_WRITE, MAP_SHARED, old, 0);
    if (map != MAP_FAILED)
        atomic_store(&map->superseded, 1);
    return 0;
}
