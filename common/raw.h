/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * raw.h - the kernel, without libc.
 *
 * The shim runs inside other people's connect(), also in their signal handlers and after their
 * fork: it may touch neither errno, nor locks, nor anything that another preload has put in libc's
 * place. Every call answers as the kernel does: a negative errno on failure.
 */
#ifndef SM_RAW_H
#define SM_RAW_H

#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__) && defined(__LP64__)
static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__) && defined(__LP64__)
static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#include <errno.h>
#include <unistd.h>
/* A machine nobody has written down here yet: libc's syscall(), its errno undone. */
static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
    int saved = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}
#endif

/* Arguments are numbers or pointers; what is left out is zero. */
#define RAW_ARG(x) ((long)(uintptr_t)(x))
#define RAW_PAD(number, a, b, c, d, e, f, ...)                                                     \
    raw_call((number), RAW_ARG(a), RAW_ARG(b), RAW_ARG(c), RAW_ARG(d), RAW_ARG(e), RAW_ARG(f))
#define RAW(...) RAW_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
