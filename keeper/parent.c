/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parent.c - processes and their identities, nothing else.  Single-threaded, without libraries.
 */
#include "keeper/parent.h"

#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/parent.h"
#include "common/seqpacket.h"
#include "keeper/accounts.h"
#include "keeper/keeper.h"
#include "keeper/word.h"

#define RELAYS_MAX     1024
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define LONG_LIFE_MS   60000        /* a keeper that lived as long is started again at once */
#define STOP_MS        5000         /* until a keeper that was told to stop is killed */
#define LISTEN_MS      10000        /* for a word of the keeper's, which owes one twice as often */
#define SILENCES_MAX   3            /* of LISTEN_MS each, in a row: it hangs */
#define MEMLOCK_BYTES  (256u << 20) /* for the keeper's secrets */
#define LOCK_FILE      ".lock"      /* in the runtime directory; no target can have that name */
#define LOCK_FD        (PARENT_FD + 1) /* in the keeper, who uses the directory as long as it lives */
#define LOCK_MS        2000 /* for the keeper of a parent that was killed to notice, and go */
#define LOCK_POLL_MS   20

struct child {
    struct child *next;
    pid_t pid;
    uid_t uid; /* the operator's, of a relay */
    int fd;    /* our end of its S0 */
};

struct parent {
    const struct options *options;
    bool root;
    uid_t keeper_uid, relay_uid;
    gid_t keeper_gid, relay_gid;
    int signals;
    int lock; /* of the runtime directory */
    struct child keeper;
    int64_t keeper_started_ms, restart_at_ms, backoff_ms;
    struct child *relays;
    size_t relay_count;
    bool ready; /* this keeper; was_ready: it, or one before */
    unsigned
        silences; /* of this keeper, in a row; counted, as clocks go on while the host sleeps */
    bool was_ready, stopping;
    int64_t kill_at_ms;
    int exit_code;
};

/* ---- becoming a child ---- */

/*
 * Only S0, the standard streams and perhaps the lock go into a child; what else is open is the
 * parent's.
 *   lock  -1: it is not for this child
 */
static bool keep_only(int fd, int lock)
{
    sm_autoclose int high = lock >= 0 ? fcntl(lock, F_DUPFD, LOCK_FD + 1) : -1;
    if (lock >= 0 && high < 0)
        return false;
    if (fd == PARENT_FD) {
        if (fcntl(fd, F_SETFD, 0) != 0)
            return false;
    } else if (dup2(fd, PARENT_FD) != PARENT_FD) {
        return false;
    }
    if (high < 0)
        return close_range(LOCK_FD, ~0u, 0) == 0;
    return dup2(high, LOCK_FD) == LOCK_FD && close_range(LOCK_FD + 1, ~0u, 0) == 0;
}

static bool become(const struct parent *parent, uid_t uid, gid_t gid)
{
    if (!parent->root)
        return true;
    (void)unsetenv("HOME"); /* root's; ~/.aws is then looked for where passwd(5) says */
    capng_clear(CAPNG_SELECT_ALL);
    capng_update(CAPNG_ADD, CAPNG_PERMITTED | CAPNG_EFFECTIVE, CAP_SETUID);
    capng_update(CAPNG_ADD, CAPNG_PERMITTED | CAPNG_EFFECTIVE, CAP_SETGID);
    return setgroups(0, NULL) == 0 && capng_apply(CAPNG_SELECT_BOUNDS) == 0 &&
           setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

/* Common to keeper and relay: no privileges to gain, no core to leave, no way around. */
static bool confine(void)
{
    static const struct rlimit none = {0, 0};
    capng_clear(CAPNG_SELECT_CAPS);
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           capng_apply(CAPNG_SELECT_CAPS) == 0;
}

static void reset_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL); /* valid arguments */
}

_Noreturn static void run_keeper(const struct parent *parent, int fd)
{
    struct rlimit locked = {MEMLOCK_BYTES, MEMLOCK_BYTES};
    reset_signals();
    if (parent->root)
        (void)setrlimit(RLIMIT_MEMLOCK, &locked); /* less memory can be locked, then */
    if (!keep_only(fd, parent->lock) || !become(parent, parent->keeper_uid, parent->keeper_gid) ||
        !confine() || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        log_error("cannot become the keeper: %s", strerror(errno));
        _exit(1);
    }
    (void)prctl(PR_SET_NAME, "smcredd-keeper", 0, 0, 0); /* for ps(1) only */
    exit(keeper_run(parent->options, PARENT_FD));
}

_Noreturn static void run_relay(const struct parent *parent, int fd)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    char level[16], path[] = "PATH=/usr/bin:/bin", journal[80] = "SMCRED=1";
    const char *stream = getenv("JOURNAL_STREAM");
    char program[] = "smcred-relay", option[] = "--log-level";
    char *arguments[] = {program, option, level, NULL};
    char *environment[] = {path, journal, NULL};
    reset_signals();
    (void)snprintf(level, sizeof level, "%s", levels[parent->options->log_level]);
    if (stream)
        (void)snprintf(journal, sizeof journal, "JOURNAL_STREAM=%.60s", stream);
    if (keep_only(fd, -1) && become(parent, parent->relay_uid, parent->relay_gid) && confine())
        (void)execve(parent->options->relay_program, arguments, environment);
    log_error("cannot start %s: %s", parent->options->relay_program, strerror(errno));
    _exit(127);
}

/* ---- words to the children ---- */

static bool tell(const struct child *child, uint16_t verb, enum smcred_status status, uid_t uid,
                 pid_t pid, int fd)
{
    uint8_t buffer[128];
    struct sm_wire_out out;
    struct sm_fds fds = {{fd, -1}, fd >= 0 ? 1 : 0};
    sm_wire_begin(&out, buffer, sizeof buffer, verb, status, 0);
    sm_wire_put_u32(&out, PAR_T_UID, uid);
    sm_wire_put_u32(&out, PAR_T_PID, (uint32_t)pid);
    return child->pid > 0 && sm_wire_finish(&out) == SMCRED_OK &&
           sm_seqpacket_send(child->fd, sm_bytes(out.data, out.len), &fds, sm_boot_ms() + 1000) ==
               SMCRED_OK;
}

static bool make_pair(int *out_a, int *out_b)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return false;
    *out_a = pair[0];
    *out_b = pair[1];
    return true;
}

/* A new S2 between the present keeper and this relay. */
static bool connect_relay(struct parent *parent, struct child *relay)
{
    sm_autoclose int keepers = -1;
    sm_autoclose int relays = -1;
    return make_pair(&keepers, &relays) && tell(relay, PAR_KEEPER, SMCRED_OK, 0, 0, relays) &&
           tell(&parent->keeper, PAR_RELAY, SMCRED_OK, relay->uid, relay->pid, keepers);
}

/* ---- starting ---- */

static bool start_keeper(struct parent *parent)
{
    sm_autoclose int ours = -1;
    sm_autoclose int theirs = -1;
    pid_t pid = make_pair(&ours, &theirs) ? fork() : -1;
    if (pid == 0)
        run_keeper(parent, theirs);
    if (pid < 0) {
        log_error("cannot start the keeper: %s", strerror(errno));
        return false;
    }
    parent->keeper.pid = pid;
    parent->keeper.fd = sm_take_fd(&ours);
    parent->keeper_started_ms = sm_boot_ms();
    parent->restart_at_ms = 0;
    for (struct child *relay = parent->relays; relay; relay = relay->next)
        if (!connect_relay(parent, relay))
            log_error("relay pid=%d has no keeper: %s", (int)relay->pid, strerror(errno));
    return true;
}

static struct child *start_relay(struct parent *parent, uid_t uid)
{
    sm_autoclose int ours = -1;
    sm_autoclose int theirs = -1;
    if (parent->relay_count >= RELAYS_MAX)
        return NULL;
    struct child *relay = calloc(1, sizeof *relay);
    pid_t pid = relay && make_pair(&ours, &theirs) ? fork() : -1;
    if (pid == 0)
        run_relay(parent, theirs);
    if (pid < 0) {
        log_error("cannot start a relay: %s", strerror(errno));
        free(relay);
        return NULL;
    }
    *relay = (struct child){parent->relays, pid, uid, sm_take_fd(&ours)};
    parent->relays = relay;
    parent->relay_count++;
    return relay;
}

static void spawn_for_keeper(struct parent *parent, uid_t uid)
{
    struct child *relay = start_relay(parent, uid);
    if (relay && connect_relay(parent, relay))
        return;
    if (relay)
        (void)kill(relay->pid, SIGTERM); /* of no use; its exit is noticed */
    if (!tell(&parent->keeper, PAR_RELAY, SMCRED_SYSTEM, uid, 0, -1))
        log_error("the keeper was not told that there is no relay");
}

static void notify_systemd(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof address.sun_path || (*path != '/' && *path != '@'))
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (*path == '@')
        address.sun_path[0] = '\0';
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    sm_autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, len) < 0)
        log_warning("systemd was not told: %s", strerror(errno));
}

static void end_relay(struct parent *parent, pid_t pid)
{
    for (struct child *relay = parent->relays; relay; relay = relay->next)
        if (relay->pid == pid)
            (void)kill(pid, SIGKILL); /* ours, and not yet waited for: the pid means it */
}

/* ---- what happens ---- */

static void obey(struct parent *parent, const struct word *word)
{
    if (word->verb == PAR_SPAWN) {
        spawn_for_keeper(parent, word->uid);
    } else if (word->verb == PAR_END) {
        end_relay(parent, word->pid);
    } else if (word->verb == PAR_READY) {
        if (!parent->was_ready)
            notify_systemd("READY=1\n");
        log_info(parent->was_ready ? "ready again" : "ready");
        parent->was_ready = parent->ready = true;
    }
}

static void read_keeper(struct parent *parent)
{
    uint8_t packet[512];
    struct word word;
    size_t len = 0;
    for (int i = 0; i < 64; i++) {
        enum smcred_status status =
            sm_seqpacket_receive(parent->keeper.fd, packet, sizeof packet, NULL, 0, &len);
        if (status == SMCRED_UNAVAILABLE)
            sm_close_fd(&parent->keeper.fd); /* it is dying; SIGCHLD comes */
        if (status != SMCRED_OK)
            return;
        parent->silences = 0;
        if (word_parse(sm_bytes(packet, len), &word))
            obey(parent, &word);
        else
            log_error("the keeper said something that is no word of its own");
    }
}

static const char *how_it_ended(int how, char *buffer, size_t size)
{
    if (WIFSIGNALED(how))
        (void)snprintf(buffer, size, "signal %d", WTERMSIG(how));
    else
        (void)snprintf(buffer, size, "exit code %d", WEXITSTATUS(how));
    return buffer;
}

static void keeper_ended(struct parent *parent, int how)
{
    char words[32];
    int64_t now_ms = sm_boot_ms();
    parent->keeper.pid = 0;
    sm_close_fd(&parent->keeper.fd);
    if (parent->stopping)
        return;
    parent->ready = false;
    parent->kill_at_ms = 0;
    if (!parent->was_ready) { /* later, even a broken configuration is waited out: relays serve */
        log_error("the keeper cannot start (%s)", how_it_ended(how, words, sizeof words));
        parent->exit_code = 1;
        parent->stopping = true;
        return;
    }
    if (now_ms - parent->keeper_started_ms > LONG_LIFE_MS)
        parent->backoff_ms = 0;
    log_error("the keeper ended (%s) and is started again in %lld ms",
              how_it_ended(how, words, sizeof words), (long long)parent->backoff_ms);
    parent->restart_at_ms = now_ms + parent->backoff_ms;
    parent->backoff_ms = parent->backoff_ms == 0 ? BACKOFF_MIN_MS : parent->backoff_ms * 2;
    if (parent->backoff_ms > BACKOFF_MAX_MS)
        parent->backoff_ms = BACKOFF_MAX_MS;
}

static void relay_ended(struct parent *parent, pid_t pid, int how)
{
    char words[32];
    for (struct child **at = &parent->relays; *at; at = &(*at)->next) {
        struct child *relay = *at;
        if (relay->pid != pid)
            continue;
        if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
            log_error("relay pid=%d of uid=%u ended (%s)", (int)pid, (unsigned)relay->uid,
                      how_it_ended(how, words, sizeof words));
        *at = relay->next;
        parent->relay_count--;
        if (parent->keeper.pid > 0 &&
            !tell(&parent->keeper, PAR_GONE, SMCRED_OK, relay->uid, pid, -1))
            log_error("the keeper was not told that relay pid=%d is gone", (int)pid);
        sm_close_fd(&relay->fd);
        free(relay);
        return;
    }
}

static void collect_children(struct parent *parent)
{
    int how;
    pid_t pid;
    while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
        if (pid == parent->keeper.pid)
            keeper_ended(parent, how);
        else
            relay_ended(parent, pid, how);
    }
}

static void stop(struct parent *parent)
{
    if (parent->stopping)
        return;
    parent->stopping = true;
    parent->kill_at_ms = sm_boot_ms() + STOP_MS;
    notify_systemd("STOPPING=1\n");
    if (parent->keeper.pid > 0)
        (void)kill(parent->keeper.pid, SIGTERM); /* a child of ours */
}

static void take_signal(struct parent *parent)
{
    struct signalfd_siginfo signal;
    while (read(parent->signals, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGCHLD)
            collect_children(parent);
        else if (signal.ssi_signo != SIGHUP)
            stop(parent);
        else if (parent->keeper.pid > 0)
            (void)kill(parent->keeper.pid, SIGHUP); /* a child of ours */
    }
}

/* ---- life ---- */

/* A keeper that hangs: it tells who waits for it, if it still can, and is killed if it cannot. */
static void note_silence(struct parent *parent)
{
    if (!parent->ready || parent->kill_at_ms != 0 || ++parent->silences < SILENCES_MAX)
        return;
    log_error("the keeper has said nothing for %d s and is ended", SILENCES_MAX * LISTEN_MS / 1000);
    (void)kill(parent->keeper.pid, PARENT_GIVE_UP); /* a child of ours */
    (void)kill(parent->keeper.pid, SIGCONT);        /* likewise */
    parent->kill_at_ms = sm_boot_ms() + STOP_MS;
}

static int patience(const struct parent *parent)
{
    int64_t until = parent->kill_at_ms != 0 ? parent->kill_at_ms : parent->restart_at_ms;
    if (until == 0)
        return parent->ready ? LISTEN_MS : -1;
    int64_t left = until - sm_boot_ms();
    return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void do_what_is_due(struct parent *parent)
{
    int64_t now_ms = sm_boot_ms();
    if (parent->keeper.pid > 0 && parent->kill_at_ms != 0 && now_ms >= parent->kill_at_ms) {
        (void)kill(parent->keeper.pid, SIGKILL); /* a child of ours */
        parent->kill_at_ms = now_ms + STOP_MS;
    }
    if (!parent->stopping && parent->keeper.pid == 0 && now_ms >= parent->restart_at_ms &&
        !start_keeper(parent)) {
        parent->restart_at_ms = now_ms + BACKOFF_MAX_MS;
    }
}

static void live(struct parent *parent)
{
    while (!parent->stopping || parent->keeper.pid > 0) {
        do_what_is_due(parent);
        struct pollfd fds[] = {
            {.fd = parent->signals, .events = POLLIN},
            {.fd = parent->keeper.pid > 0 ? parent->keeper.fd : -1, .events = POLLIN}};
        int count = poll(fds, 2, patience(parent));
        if (count < 0 && errno != EINTR) {
            log_error("poll: %s", strerror(errno));
            stop(parent);
        }
        if (count == 0)
            note_silence(parent);
        if (fds[1].revents && parent->keeper.fd >= 0)
            read_keeper(parent);
        take_signal(parent);
    }
}

static bool open_signals(struct parent *parent)
{
    sigset_t ours;
    (void)sigemptyset(&ours);
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)sigaddset(&ours, numbers[i]); /* valid numbers */
    if (sigprocmask(SIG_BLOCK, &ours, NULL) != 0)
        return false;
    parent->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    return parent->signals >= 0;
}

static bool find_users(struct parent *parent)
{
    const struct options *options = parent->options;
    parent->root = geteuid() == 0;
    if (!parent->root)
        return true;
    if (!accounts_user(options->user, &parent->keeper_uid, &parent->keeper_gid)) {
        log_error("no user %s on this host (--user)", log_quote(options->user));
        return false;
    }
    if (!accounts_user(options->relay_user, &parent->relay_uid, &parent->relay_gid)) {
        log_error("no user %s on this host (--relay-user)", log_quote(options->relay_user));
        return false;
    }
    return true;
}

/* There is one smcredd per runtime directory; the lock ends with its processes, however they end.
 */
static bool lock_runtime_dir(int directory, const char *path, int *out_lock)
{
    sm_autoclose int lock =
        openat(directory, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (lock < 0) {
        log_error("cannot open %s/%s: %s", path, LOCK_FILE, strerror(errno));
        return false;
    }
    for (int waited_ms = 0; flock(lock, LOCK_EX | LOCK_NB) != 0; waited_ms += LOCK_POLL_MS) {
        if (errno != EWOULDBLOCK || waited_ms >= LOCK_MS) {
            log_error("cannot use %s: %s", path,
                      errno == EWOULDBLOCK ? "another smcredd runs there" : strerror(errno));
            return false;
        }
        (void)poll(NULL, 0, LOCK_POLL_MS); /* a signal makes it shorter */
    }
    *out_lock = sm_take_fd(&lock);
    return true;
}

/* The directory belongs to the keeper, who makes sockets and the index in it; all may enter. */
static bool take_runtime_dir(struct parent *parent)
{
    const char *path = parent->options->runtime_dir;
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        log_error("cannot make %s: %s", path, strerror(errno));
        return false;
    }
    sm_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        log_error("cannot use %s: %s", path, strerror(errno));
        return false;
    }
    if (!lock_runtime_dir(fd, path, &parent->lock))
        return false;
    if (fchmod(fd, 0755) != 0 ||
        (parent->root && fchown(fd, parent->keeper_uid, parent->keeper_gid) != 0)) {
        log_error("cannot use %s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

/* The keeper's own; nobody else may look. */
static bool take_state_dir(const struct parent *parent)
{
    const char *path = parent->options->state_dir;
    if (strcmp(path, parent->options->runtime_dir) == 0)
        return true;
    bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
    sm_autoclose int fd = made ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd >= 0 && fchmod(fd, 0700) == 0 &&
        (!parent->root || fchown(fd, parent->keeper_uid, parent->keeper_gid) == 0))
        return true;
    log_error("cannot use %s: %s", path, strerror(errno));
    return false;
}

bool parent_become_keeper(const struct options *options)
{
    struct parent parent = {.options = options};
    if (!find_users(&parent))
        return false;
    if (become(&parent, parent.keeper_uid, parent.keeper_gid))
        return true;
    log_error("cannot become user %s: %s", log_quote(options->user), strerror(errno));
    return false;
}

int parent_run(const struct options *options)
{
    struct parent parent = {.options = options, .signals = -1, .lock = -1, .keeper = {.fd = -1}};
    if (!find_users(&parent) || !take_runtime_dir(&parent) || !take_state_dir(&parent))
        return 1;
    if (!open_signals(&parent) || !start_keeper(&parent)) {
        log_error("cannot start: %s", strerror(errno));
        return 1;
    }
    live(&parent);
    /* Relays notice that we are gone, and end with their last sessions. */
    while (parent.relays) {
        struct child *relay = parent.relays;
        parent.relays = relay->next;
        sm_close_fd(&relay->fd);
        free(relay);
    }
    sm_close_fd(&parent.signals);
    sm_close_fd(&parent.lock);
    return parent.exit_code;
}
