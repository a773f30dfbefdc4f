/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scripted_keeper.c - plays parent and keeper to one smcred-relay, for the tests of the relay
 * alone.
 *
 * Listens on a Unix socket, hands each client to the relay and answers S2 with what the command
 * line says.  Every message of the relay becomes a line on standard output, for the test to read.
 * SIGUSR1: the keeper dies and a new one takes over.  SIGUSR2: every session is ended.
 * SIGHUP: drain.  SIGTERM: the parent goes away; then wait for the relay.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/oracle.h"
#include "common/parent.h"
#include "common/seqpacket.h"

#define PASSWORDS_MAX 8
#define SEND_MS       2000

static struct {
    const char *relay, *listen, *host, *ca, *identity, *engine, *user, *dbname, *log_level,
        *deadline_ms, *unix_path;
    const char *passwords[PASSWORDS_MAX]; /* of attempt 1, 2, ... */
    int password_count;
    int ports[ORC_ADDRESSES_MAX];
    int port_count;
    uint32_t tls;
    bool refuse, silent_open, silent_proof, die_on_open, no_binding_log, die_anew, replicates;
} script = {
    .engine = "postgres", .host = "localhost", .user = "app", .dbname = "app", .log_level = "info"};

static struct {
    int parent, keeper; /* the far ends of S0 and S2 */
    int listener;
    pid_t relay;
    uint64_t last_session;
    int attempts[65536];   /* by session number */
    bool logged_in[65536]; /* likewise */
    bool endpoint_sent;
} world = {.parent = -1, .keeper = -1};

static volatile sig_atomic_t wants_restart, wants_end, wants_drain, wants_exit;

static void on_signal(int number)
{
    wants_restart |= number == SIGUSR1;
    wants_end |= number == SIGUSR2;
    wants_drain |= number == SIGHUP;
    wants_exit |= number == SIGTERM;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "scripted_keeper: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_message(int to, struct sm_wire_out *out, int fd)
{
    struct sm_fds fds = {.fd = {fd}, .count = fd >= 0 ? 1 : 0};
    if (sm_wire_finish(out) != SMCRED_OK ||
        sm_seqpacket_send(to, sm_bytes(out->data, out->len), &fds, sm_boot_ms() + SEND_MS) !=
            SMCRED_OK)
        (void)fprintf(stderr, "scripted_keeper: the relay does not take a message\n");
}

/* A new S2; the relay's end travels over S0. */
static void make_keeper(void)
{
    int pair[2];
    uint8_t buffer[64];
    struct sm_wire_out out;
    sm_close_fd(&world.keeper);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        die("socketpair");
    world.keeper = pair[0];
    world.endpoint_sent = false;
    sm_wire_begin(&out, buffer, sizeof buffer, PAR_KEEPER, SMCRED_OK, 0);
    send_message(world.parent, &out, pair[1]);
    (void)close(pair[1]); /* the relay has it now */
}

static void start_relay(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        die("socketpair");
    world.relay = fork();
    if (world.relay == 0) {
        const char *args[8] = {script.relay, "--log-level", script.log_level, NULL};
        if (script.deadline_ms) {
            args[3] = "--deadline-ms";
            args[4] = script.deadline_ms;
        }
        if (dup2(pair[1], PARENT_FD) < 0)
            _exit(126);
        if (pair[1] == PARENT_FD && fcntl(PARENT_FD, F_SETFD, 0) != 0)
            _exit(126);
        (void)execv(script.relay, (char *const *)(uintptr_t)args);
        _exit(127);
    }
    (void)close(pair[1]); /* the child has it */
    world.parent = pair[0];
}

static void listen_for_clients(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", script.listen);
    world.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (world.listener < 0 ||
        bind(world.listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(world.listener, 512) != 0)
        die(script.listen);
}

static int pem_descriptor(const char *path)
{
    static char pem[1 << 20];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = file >= 0 ? read(file, pem, sizeof pem) : -1;
    int fd = memfd_create("pem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (len < 0 || fd < 0 || write(fd, pem, (size_t)len) != len)
        die(path);
    (void)close(file); /* only read from */
    return fd;
}

/* As the file says now: before each session, so it may have changed. */
static void send_identity(void)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    int fd = pem_descriptor(script.identity);
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_IDENTITY, SMCRED_OK, 0);
    sm_wire_put_u32(&out, ORC_T_IDENTITY, 1);
    send_message(world.keeper, &out, fd);
    (void)close(fd); /* the relay has it */
}

static void accept_client(void)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    int fd = accept4(world.listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (script.identity)
        send_identity();
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_SESSION, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, ++world.last_session);
    sm_wire_put_text(&out, ORC_T_ENGINE, script.engine);
    sm_wire_put_text(&out, ORC_T_TARGET, "orders");
    sm_wire_put_text(&out, ORC_T_OPERATOR, "alice");
    if (script.identity)
        sm_wire_put_u32(&out, ORC_T_IDENTITY, 1);
    send_message(world.keeper, &out, fd);
    (void)close(fd); /* the relay has it */
}

static void send_endpoint(void)
{
    uint8_t buffer[512];
    struct sm_wire_out out;
    int fd = script.tls != ORC_TLS_DISABLE ? pem_descriptor(script.ca) : -1;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_ENDPOINT, SMCRED_OK, 0);
    sm_wire_put_u32(&out, ORC_T_ENDPOINT, 1);
    sm_wire_put_text(&out, ORC_T_HOST, script.host);
    sm_wire_put_u32(&out, ORC_T_TLS, script.tls);
    send_message(world.keeper, &out, fd);
    sm_close_fd(&fd);
    world.endpoint_sent = true;
}

static void put_addresses(struct sm_wire_out *out)
{
    for (int i = 0; i < script.port_count; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)script.ports[i]),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        sm_wire_put(out, ORC_T_ADDRESS, sm_bytes(&address, sizeof address));
    }
    if (script.unix_path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", script.unix_path);
        sm_wire_put(out, ORC_T_ADDRESS, sm_bytes(&address, sizeof address));
    }
}

static void refuse(uint16_t verb, uint64_t session, const char *sqlstate, const char *text)
{
    uint8_t buffer[512];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_DENIED, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, sqlstate);
    sm_wire_put_text(&out, ORC_T_TEXT, text);
    sm_wire_put_text(&out, ORC_T_HINT, "ask for target orders");
    send_message(world.keeper, &out, -1);
}

/* Of a session that is logged in: as nobody else than it is. */
static bool answer_anew(uint64_t session, const struct sm_wire_in *in)
{
    uint8_t buffer[512];
    struct sm_wire_out out;
    char user[64];
    bool *logged_in = &world.logged_in[session & 0xffff];
    if (!*logged_in)
        return false;
    if (!sm_wire_get_text(in, ORC_T_USER, user, sizeof user) || strcmp(user, "alice") == 0) {
        *logged_in = false;
        world.attempts[session & 0xffff] = 0;
        return false;
    }
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_OPENED, SMCRED_DENIED, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    sm_wire_put_text(&out, ORC_T_SQLSTATE, "28000");
    sm_wire_put_text(&out, ORC_T_TEXT, "target orders logs in as alice");
    sm_wire_put(&out, ORC_T_STAYS, sm_bytes("", 0));
    send_message(world.keeper, &out, -1);
    return true;
}

static void answer_open(uint64_t session)
{
    uint8_t buffer[4096];
    char version[32];
    struct sm_wire_out out;
    int attempt = ++world.attempts[session & 0xffff];
    if (script.silent_open)
        return;
    if (script.refuse || attempt > script.password_count) {
        refuse(ORC_OPENED, session, "28000", "rule orders/allow says no");
        return;
    }
    if (!world.endpoint_sent)
        send_endpoint();
    (void)snprintf(version, sizeof version, "version-%d", attempt);
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_OPENED, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    sm_wire_put_u32(&out, ORC_T_ENDPOINT, 1);
    sm_wire_put_text(&out, ORC_T_HOST, script.host);
    put_addresses(&out);
    sm_wire_put_text(&out, ORC_T_USER, script.user);
    sm_wire_put_text(&out, ORC_T_DBNAME, script.dbname);
    sm_wire_put_text(&out, ORC_T_APPLICATION, "psql alice@bastion");
    sm_wire_put_text(&out, ORC_T_VERSION, version);
    sm_wire_put_u32(&out, ORC_T_ATTEMPT, (uint32_t)attempt);
    if (script.replicates)
        sm_wire_put(&out, ORC_T_REPLICATION, sm_bytes("", 0));
    send_message(world.keeper, &out, -1);
}

static const char *password_of(uint64_t session)
{
    int attempt = world.attempts[session & 0xffff];
    return script.passwords[attempt > 0 ? attempt - 1 : 0];
}

/* PBKDF2, once per password, salt and count. */
static const uint8_t *salted_password(const char *password, struct sm_bytes salt, uint32_t rounds)
{
    static struct {
        char password[128];
        uint8_t salt[ORC_SALT_MAX];
        size_t salt_len;
        uint32_t rounds;
        uint8_t key[32];
    } last;
    if (strcmp(last.password, password) != 0 || last.rounds != rounds ||
        !sm_bytes_equal(salt, sm_bytes(last.salt, last.salt_len))) {
        (void)snprintf(last.password, sizeof last.password, "%s", password);
        memcpy(last.salt, salt.data, salt.len);
        last.salt_len = salt.len;
        last.rounds = rounds;
        (void)PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt.data, (int)salt.len,
                                (int)rounds, EVP_sha256(), 32, last.key);
    }
    return last.key;
}

static void mac(const uint8_t key[32], struct sm_bytes text, uint8_t out[32])
{
    (void)HMAC(EVP_sha256(), key, 32, text.data, text.len, out, NULL);
}

static void answer_scram(uint64_t session, const struct sm_wire_in *in)
{
    uint8_t buffer[512], client[32], stored[32], server[32], signature[32], proof[32];
    struct sm_wire_out out;
    struct sm_bytes salt, auth_message;
    uint32_t rounds = 0;
    if (!sm_wire_get(in, ORC_T_SALT, &salt) || !sm_wire_get_u32(in, ORC_T_ITERATIONS, &rounds) ||
        !sm_wire_get(in, ORC_T_AUTH_MESSAGE, &auth_message))
        return;
    if (rounds > 1000000) {
        refuse(ORC_PROOF, session, "28000", "the server's iteration count is absurd");
        return;
    }
    const uint8_t *salted = salted_password(password_of(session), salt, rounds);
    mac(salted, sm_bytes_of("Client Key"), client);
    mac(salted, sm_bytes_of("Server Key"), server);
    (void)EVP_Digest(client, 32, stored, NULL, EVP_sha256(), NULL);
    mac(stored, auth_message, signature);
    for (size_t i = 0; i < 32; i++)
        proof[i] = client[i] ^ signature[i];
    mac(server, auth_message, signature);
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_PROOF, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    sm_wire_put(&out, ORC_T_PROOF, sm_bytes(proof, 32));
    sm_wire_put(&out, ORC_T_SERVER_SIGNATURE, sm_bytes(signature, 32));
    send_message(world.keeper, &out, -1);
}

static void hex_md5(struct sm_bytes a, struct sm_bytes b, char out[33])
{
    uint8_t digest[16];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    (void)EVP_DigestInit_ex(context, EVP_md5(), NULL);
    (void)EVP_DigestUpdate(context, a.data, a.len);
    (void)EVP_DigestUpdate(context, b.data, b.len);
    (void)EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static void answer_text(uint64_t session, const char *text)
{
    uint8_t buffer[512];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_PROOF, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    sm_wire_put_text(&out, ORC_T_PROOF, text);
    send_message(world.keeper, &out, -1);
}

static void answer_md5(uint64_t session, const struct sm_wire_in *in)
{
    struct sm_bytes salt;
    char inner[33], outer[33], answer[64];
    if (!sm_wire_get(in, ORC_T_SALT, &salt))
        return;
    hex_md5(sm_bytes_of(password_of(session)), sm_bytes_of(script.user), inner);
    hex_md5(sm_bytes_of(inner), salt, outer);
    (void)snprintf(answer, sizeof answer, "md5%s", outer);
    answer_text(session, answer);
}

/* SHA1(password) ^ SHA1(nonce SHA1(SHA1(password))), and the same of SHA-256 the other way round.
 */
static size_t scramble(const EVP_MD *digest, const char *password, struct sm_bytes nonce,
                       bool nonce_first, uint8_t proof[EVP_MAX_MD_SIZE])
{
    uint8_t once[EVP_MAX_MD_SIZE], twice[EVP_MAX_MD_SIZE], mask[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    (void)EVP_Digest(password, strlen(password), once, &len, digest, NULL);
    (void)EVP_Digest(once, len, twice, NULL, digest, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    (void)EVP_DigestInit_ex(context, digest, NULL);
    if (nonce_first)
        (void)EVP_DigestUpdate(context, nonce.data, nonce.len);
    (void)EVP_DigestUpdate(context, twice, len);
    if (!nonce_first)
        (void)EVP_DigestUpdate(context, nonce.data, nonce.len);
    (void)EVP_DigestFinal_ex(context, mask, NULL);
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; i < len; i++)
        proof[i] = once[i] ^ mask[i];
    return len;
}

/* MySQL's scrambles, and the names that the client's come to. */
static void answer_scramble(uint64_t session, const char *mechanism, struct sm_bytes salt)
{
    uint8_t buffer[512], proof[EVP_MAX_MD_SIZE] = "no proof of this is known here";
    size_t len = 64;
    struct sm_wire_out out;
    if (strcmp(mechanism, "mysql_native_password") == 0)
        len = scramble(EVP_sha1(), password_of(session), salt, true, proof);
    else if (strcmp(mechanism, "caching_sha2_password") == 0)
        len = scramble(EVP_sha256(), password_of(session), salt, false, proof);
    sm_wire_begin(&out, buffer, sizeof buffer, ORC_PROOF, SMCRED_OK, 0);
    sm_wire_put_u64(&out, ORC_T_SESSION, session);
    sm_wire_put(&out, ORC_T_PROOF, sm_bytes(proof, len));
    sm_wire_put_text(&out, ORC_T_DBNAME, script.dbname);
    send_message(world.keeper, &out, -1);
}

static void answer_challenge(uint64_t session, const struct sm_wire_in *in)
{
    char mechanism[64];
    struct sm_bytes salt;
    if (!sm_wire_get_text(in, ORC_T_MECHANISM, mechanism, sizeof mechanism) ||
        !sm_wire_get(in, ORC_T_SALT, &salt))
        return;
    if (strcmp(mechanism, "md5") == 0)
        answer_md5(session, in);
    else
        answer_scramble(session, mechanism, salt);
}

static void answer_cleartext(uint64_t session, const struct sm_wire_in *in)
{
    struct sm_bytes verified;
    if (sm_wire_get(in, ORC_T_TLS_VERIFIED, &verified))
        answer_text(session, password_of(session));
    else
        refuse(ORC_PROOF, session, "28000", "no cleartext password without verified TLS");
}

static void print_message(const struct sm_wire_in *in)
{
    static const char *const verbs[] = {
        [ORC_OPEN] = "OPEN",           [ORC_SCRAM] = "SCRAM",
        [ORC_CHALLENGE] = "CHALLENGE", [ORC_CLEARTEXT] = "CLEARTEXT",
        [ORC_LOGGED_IN] = "LOGGED_IN", [ORC_REFUSED] = "REFUSED",
        [ORC_ENDED] = "ENDED",         [ORC_ALIVE] = "ALIVE",
        [ORC_CANCELLED] = "CANCELLED"};
    static const struct {
        uint16_t tag;
        const char *name;
        char kind; /* text, number, empty */
    } fields[] = {{ORC_T_SESSION, "session", 'n'},
                  {ORC_T_TARGET, "target", 't'},
                  {ORC_T_USER, "user", 't'},
                  {ORC_T_DBNAME, "dbname", 't'},
                  {ORC_T_APPLICATION, "application", 't'},
                  {ORC_T_REPLICATION, "replication", 'e'},
                  {ORC_T_MECHANISM, "mechanism", 't'},
                  {ORC_T_ITERATIONS, "iterations", 'n'},
                  {ORC_T_TLS_VERIFIED, "verified", 'e'},
                  {ORC_T_TLS_VERSION, "tls", 't'},
                  {ORC_T_CLIENT_TLS, "client_tls", 't'},
                  {ORC_T_BACKEND_PID, "pid", 'n'},
                  {ORC_T_BYTES_IN, "in", 'n'},
                  {ORC_T_BYTES_OUT, "out", 'n'},
                  {ORC_T_OUTCOME, "outcome", 't'},
                  {ORC_T_VERSION, "version", 't'},
                  {ORC_T_SQLSTATE, "sqlstate", 't'},
                  {ORC_T_CODE, "code", 'n'},
                  {ORC_T_TEXT, "text", 't'}};
    uint16_t verb = in->header.verb;
    (void)printf("%s", verb < sizeof verbs / sizeof *verbs && verbs[verb] ? verbs[verb] : "?");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct sm_bytes value;
        uint32_t small;
        uint64_t large;
        if (!sm_wire_get(in, fields[i].tag, &value))
            continue;
        if (fields[i].kind == 't')
            (void)printf(" %s=%.*s", fields[i].name, (int)value.len, (const char *)value.data);
        else if (sm_wire_get_u32(in, fields[i].tag, &small))
            (void)printf(" %s=%u", fields[i].name, small);
        else if (sm_wire_get_u64(in, fields[i].tag, &large))
            (void)printf(" %s=%llu", fields[i].name, (unsigned long long)large);
        else
            (void)printf(" %s", fields[i].name);
    }
    (void)printf("\n");
    (void)fflush(stdout);
}

static void answer(const struct sm_wire_in *in)
{
    uint64_t session = 0;
    (void)sm_wire_get_u64(in, ORC_T_SESSION, &session);
    print_message(in);
    switch (in->header.verb) {
    case ORC_OPEN:
    case ORC_REFUSED:
        if (script.die_on_open || (script.die_anew && world.logged_in[session & 0xffff]))
            make_keeper();
        else if (!answer_anew(session, in))
            answer_open(session);
        break;
    case ORC_LOGGED_IN:
        world.logged_in[session & 0xffff] = true;
        break;
    case ORC_SCRAM:
        if (!script.silent_proof)
            answer_scram(session, in);
        break;
    case ORC_CHALLENGE:
        if (!script.silent_proof)
            answer_challenge(session, in);
        break;
    case ORC_CLEARTEXT:
        answer_cleartext(session, in);
        break;
    default:
        break;
    }
}

static void read_relay(void)
{
    static uint8_t buffer[SM_WIRE_MAX];
    struct sm_wire_in in;
    size_t len = 0;
    enum smcred_status status =
        sm_seqpacket_receive(world.keeper, buffer, sizeof buffer, NULL, 0, &len);
    if (status == SMCRED_OK && sm_wire_parse(sm_bytes(buffer, len), &in) == SMCRED_OK)
        answer(&in);
    else if (status == SMCRED_UNAVAILABLE)
        wants_exit = 1;
}

static void send_order(uint16_t verb, uint64_t session)
{
    uint8_t buffer[256];
    struct sm_wire_out out;
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_OK, 0);
    if (session != 0) {
        sm_wire_put_u64(&out, ORC_T_SESSION, session);
        sm_wire_put_text(&out, ORC_T_SQLSTATE, "57P01");
        sm_wire_put_text(&out, ORC_T_TEXT, "revoked by an administrator");
    }
    send_message(world.keeper, &out, -1);
}

static void obey_signals(void)
{
    if (wants_restart)
        make_keeper();
    if (wants_drain)
        send_order(ORC_DRAIN, 0);
    for (uint64_t session = 1; wants_end && session <= world.last_session; session++)
        send_order(ORC_END, session);
    wants_restart = wants_drain = wants_end = 0;
}

static void read_options(int argc, char **argv)
{
    static const struct option options[] = {{"relay", 1, NULL, 'r'},
                                            {"listen", 1, NULL, 'l'},
                                            {"host", 1, NULL, 'h'},
                                            {"port", 1, NULL, 'p'},
                                            {"unix", 1, NULL, 'x'},
                                            {"tls", 1, NULL, 't'},
                                            {"ca", 1, NULL, 'c'},
                                            {"engine", 1, NULL, 'e'},
                                            {"user", 1, NULL, 'u'},
                                            {"dbname", 1, NULL, 'd'},
                                            {"password", 1, NULL, 'w'},
                                            {"log-level", 1, NULL, 'v'},
                                            {"deadline-ms", 1, NULL, 'D'},
                                            {"refuse", 0, NULL, 'R'},
                                            {"silent-open", 0, NULL, 'S'},
                                            {"silent-proof", 0, NULL, 'P'},
                                            {"die-on-open", 0, NULL, 'K'},
                                            {"die-anew", 0, NULL, 'A'},
                                            {"replication", 0, NULL, 'B'},
                                            {"identity", 1, NULL, 'i'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r':
            script.relay = optarg;
            break;
        case 'l':
            script.listen = optarg;
            break;
        case 'h':
            script.host = optarg;
            break;
        case 'x':
            script.unix_path = optarg;
            break;
        case 'c':
            script.ca = optarg;
            break;
        case 'i':
            script.identity = optarg;
            break;
        case 'e':
            script.engine = optarg;
            break;
        case 'u':
            script.user = optarg;
            break;
        case 'd':
            script.dbname = optarg;
            break;
        case 'v':
            script.log_level = optarg;
            break;
        case 'D':
            script.deadline_ms = optarg;
            break;
        case 'R':
            script.refuse = true;
            break;
        case 'S':
            script.silent_open = true;
            break;
        case 'P':
            script.silent_proof = true;
            break;
        case 'B':
            script.replicates = true;
            break;
        case 'A':
            script.die_anew = true;
            break;
        case 'K':
            script.die_on_open = true;
            break;
        case 'p':
            if (script.port_count < ORC_ADDRESSES_MAX)
                script.ports[script.port_count++] = atoi(optarg);
            break;
        case 'w':
            if (script.password_count < PASSWORDS_MAX)
                script.passwords[script.password_count++] = optarg;
            break;
        case 't':
            script.tls = strcmp(optarg, "full") == 0 ? ORC_TLS_VERIFY_FULL
                         : strcmp(optarg, "ca") == 0 ? ORC_TLS_VERIFY_CA
                                                     : ORC_TLS_DISABLE;
            break;
        default:
            exit(2);
        }
    }
    if (!script.relay || !script.listen || script.password_count == 0)
        exit(2);
}

static void serve(void)
{
    while (!wants_exit) {
        struct pollfd ready[] = {{.fd = world.keeper, .events = POLLIN},
                                 {.fd = world.listener, .events = POLLIN}};
        (void)poll(ready, 2, -1); /* a signal ends it as well */
        obey_signals();
        if (ready[0].revents)
            read_relay();
        if (ready[1].revents)
            accept_client();
    }
}

int main(int argc, char **argv)
{
    static const int numbers[] = {SIGUSR1, SIGUSR2, SIGHUP, SIGTERM};
    int status = 0;
    read_options(argc, argv);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct sigaction action = {.sa_handler = on_signal};
        (void)sigaction(numbers[i], &action, NULL); /* valid signals */
    }
    start_relay();
    make_keeper();
    listen_for_clients();
    (void)printf("READY relay=%d\n", (int)world.relay);
    (void)fflush(stdout);
    serve();
    sm_close_fd(&world.keeper);
    sm_close_fd(&world.parent);
    while (waitpid(world.relay, &status, 0) < 0 && errno == EINTR)
        ;
    (void)printf("RELAY exited status=%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 256);
    (void)unlink(script.listen); /* ours */
    return 0;
}
