/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index.c - the index in memory first, then as a file beside the old one, then in its place.
 */
#include "keeper/index.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/control.h"
#include "common/index_find.h"
#include "keeper/engine.h"

#define SYNTHETIC_NET   0x7f530000u /* 127.83.0.0/16; 83 is 'S' */
#define SYNTHETIC_HOSTS 65536u

struct index_writer {
    const char *directory;
    struct index_header *mapped; /* the file in place, writable for `superseded` alone */
    size_t size;
};

struct build {
    const char *directory;
    const struct config *config;
    index_place_of *place_of;
    void *arg;
    struct index_header header;
    struct index_target *targets;
    struct index_name *names;
    struct index_address *addresses;
    bool *taken; /* of the synthetic net */
};

enum smcred_status index_new(const char *directory, struct index_writer **out_writer)
{
    struct index_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return SMCRED_NO_MEMORY;
    writer->directory = directory;
    *out_writer = writer;
    return SMCRED_OK;
}

static void supersede(struct index_writer *writer)
{
    if (!writer->mapped)
        return;
    atomic_store(&writer->mapped->superseded, 1);
    (void)munmap(writer->mapped, writer->size); /* a mapping of ours */
    writer->mapped = NULL;
}

void index_free(struct index_writer *writer)
{
    if (!writer)
        return;
    supersede(writer);
    free(writer);
}

bool index_socket_path(const char *directory, const struct config_target *target,
                       char out_path[INDEX_PATH_MAX])
{
    char own[INDEX_PATH_MAX];
    int len = snprintf(own, sizeof own, "%s/%s", directory, target->name);
    return len > 0 && (size_t)len < sizeof own &&
           engine_socket(target->engine, own, engine_port(target->engine), out_path,
                         INDEX_PATH_MAX);
}

/* FNV-1a of the name: the same target has the same address after every restart. */
static uint32_t hash_name(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

/* Free, and neither .0 nor .255 at the end, which some programs take for a network. */
static uint32_t synthetic_of(struct build *build, const char *name)
{
    uint32_t at = hash_name(name) % SYNTHETIC_HOSTS;
    while (build->taken[at] || (at & 0xff) == 0 || (at & 0xff) == 0xff)
        at = (at + 1) % SYNTHETIC_HOSTS;
    build->taken[at] = true;
    return htonl(SYNTHETIC_NET | at);
}

static void add_name(struct build *build, const char *host, uint32_t port, uint32_t target)
{
    for (uint32_t i = build->header.name_count; i-- > 0;) {
        const struct index_name *other = &build->names[i];
        if (other->target != target)
            break;
        if (other->port == port && strcmp(other->host, host) == 0)
            return; /* the target's own port is the default one */
    }
    struct index_name *name = &build->names[build->header.name_count++];
    (void)snprintf(name->host, sizeof name->host, "%s", host); /* it fits: config_parse_host() */
    name->port = port;
    name->target = target;
}

/* An address with that port; false if `host` is not numeric. */
static bool add_address(struct build *build, const char *host, uint32_t port, uint32_t target)
{
    struct index_address address = {.port = (uint16_t)port, .target = target};
    if (inet_pton(AF_INET, host, address.address) == 1)
        address.family = AF_INET;
    else if (inet_pton(AF_INET6, host, address.address) == 1)
        address.family = AF_INET6;
    else
        return false;
    build->addresses[build->header.address_count++] = address;
    return true;
}

static void add_place(struct build *build, const char *host, uint32_t port, uint32_t at)
{
    add_name(build, host, port, at);
    (void)add_address(build, host, port, at); /* a name has none */
}

static bool add_target(struct build *build, uint32_t at)
{
    const struct config_target *from = &build->config->targets[at];
    struct index_target *target = &build->targets[at];
    struct index_place place = {false, "", 0};
    if (build->place_of)
        place = build->place_of(build->arg, from);
    uint32_t default_port = engine_port(from->engine);
    uint32_t own_port = from->port ? from->port : place.port ? place.port : default_port;
    memcpy(target->name, from->name, strlen(from->name) + 1);
    target->engine = from->engine;
    target->default_port = default_port;
    target->synthetic = synthetic_of(build, from->name);
    if (!index_socket_path(build->directory, from, target->socket_path))
        return false;
    struct index_address stand_in = {.family = AF_INET, .target = at};
    memcpy(stand_in.address, &target->synthetic, sizeof target->synthetic);
    build->addresses[build->header.address_count++] = stand_in;
    for (size_t i = 0; i < from->match_count; i++) {
        const struct config_match *match = &from->matches[i];
        add_place(build, match->host, match->port ? match->port : default_port, at);
        if (match->port == 0)
            add_place(build, match->host, own_port, at);
    }
    const char *dialled = from->hostaddr ? from->hostaddr : from->host ? from->host : place.host;
    if (from->port || place.known)                       /* else another server may be there */
        (void)add_address(build, dialled, own_port, at); /* a name is not resolved here */
    return true;
}

static int compare_names(const void *a, const void *b)
{
    const struct index_name *left = a, *right = b;
    int order = index_compare_text(left->host, right->host);
    if (order)
        return order;
    if (left->port != right->port)
        return left->port < right->port ? -1 : 1;
    return left->target < right->target ? -1 : left->target > right->target;
}

static int compare_addresses(const void *a, const void *b)
{
    const struct index_address *left = a, *right = b;
    int order = index_compare_address(left, right);
    return order ? order : left->target < right->target ? -1 : left->target > right->target;
}

/* Of equal (host, port) or addresses the first target's stays: two may share a server's address. */
static void sort_and_thin(struct build *build)
{
    struct index_header *header = &build->header;
    uint32_t kept = 0;
    qsort(build->names, header->name_count, sizeof *build->names, compare_names);
    for (uint32_t i = 0; i < header->name_count; i++) {
        const struct index_name *last = kept > 0 ? &build->names[kept - 1] : NULL;
        if (!last || last->port != build->names[i].port ||
            index_compare_text(last->host, build->names[i].host) != 0)
            build->names[kept++] = build->names[i];
    }
    header->name_count = kept;
    kept = 0;
    qsort(build->addresses, header->address_count, sizeof *build->addresses, compare_addresses);
    for (uint32_t i = 0; i < header->address_count; i++)
        if (kept == 0 ||
            index_compare_address(&build->addresses[kept - 1], &build->addresses[i]) != 0)
            build->addresses[kept++] = build->addresses[i];
    header->address_count = kept;
}

/* The file's bytes; the caller frees them. */
static enum smcred_status render(struct build *build, char **out_data, size_t *out_size)
{
    struct index_header *header = &build->header;
    size_t targets = header->target_count * sizeof *build->targets;
    size_t names = header->name_count * sizeof *build->names;
    size_t addresses = header->address_count * sizeof *build->addresses;
    size_t size = sizeof *header + targets + names + addresses;
    if (size > INDEX_SIZE_MAX)
        return SMCRED_TOO_LARGE;
    header->size = (uint32_t)size;
    char *data = malloc(size), *at = data;
    if (!data)
        return SMCRED_NO_MEMORY;
    memcpy(at, header, sizeof *header);
    memcpy(at += sizeof *header, build->targets, targets);
    memcpy(at += targets, build->names, names);
    memcpy(at + names, build->addresses, addresses);
    *out_data = data;
    *out_size = size;
    return SMCRED_OK;
}

static enum smcred_status fill(struct build *build, char **out_data, size_t *out_size)
{
    struct index_header *header = &build->header;
    *header = (struct index_header){.magic = INDEX_MAGIC, .version = INDEX_VERSION};
    int len = snprintf(header->control_path, sizeof header->control_path, "%s/" CTL_SOCKET_NAME,
                       build->directory);
    if (len < 0 || (size_t)len >= sizeof header->control_path)
        return SMCRED_TOO_LARGE;
    header->target_count = (uint32_t)build->config->target_count;
    for (uint32_t i = 0; i < header->target_count; i++)
        if (!add_target(build, i))
            return SMCRED_TOO_LARGE;
    sort_and_thin(build);
    return render(build, out_data, out_size);
}

static enum smcred_status build_index(struct build *build, char **out_data, size_t *out_size)
{
    const struct config *config = build->config;
    size_t matches = 0;
    for (size_t i = 0; i < config->target_count; i++)
        matches += config->targets[i].match_count;
    /* Per match two names and two addresses; per target its stand-in and its server. */
    build->targets = calloc(config->target_count + 1, sizeof *build->targets);
    build->names = calloc(2 * matches + 1, sizeof *build->names);
    build->addresses = calloc(2 * (matches + config->target_count) + 1, sizeof *build->addresses);
    build->taken = calloc(SYNTHETIC_HOSTS, sizeof *build->taken);
    enum smcred_status status = SMCRED_NO_MEMORY;
    if (build->targets && build->names && build->addresses && build->taken)
        status = fill(build, out_data, out_size);
    free(build->targets);
    free(build->names);
    free(build->addresses);
    free(build->taken);
    return status;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        data += put;
        size -= (size_t)put;
    }
    return true;
}

static enum smcred_status install(struct index_writer *writer, const char *data, size_t size)
{
    char path[PATH_MAX], fresh[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/" INDEX_FILE_NAME, writer->directory);
    (void)snprintf(fresh, sizeof fresh, "%s/." INDEX_FILE_NAME ".new", writer->directory);
    (void)unlink(fresh); /* of a keeper that died between the next two lines */
    sm_autoclose int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || fchmod(fd, 0644) != 0 || !write_all(fd, data, size))
        return SMCRED_SYSTEM;
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return SMCRED_SYSTEM;
    if (rename(fresh, path) != 0) {
        int saved = errno;
        (void)munmap(mapped, size); /* a mapping of ours */
        errno = saved;
        return SMCRED_SYSTEM;
    }
    supersede(writer);
    writer->mapped = mapped;
    writer->size = size;
    return SMCRED_OK;
}

/* A keeper that died left a file whose readers wait for its `superseded`. */
static void adopt(struct index_writer *writer)
{
    char path[PATH_MAX];
    struct stat about;
    (void)snprintf(path, sizeof path, "%s/" INDEX_FILE_NAME, writer->directory);
    sm_autoclose int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) ||
        about.st_size < (off_t)sizeof(struct index_header) || about.st_size > (off_t)INDEX_SIZE_MAX)
        return;
    void *mapped = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return;
    writer->mapped = mapped;
    writer->size = (size_t)about.st_size;
}

enum smcred_status index_write(struct index_writer *writer, const struct config *config,
                               index_place_of *place_of, void *arg)
{
    struct build build = {
        .directory = writer->directory, .config = config, .place_of = place_of, .arg = arg};
    sm_autofree char *data = NULL;
    size_t size = 0;
    enum smcred_status status = build_index(&build, &data, &size);
    if (status != SMCRED_OK)
        return status;
    if (!writer->mapped)
        adopt(writer);
    if (writer->mapped && writer->size == size && memcmp(writer->mapped, data, size) == 0)
        return SMCRED_OK;
    return install(writer, data, size);
}

static bool key_of(const char *host, uint32_t port, struct index_address *out_key)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = in.sin_port};
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
        return index_key((struct sockaddr *)&in, sizeof in, out_key);
    return inet_pton(AF_INET6, host, &in6.sin6_addr) == 1 &&
           index_key((struct sockaddr *)&in6, sizeof in6, out_key);
}

const char *index_look_up(const struct index_writer *writer, const char *host, uint32_t port)
{
    const struct index_target *target = NULL;
    struct index_address key;
    if (!writer->mapped || !index_check(writer->mapped, writer->size)) /* it may be adopted */
        return NULL;
    target = index_find_name(writer->mapped, host, port);
    if (!target && key_of(host, port, &key) &&
        index_find_address(writer->mapped, &key, &target) != INDEX_OURS)
        return NULL;
    return target ? target->name : NULL;
}

static bool is_matched(const struct config_target *target, const char *host, uint32_t port)
{
    for (size_t i = 0; i < target->match_count; i++) {
        const struct config_match *match = &target->matches[i];
        uint32_t means = match->port ? match->port : engine_port(target->engine);
        if (means == port && strcmp(match->host, host) == 0)
            return true;
    }
    return false;
}

static bool has_any_port(const struct config_target *target, const char *host)
{
    for (size_t i = 0; i < target->match_count; i++)
        if (target->matches[i].port == 0 && strcmp(target->matches[i].host, host) == 0)
            return true;
    return false;
}

static void recall_name(const struct config_target *target, const struct index_name *name,
                        uint32_t *out_port)
{
    if (has_any_port(target, name->host) && !is_matched(target, name->host, name->port))
        *out_port = name->port;
}

/* One that stands for no match is where the database was dialled. */
static void recall_address(const struct config_target *target, const struct index_address *address,
                           char out_host[INDEX_HOST_MAX], uint32_t *out_port)
{
    char text[INET6_ADDRSTRLEN];
    if (address->port == 0 || !inet_ntop(address->family, address->address, text, sizeof text) ||
        has_any_port(target, text) || is_matched(target, text, address->port))
        return;
    *out_port = address->port;
    if (!target->hostaddr && !target->host)
        (void)snprintf(out_host, INDEX_HOST_MAX, "%s", text); /* fits */
}

bool index_recall(struct index_writer *writer, const struct config_target *target,
                  char out_host[INDEX_HOST_MAX], uint32_t *out_port)
{
    uint32_t at = 0;
    out_host[0] = '\0';
    *out_port = 0;
    if (!writer->mapped)
        adopt(writer);
    const struct index_header *index = writer->mapped;
    if (!index || !index_check(index, writer->size))
        return false;
    while (at < index->target_count && strcmp(index_targets(index)[at].name, target->name) != 0)
        at++;
    for (uint32_t i = 0; i < index->name_count; i++)
        if (index_names(index)[i].target == at)
            recall_name(target, &index_names(index)[i], out_port);
    for (uint32_t i = 0; i < index->address_count; i++)
        if (index_addresses(index)[i].target == at)
            recall_address(target, &index_addresses(index)[i], out_host, out_port);
    return *out_port != 0;
}
