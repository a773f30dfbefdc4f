/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_smcred.c - from a name to one snapshot: asked once, read without a system call, never stale.
 */
#include "tests/lib/sm_test.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "libsmcred/pagecache.h"
#include "tests/lib/fake_keeper.h"
#include "tests/lib/fake_page.h"

#define LATER_MS 3600000

/* Time is ours: boot time stands still but for what a test adds, and poll() waits by adding. */
static int64_t skipped_ms;
static bool poll_skips;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = __real_clock_gettime(clock, now);
    now->tv_sec += skipped_ms / 1000;
    return result;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!poll_skips)
        return __real_poll(fds, count, timeout_ms);
    skipped_ms += timeout_ms + 1000;
    return 0;
}

struct world {
    struct fake_keeper *keeper;
    struct fake_page page;
    struct fake_answer answer;
    struct smcred *cred;
    char asked_name[CTL_NAME_MAX + 1];
    char asked_stage[257];
};

static struct fake_answer say(const struct sm_wire_in *question, void *context)
{
    struct world *world = context;
    assert_int_equal(question->header.verb, CTL_RESOLVE);
    (void)sm_wire_get_text(question, CTL_NAME, world->asked_name, sizeof world->asked_name);
    (void)sm_wire_get_text(question, CTL_STAGE, world->asked_stage, sizeof world->asked_stage);
    return world->answer;
}

static void share_new_page(struct world *world)
{
    world->page = fake_page_new(sm_boot_ms() + LATER_MS);
    fake_page_seal(&world->page);
    world->answer = (struct fake_answer){.fd = world->page.fd};
}

static int set_up(void **state)
{
    static struct world world;
    world = (struct world){0};
    skipped_ms = 0;
    poll_skips = false;
    share_new_page(&world);
    world.keeper = fake_keeper_start(NULL, say, &world);
    *state = &world;
    return smcred_open(fake_keeper_path(world.keeper), &world.cred);
}

static int tear_down(void **state)
{
    struct world *world = *state;
    smcred_close(world->cred);
    fake_keeper_stop(world->keeper);
    fake_page_free(&world->page);
    return 0;
}

/* Gets and checks a whole snapshot of version `version_id`. */
static void expect_version(struct smcred *cred, const char *password, const char *version_id)
{
    struct smcred_snapshot *snap;
    size_t len;
    assert_int_equal(smcred_get(cred, "orders", NULL, &snap), SMCRED_OK);
    assert_string_equal(smcred_snapshot_password(snap, &len), password);
    assert_int_equal(len, strlen(password));
    assert_string_equal(smcred_snapshot_version_id(snap), version_id);
    smcred_snapshot_free(snap);
}

static void expect_refusal(struct smcred *cred, enum smcred_status status, const char *sentence)
{
    struct smcred_snapshot *snap = NULL;
    assert_int_equal(smcred_get(cred, "orders", NULL, &snap), status);
    assert_null(snap);
    if (!strstr(smcred_error(cred), sentence))
        fail_msg("\"%s\" does not say \"%s\"", smcred_error(cred), sentence);
}

static void resolves_a_name_to_one_snapshot(void **state)
{
    struct world *world = *state;
    struct smcred_snapshot *snap;
    assert_int_equal(smcred_get(world->cred, "orders", NULL, &snap), SMCRED_OK);
    assert_string_equal(world->asked_name, "orders");
    assert_string_equal(world->asked_stage, "AWSCURRENT");
    assert_string_equal(smcred_snapshot_username(snap), "orders_app");
    assert_string_equal(smcred_snapshot_password(snap, NULL), FAKE_PAGE_PASSWORD);
    assert_string_equal(smcred_snapshot_host(snap), "orders-db.internal");
    assert_int_equal(smcred_snapshot_port(snap), 5432);
    assert_string_equal(smcred_snapshot_dbname(snap), "orders");
    assert_string_equal(smcred_snapshot_engine(snap), "postgres");
    assert_string_equal(smcred_snapshot_version_id(snap), "v1");
    assert_non_null(strstr(smcred_snapshot_arn(snap), "prod/orders/db"));
    smcred_snapshot_free(snap);
}

static void asks_once_then_reads_the_page(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 1000; i++)
        expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    assert_int_equal(fake_keeper_heard(world->keeper), 1);
}

static void goes_on_while_the_keeper_is_away(void **state)
{
    struct world *world = *state;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    fake_keeper_stop(world->keeper);
    world->keeper = NULL;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    skipped_ms = LATER_MS;
    expect_refusal(world->cred, SMCRED_UNAVAILABLE, "is smcredd running?");
    fake_page_write(&world->page, "second", "v2");
    world->page.header->valid_until_ms += 2 * LATER_MS;
    expect_version(world->cred, "second", "v2"); /* the page was extended after all */
}

static void asks_the_new_keeper_when_the_old_one_s_page_is_past_its_time(void **state)
{
    struct world *world = *state;
    char directory[] = "/tmp/test-smcred.XXXXXX", path[64];
    struct smcred *cred;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/socket", directory); /* fits */
    struct fake_keeper *keeper = fake_keeper_start(path, say, world);
    assert_int_equal(smcred_open(path, &cred), SMCRED_OK);
    expect_version(cred, FAKE_PAGE_PASSWORD, "v1");
    fake_keeper_stop(keeper);
    struct fake_page old = world->page;
    share_new_page(world);
    fake_page_write(&world->page, "second", "v2");
    world->page.header->valid_until_ms += LATER_MS;
    keeper = fake_keeper_start(path, say, world);
    expect_version(cred, FAKE_PAGE_PASSWORD, "v1"); /* nobody has withdrawn it */
    assert_int_equal(fake_keeper_heard(keeper), 0);
    skipped_ms = LATER_MS;
    expect_version(cred, "second", "v2");
    expect_version(cred, "second", "v2");
    assert_int_equal(fake_keeper_heard(keeper), 1);
    smcred_close(cred);
    fake_keeper_stop(keeper);
    assert_int_equal(rmdir(directory), 0);
    fake_page_free(&old);
}

static void sees_a_rotation_at_once(void **state)
{
    struct world *world = *state;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    fake_page_write(&world->page, "a much longer password than the first one was", "version-2");
    expect_version(world->cred, "a much longer password than the first one was", "version-2");
    assert_int_equal(fake_keeper_heard(world->keeper), 1);
}

static void takes_a_secret_larger_than_most(void **state)
{
    struct world *world = *state;
    char password[3000];
    memset(password, 'x', sizeof password - 1);
    password[sizeof password - 1] = '\0';
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    fake_page_write(&world->page, password, "v2");
    expect_version(world->cred, password, "v2");
    expect_version(world->cred, password, "v2");
}

static void asks_again_when_the_page_is_past_its_time(void **state)
{
    struct world *world = *state;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    skipped_ms = LATER_MS;
    struct fake_page old = world->page;
    share_new_page(world);
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    assert_int_equal(fake_keeper_heard(world->keeper), 2);
    fake_page_free(&old);
}

static void asks_again_when_the_page_is_withdrawn(void **state)
{
    struct world *world = *state;
    static const enum page_state withdrawn[] = {PAGE_REVOKED, PAGE_RETIRED, PAGE_EMPTY};
    for (size_t i = 0; i < sizeof withdrawn / sizeof *withdrawn; i++) {
        expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
        fake_page_set_state(&world->page, withdrawn[i]);
        world->answer = (struct fake_answer){.status = SMCRED_REVOKED, .text = "withdrawn"};
        expect_refusal(world->cred, SMCRED_REVOKED, "withdrawn");
        fake_page_free(&world->page);
        share_new_page(world);
    }
}

static void never_reads_a_page_that_is_being_written(void **state)
{
    struct world *world = *state;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    atomic_fetch_add(&world->page.header->sequence, 1); /* and the writer died here */
    expect_refusal(world->cred, SMCRED_UNAVAILABLE, "out of date");
}

static void keeps_names_and_stages_apart(void **state)
{
    struct world *world = *state;
    struct smcred_snapshot *snap;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    assert_int_equal(smcred_get(world->cred, "orders", "AWSPREVIOUS", &snap), SMCRED_OK);
    smcred_snapshot_free(snap);
    assert_string_equal(world->asked_stage, "AWSPREVIOUS");
    assert_int_equal(smcred_get(world->cred, "billing", NULL, &snap), SMCRED_OK);
    smcred_snapshot_free(snap);
    assert_string_equal(world->asked_name, "billing");
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    assert_int_equal(fake_keeper_heard(world->keeper), 3);
}

static void get_named(struct smcred *cred, int number)
{
    struct smcred_snapshot *snap;
    char name[32];
    (void)snprintf(name, sizeof name, "target-%d", number);
    assert_int_equal(smcred_get(cred, name, NULL, &snap), SMCRED_OK);
    smcred_snapshot_free(snap);
}

static void lets_the_page_go_that_was_not_used_for_longest(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < CRED_PAGES_MAX; i++)
        get_named(world->cred, i);
    get_named(world->cred, 0);
    get_named(world->cred, CRED_PAGES_MAX); /* takes the place of 1 */
    assert_int_equal(fake_keeper_heard(world->keeper), CRED_PAGES_MAX + 1);
    get_named(world->cred, 0);
    assert_int_equal(fake_keeper_heard(world->keeper), CRED_PAGES_MAX + 1);
    get_named(world->cred, 1);
    assert_int_equal(fake_keeper_heard(world->keeper), CRED_PAGES_MAX + 2);
}

static void passes_on_a_refusal_with_its_rule_and_audit_id(void **state)
{
    struct world *world = *state;
    world->answer = (struct fake_answer){.status = SMCRED_DENIED,
                                         .text = "mallory may not have the value of orders",
                                         .rule = "target orders: allow_value",
                                         .audit_id = "a-17"};
    expect_refusal(world->cred, SMCRED_DENIED,
                   "mallory may not have the value of orders "
                   "(rule: target orders: allow_value; audit id a-17)");
    world->answer = (struct fake_answer){.status = SMCRED_NOT_FOUND};
    expect_refusal(world->cred, SMCRED_NOT_FOUND, "the keeper answers: not found");
}

static void shows_no_control_byte_of_a_refusal(void **state)
{
    struct world *world = *state;
    world->answer = (struct fake_answer){.status = SMCRED_DENIED, .text = "no\033[2Jno\n"};
    expect_refusal(world->cred, SMCRED_DENIED, "no?[2Jno?");
}

static void a_refusal_takes_the_page_back(void **state)
{
    struct world *world = *state;
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
    int64_t valid_until_ms = world->page.header->valid_until_ms;
    world->page.header->valid_until_ms = 0;
    world->answer = (struct fake_answer){.status = SMCRED_DENIED, .text = "no more"};
    expect_refusal(world->cred, SMCRED_DENIED, "no more");
    world->page.header->valid_until_ms = valid_until_ms;
    expect_refusal(world->cred, SMCRED_DENIED, "no more");
}

static void says_who_does_not_answer(void **state)
{
    struct world *world = *state;
    struct smcred *cred;
    assert_int_equal(smcred_open("/nonexistent/control.sock", &cred), SMCRED_OK);
    expect_refusal(cred, SMCRED_UNAVAILABLE, "/nonexistent/control.sock");
    smcred_close(cred);
    world->answer.manner = FAKE_SILENT;
    poll_skips = true;
    expect_refusal(world->cred, SMCRED_TIMED_OUT, "did not answer in time");
    assert_true(skipped_ms >= CTL_TIMEOUT_MS);
}

static void refuses_arguments_that_can_mean_nothing(void **state)
{
    struct world *world = *state;
    struct smcred_snapshot *snap = NULL;
    char name[CTL_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(smcred_get(world->cred, "", NULL, &snap), SMCRED_INVALID);
    assert_int_equal(smcred_get(world->cred, "orders", "", &snap), SMCRED_INVALID);
    assert_int_equal(smcred_get(world->cred, name, NULL, &snap), SMCRED_TOO_LARGE);
    assert_int_equal(smcred_get(world->cred, NULL, NULL, &snap), SMCRED_INVALID);
    assert_int_equal(smcred_get(NULL, "orders", NULL, &snap), SMCRED_INVALID);
    assert_null(snap);
    assert_int_equal(fake_keeper_heard(world->keeper), 0);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    (void)closedir(directory); /* opened above */
    return count;
}

static void believes_no_answer_that_is_a_lie(void **state)
{
    struct world *world = *state;
    size_t before = count_descriptors();
    for (int manner = FAKE_CLOSE; manner < FAKE_MANNER_COUNT; manner++) {
        bool gone = manner == FAKE_CLOSE || manner == FAKE_EMPTY_PACKET;
        world->answer.manner = (enum fake_manner)manner;
        expect_refusal(world->cred, gone ? SMCRED_UNAVAILABLE : SMCRED_PROTOCOL, "");
        assert_int_equal(fake_keeper_heard(world->keeper), manner - FAKE_CLOSE + 1);
    }
    /* the keeper's own descriptor of the last question may not be closed yet */
    assert_true(count_descriptors() <= before + 1);
}

static void expect_bad_page(struct world *world, struct fake_page *page, int line)
{
    struct smcred_snapshot *snap = NULL;
    world->answer = (struct fake_answer){.fd = page->fd};
    enum smcred_status status = smcred_get(world->cred, "orders", NULL, &snap);
    if (status != SMCRED_PROTOCOL)
        fail_msg("the page of line %d gives status %d", line, (int)status);
    fake_page_free(page);
}

static void believes_no_page_that_is_a_lie(void **state)
{
    struct world *world = *state;
#define BAD_PAGE(change)                                                                           \
    do {                                                                                           \
        struct fake_page page = fake_page_new(sm_boot_ms() + LATER_MS);                            \
        change;                                                                                    \
        fake_page_seal(&page);                                                                     \
        expect_bad_page(world, &page, __LINE__);                                                   \
    } while (0)
    BAD_PAGE(page.header->magic++);
    BAD_PAGE(page.header->version++);
    BAD_PAGE(page.header->size = 2 * FAKE_PAGE_SIZE);
    BAD_PAGE(page.header->size = UINT32_MAX);
    BAD_PAGE(page.header->used = FAKE_PAGE_SIZE);
    BAD_PAGE(page.header->used = UINT32_MAX);
    BAD_PAGE(page.header->state = 77);
    BAD_PAGE(page.header->field[PAGE_PASSWORD].offset = FAKE_PAGE_SIZE);
    BAD_PAGE(page.header->field[PAGE_PASSWORD].offset = UINT32_MAX - 3);
    BAD_PAGE(page.header->field[PAGE_PASSWORD].offset = 0);
    BAD_PAGE(page.header->field[PAGE_PASSWORD].len = FAKE_PAGE_SIZE);
    BAD_PAGE(page.header->field[PAGE_PASSWORD].len = UINT32_MAX);
    BAD_PAGE(page.header->field[PAGE_USERNAME].len--); /* no NUL behind it */
    BAD_PAGE(assert_int_equal(ftruncate(page.fd, (off_t)PAGE_SIZE_MAX + 4096), 0));
    BAD_PAGE(assert_int_equal(ftruncate(page.fd, 16), 0));
#undef BAD_PAGE
    struct fake_page unsealed = fake_page_new(sm_boot_ms() + LATER_MS);
    expect_bad_page(world, &unsealed, __LINE__);
}

static void takes_only_a_memfd(void **state)
{
    struct world *world = *state;
    int pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    world->answer.fd = pipe_ends[0];
    expect_refusal(world->cred, SMCRED_PROTOCOL, "is not a page");
    (void)close(pipe_ends[0]); /* empty */
    (void)close(pipe_ends[1]);
}

static void wipes_what_it_frees(void **state)
{
    struct world *world = *state;
    struct smcred_snapshot *snap;
    assert_int_equal(smcred_get(world->cred, "orders", NULL, &snap), SMCRED_OK);
    const volatile char *password = smcred_snapshot_password(snap, NULL);
    smcred_snapshot_free(snap);
    for (size_t i = 0; i < sizeof FAKE_PAGE_PASSWORD; i++)
        assert_int_equal(password[i], 0); /* the cell stays mapped while the handle is open */
}

static void a_snapshot_outlives_its_handle(void **state)
{
    struct world *world = *state;
    struct smcred_snapshot *snap;
    assert_int_equal(smcred_get(world->cred, "orders", NULL, &snap), SMCRED_OK);
    smcred_close(world->cred);
    world->cred = NULL;
    assert_string_equal(smcred_snapshot_password(snap, NULL), FAKE_PAGE_PASSWORD);
    smcred_snapshot_free(snap);
}

enum { HANDLES = 4, HANDED = 300 };

struct thread {
    pthread_t id;
    const char *socket_path;
    _Atomic(struct smcred_snapshot *) *mine, *next; /* where a neighbour puts what I free */
    const char *failed;
};

/* Hands every snapshot to a neighbour, who frees it while this handle goes on. */
static void *get_and_hand_on(void *arg)
{
    struct thread *self = arg;
    struct smcred *cred;
    struct smcred_snapshot *snap;
    if (smcred_open(self->socket_path, &cred) != SMCRED_OK)
        self->failed = "open";
    for (int i = 0; i < HANDED && !self->failed; i++) {
        if (smcred_get(cred, "orders", NULL, &snap) != SMCRED_OK)
            self->failed = "get";
        else
            smcred_snapshot_free(atomic_exchange(self->next, snap));
        snap = atomic_exchange(self->mine, NULL);
        if (snap && strcmp(smcred_snapshot_password(snap, NULL), FAKE_PAGE_PASSWORD) != 0)
            self->failed = "a snapshot that was handed on";
        smcred_snapshot_free(snap);
    }
    smcred_close(cred);
    return NULL;
}

static void threads_hand_snapshots_to_each_other(void **state)
{
    struct world *world = *state;
    static _Atomic(struct smcred_snapshot *) place[HANDLES];
    struct thread thread[HANDLES];
    for (int i = 0; i < HANDLES; i++)
        thread[i] = (struct thread){.socket_path = fake_keeper_path(world->keeper),
                                    .mine = &place[i],
                                    .next = &place[(i + 1) % HANDLES]};
    for (int i = 0; i < HANDLES; i++)
        assert_int_equal(pthread_create(&thread[i].id, NULL, get_and_hand_on, &thread[i]), 0);
    for (int i = 0; i < HANDLES; i++)
        assert_int_equal(pthread_join(thread[i].id, NULL), 0);
    for (int i = 0; i < HANDLES; i++) {
        smcred_snapshot_free(atomic_exchange(&place[i], NULL)); /* outlived its handle */
        if (thread[i].failed)
            fail_msg("thread %d: %s", i, thread[i].failed);
    }
    assert_int_equal(fake_keeper_heard(world->keeper), HANDLES);
}

/* Runs in a child, whose assertions would be lost: answers with the number of the check that
 * failed. */
static int look_from_child(struct smcred *cred, struct smcred_snapshot *inherited)
{
    struct smcred_snapshot *snap;
    size_t len = 1;
    if (*smcred_snapshot_password(inherited, &len) || len != 0)
        return 1;
    if (*smcred_snapshot_username(inherited))
        return 2;
    smcred_snapshot_free(inherited);
    if (smcred_get(cred, "orders", NULL, &snap) != SMCRED_OK)
        return 3;
    if (strcmp(smcred_snapshot_password(snap, NULL), FAKE_PAGE_PASSWORD) != 0)
        return 4;
    smcred_snapshot_free(snap);
    smcred_close(cred);
    return 0;
}

static void a_child_starts_over(void **state)
{
    struct world *world = *state;
    struct smcred_snapshot *snap;
    int how;
    assert_int_equal(smcred_get(world->cred, "orders", NULL, &snap), SMCRED_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(look_from_child(world->cred, snap));
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    assert_int_equal(fake_keeper_heard(world->keeper), 2); /* the child asked for itself */
    assert_string_equal(smcred_snapshot_password(snap, NULL), FAKE_PAGE_PASSWORD);
    smcred_snapshot_free(snap);
    expect_version(world->cred, FAKE_PAGE_PASSWORD, "v1");
}

/* From here on every system call but exit_group(2) kills.  (Strict mode would forbid rdtsc too.) */
static int forbid_system_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int hit_without_system_calls(struct world *world)
{
    struct smcred *cred;
    struct smcred_snapshot *snap;
    if (smcred_open(fake_keeper_path(world->keeper), &cred) != SMCRED_OK)
        return 2;
    for (int i = 0; i < 100; i++) {
        if (i == 1 && !forbid_system_calls())
            return 3;
        if (smcred_get(cred, "orders", NULL, &snap) != SMCRED_OK)
            return 4;
        smcred_snapshot_free(snap);
    }
    return 0;
}

static void a_hit_makes_no_system_call(void **state)
{
    struct world *world = *state;
    int how;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    print_message("# skipped: the sanitizer makes system calls of its own\n");
    return;
#endif
    if (sm_under_valgrind()) {
        print_message("# skipped: valgrind makes system calls of its own\n");
        return;
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(hit_without_system_calls(world));
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFEXITED(how))
        fail_msg("killed by signal %d: a system call", WTERMSIG(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

static void finds_the_keeper_by_the_environment(void **state)
{
    struct world *world = *state;
    struct smcred *cred;
    assert_int_equal(setenv("SMCRED_SOCKET", fake_keeper_path(world->keeper), 1), 0);
    assert_int_equal(smcred_open(NULL, &cred), SMCRED_OK);
    assert_int_equal(unsetenv("SMCRED_SOCKET"), 0);
    expect_version(cred, FAKE_PAGE_PASSWORD, "v1");
    smcred_close(cred);
}

static void accepts_nothing_where_it_may(void **state)
{
    (void)state;
    errno = 77;
    smcred_close(NULL);
    smcred_snapshot_free(NULL);
    assert_int_equal(errno, 77);
    assert_non_null(smcred_error(NULL));
    assert_string_equal(smcred_status_text(SMCRED_DENIED), "denied");
}

#define WITH_KEEPER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

SM_TEST_MAIN(WITH_KEEPER(resolves_a_name_to_one_snapshot),
             WITH_KEEPER(asks_once_then_reads_the_page),
             WITH_KEEPER(goes_on_while_the_keeper_is_away), WITH_KEEPER(sees_a_rotation_at_once),
             WITH_KEEPER(asks_the_new_keeper_when_the_old_one_s_page_is_past_its_time),
             WITH_KEEPER(takes_a_secret_larger_than_most),
             WITH_KEEPER(asks_again_when_the_page_is_past_its_time),
             WITH_KEEPER(asks_again_when_the_page_is_withdrawn),
             WITH_KEEPER(never_reads_a_page_that_is_being_written),
             WITH_KEEPER(keeps_names_and_stages_apart),
             WITH_KEEPER(lets_the_page_go_that_was_not_used_for_longest),
             WITH_KEEPER(passes_on_a_refusal_with_its_rule_and_audit_id),
             WITH_KEEPER(shows_no_control_byte_of_a_refusal),
             WITH_KEEPER(a_refusal_takes_the_page_back), WITH_KEEPER(says_who_does_not_answer),
             WITH_KEEPER(refuses_arguments_that_can_mean_nothing),
             WITH_KEEPER(believes_no_answer_that_is_a_lie),
             WITH_KEEPER(believes_no_page_that_is_a_lie), WITH_KEEPER(takes_only_a_memfd),
             WITH_KEEPER(wipes_what_it_frees), WITH_KEEPER(a_snapshot_outlives_its_handle),
             WITH_KEEPER(threads_hand_snapshots_to_each_other), WITH_KEEPER(a_child_starts_over),
             WITH_KEEPER(a_hit_makes_no_system_call),
             WITH_KEEPER(finds_the_keeper_by_the_environment),
             cmocka_unit_test(accepts_nothing_where_it_may))
