/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_http.c - of a body that was answered nothing is left in memory, though its connection lives.
 */
#include "tests/server/server_fixture.h"

#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "server/http.h"

#define SECRET                                                                                     \
    "http-body-5up3r-53cr37" /* the literal itself cannot be written to, so is not seen */

static char chunk[1 << 16];

/* How often it is between these two addresses.  Read as a file: a sanitizer has no opinion of that.
 */
static int count_between(int memory, unsigned long from, unsigned long to)
{
    int count = 0;
    for (unsigned long at = from; at < to; at += sizeof chunk - (sizeof SECRET - 2)) {
        size_t len = to - at < sizeof chunk ? to - at : sizeof chunk;
        ssize_t got = pread(memory, chunk, len, (off_t)at);
        const char *end = chunk + (got > 0 ? got : 0), *found = chunk;
        while ((found = memmem(found, (size_t)(end - found), SECRET, strlen(SECRET)))) {
            found++;
            count++;
        }
    }
    explicit_bzero(chunk, sizeof chunk);
    return count;
}

/* How often it is in memory that this process can write to, hidden memory left out. */
static int count_in_memory(void)
{
    char line[512];
    int count = 0;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_true(memory >= 0);
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char may[5];
        assert_int_equal(sscanf(line, "%lx-%lx %4s", &from, &to, may), 3);
        if (strncmp(may, "rw", 2) == 0 && to - from < 1ul << 30) /* larger: a sanitizer's own */
            count += count_between(memory, from, to);
    }
    fclose(maps);
    close(memory);
    return count;
}

static int listener(struct sockaddr_in *out_address)
{
    socklen_t len = sizeof *out_address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *out_address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)out_address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)out_address, &len), 0);
    return fd;
}

/* From where the literals are: a copy of ours would be found. */
static void send_request(int fd)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\n"
                               "Content-Type: application/x-amz-json-1.1\r\n"
                               "X-Amz-Target: secretsmanager.CreateSecret\r\n"
                               "Content-Length: 56\r\n\r\n";
    static const char body[] = "{\"Name\": \"a\", \"SecretString\": \"" SECRET "\"}";
    static_assert(sizeof body - 1 == 55, "one byte less than the head says");
    struct iovec pieces[] = {{(void *)(uintptr_t)head, sizeof head - 1},
                             {(void *)(uintptr_t)body, sizeof body - 1}};
    assert_int_equal(writev(fd, pieces, 2), sizeof head + sizeof body - 2);
}

/* All that `client` has sent was read at the other end, a descriptor of this process. */
static bool was_read(int client)
{
    struct sockaddr_in own, peer;
    socklen_t len = sizeof own;
    assert_int_equal(getsockname(client, (struct sockaddr *)&own, &len), 0);
    for (int fd = 3; fd < 256; fd++) {
        int waits = -1;
        len = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sin_port == own.sin_port &&
            peer.sin_family == AF_INET && ioctl(fd, FIONREAD, &waits) == 0)
            return waits == 0;
    }
    return false; /* it is not accepted yet */
}

static void a_body_is_nowhere_but_in_the_vault(void **state)
{
    const struct server *server = *state;
    struct server_http *http;
    struct sockaddr_in address;
    if (sm_under_valgrind())
        skip();
    int in_vault = sm_vault_hidden(server->vault) ? 0 : 1;
    char *planted = strdup(SECRET);
    assert_non_null(planted);
    assert_int_equal(count_in_memory(), 1);
    explicit_bzero(planted, strlen(planted));
    free(planted);
    assert_int_equal(count_in_memory(), 0);
    struct server_http_settings settings = {
        .listen_fd = listener(&address), .connections_max = 8, .timeout_s = 600};
    assert_int_equal(server_http_start(*state, &settings, &http, NULL), SMCRED_OK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    send_request(fd);
    for (int patience = 2000; !was_read(fd) && patience > 0; patience--)
        (void)poll(NULL, 0, 10);
    assert_true(was_read(fd));
    for (int patience = 200; count_in_memory() != in_vault && patience > 0; patience--)
        (void)poll(NULL, 0, 10); /* it is on its way from one to the other */
    assert_int_equal(count_in_memory(), in_vault);
    close(fd);
    server_http_stop(http);
    assert_int_equal(count_in_memory(), 0);
}

SM_TEST_MAIN(cmocka_unit_test_setup_teardown(a_body_is_nowhere_but_in_the_vault, start_server,
                                             stop_server))
