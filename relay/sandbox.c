/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox.c - Landlock, seccomp, capabilities and limits.
 *
 * A relay that was taken over by a hostile server or client can use the sockets it has, connect to
 * addresses, and nothing else: no file, no program, no other process.
 */
#include "relay/sandbox.h"

#include <cap-ng.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "common/bytes.h"
#include "common/log.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1 /* its leak check forks and reads /proc when the process ends */
#else
#define HAS_SANITIZER 0
#endif

static void limit_process(void)
{
    static const struct rlimit none = {0, 0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_warning("sandbox: cannot set no_new_privs: %s", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        log_warning("sandbox: cannot clear dumpable: %s", strerror(errno));
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        log_warning("sandbox: cannot forbid core dumps: %s", strerror(errno));
}

static void drop_capabilities(void)
{
    capng_clear(CAPNG_SELECT_BOTH);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        log_warning("sandbox: cannot drop capabilities");
}

/* struct landlock_ruleset_attr of ABI 6; older kernels take a prefix of it. */
struct ruleset {
    uint64_t files, network, scopes;
};
#define FILES_ABI_1      0x1fffu
#define FILES_REFER      0x2000u /* ABI 2 */
#define FILES_TRUNCATE   0x4000u /* ABI 3 */
#define FILES_IOCTL_DEV  0x8000u /* ABI 5 */
#define NETWORK_BIND     0x1u    /* ABI 4; connecting is a relay's trade */
#define SCOPE_ABSTRACT   0x1u    /* ABI 6: no abstract Unix socket outside */
#define SCOPE_SIGNAL     0x2u    /* ABI 6: no signal to outside */
#define LANDLOCK_VERSION 1u      /* LANDLOCK_CREATE_RULESET_VERSION */

static void forbid_files(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
    if (abi < 1) {
        log_warning("sandbox: this kernel has no Landlock: %s", strerror(errno));
        return;
    }
    const struct ruleset rules = {.files = FILES_ABI_1 | (abi >= 2 ? FILES_REFER : 0) |
                                           (abi >= 3 ? FILES_TRUNCATE : 0) |
                                           (abi >= 5 ? FILES_IOCTL_DEV : 0),
                                  .network = abi >= 4 ? NETWORK_BIND : 0,
                                  .scopes = abi >= 6 ? SCOPE_ABSTRACT | SCOPE_SIGNAL : 0};
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    sm_autoclose int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        log_warning("sandbox: cannot enter Landlock: %s", strerror(errno));
}

/* Everything else fails with EPERM. */
static const int allowed_calls[] = {
    /* sockets */
    SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(connect),
    SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getpeername), SCMP_SYS(shutdown),
    SCMP_SYS(close), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(poll), SCMP_SYS(ppoll),
    /* the CA memfd, the log on standard error */
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(pread64), SCMP_SYS(write),
    /* memory; new pages are never executable, see below */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    /* libc and OpenSSL */
    SCMP_SYS(getrandom), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(getpid), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* Streams of the three families an upstream may have. */
static int allow_sockets(scmp_filter_ctx filter)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    int failed = 0;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0),
                                   SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
    return failed;
}

static int allow_memory(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, 0x4 /* PROT_EXEC */, 0)) |
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, 0x4, 0));
}

static void allow_few_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = filter ? 0 : -1;
    for (size_t i = 0; !failed && i < sizeof allowed_calls / sizeof *allowed_calls; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
    if (!failed)
        failed = allow_sockets(filter) | allow_memory(filter);
    if (!failed)
        failed = seccomp_load(filter);
    if (failed)
        log_warning("sandbox: cannot load the seccomp filter");
    if (filter)
        seccomp_release(filter);
}

void relay_sandbox_enter(void)
{
    limit_process();
    drop_capabilities();
    if (HAS_SANITIZER) {
        log_warning("sandbox: built with a sanitizer, so without Landlock and seccomp");
        return;
    }
    forbid_files();
    allow_few_calls();
}
