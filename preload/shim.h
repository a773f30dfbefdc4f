/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shim.h - what the files of the shim share.  The two functions it interposes stand in connect.c
 * and getaddrinfo.c; doc/shim.md tells the whole story.
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/index_find.h"

/* Defines `function` under the name of libc's, whose prototype differs from one libc to the next.
 */
#define SHIM_INTERPOSE(name) __asm__(#name) __attribute__((visibility("default")))

/* setup.c: what is found out once, when the program starts. */
struct shim_libc {
    int (*connect)(int, const struct sockaddr *, socklen_t);
    int (*getaddrinfo)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
};
/* The functions behind ours; a member is NULL where the program has none. */
const struct shim_libc *shim_libc(void);
const char *shim_index_path(void);
/* Sets the caller's errno; returns -1, as libc does. */
int shim_fail(int error);
/* The caller's errno, as libc has left it. */
int shim_errno(void);
/* A variable of the environment; NULL in a setuid program.  Not for signal handlers. */
const char *shim_environment(const char *name);

/* map.c: the index, always the newest. */
/*
 * Lends the index, or NULL if there is none.  Everything read from it is copied before
 * shim_index_leave(), which every call needs, NULL or not.
 */
const struct index_header *shim_index_enter(void);
void shim_index_leave(void);

/* The part of a target that outlives its index. */
struct shim_target {
    struct index_target entry;
    char control_path[INDEX_PATH_MAX];
};
void shim_target_copy(const struct index_header *index, const struct index_target *entry,
                      struct shim_target *out_target);
/* index_find_address() in the newest index. */
enum index_match shim_find_address(const struct index_address *key, struct shim_target *out_target);
/* The target whose own socket that is. */
bool shim_find_path(const struct sockaddr_un *path, socklen_t len, struct shim_target *out_target);

/* getaddrinfo.c: what libpq is given where PGHOSTADDR would lead it past the host's name. */
#define SHIM_DIVERTED_PATH "/PGHOSTADDR"
#define SHIM_DIVERTED_TEXT                                                                         \
    "PGHOSTADDR leads to a server that is no target, whatever the host's name; unset it, or give " \
    "the address as the host"
bool shim_is_diverted(const struct sockaddr_un *path, socklen_t len);

/* ask.c: the keeper. */
/*
 * Asks for a connection to `target` (S1 CONNECT).
 *   text  the keeper's sentence, or ours, when there is none to be had
 * Returns a descriptor, CLOEXEC, of a connected stream socket, or a negative errno; -EACCES means
 * that the keeper was there and said no, -EUSERS that it has too much to do.
 */
int shim_ask(const struct shim_target *target, char *text, size_t size);
/* Connects to a keeper's socket whose queue is full, when it has room.  Returns 0 or a negative
 * errno.
 */
int shim_wait_in_queue(int fd, const struct sockaddr_un *address, socklen_t len);
/* Our own sentence for a negative errno on the way to the keeper. */
const char *shim_sentence(int error);

/* takeover.c: in the place of the caller's socket. */
/* Puts `from` over `fd`, with fd's flags and options; closes `from`.  Returns 0 or a negative
 * errno. */
int shim_take_over(int fd, int from);

/* epoll.c: registrations with epoll, which go with a socket that is replaced. */
#define SHIM_WATCHES_MAX                                                                           \
    8 /* instances that watch one socket; a program has one, or one a thread                       \
       */
struct shim_watches {
    size_t count;
    struct {
        int epoll;
        struct epoll_event event;
    } of[SHIM_WATCHES_MAX];
};
/* Takes `fd` out of each epoll instance of this process, and remembers as what it was there. */
void shim_watches_lift(int fd, struct shim_watches *out_watches);
/* Puts what has `fd` for its number now into the same ones. */
void shim_watches_put(int fd, struct shim_watches *watches);

/* text.c: text without libc.  Both return where they ended, and write no NUL. */
char *shim_put_text(char *at, const char *text);
char *shim_put_number(char *at, unsigned number);

/* debug.c: silent, unless SMCRED_DEBUG is set. */
void shim_debug_on(void);
/* "smcred: WHAT TARGET: HOW" on standard error, one line; keeps errno.  `how` may be NULL. */
void shim_debug(const char *what, const char *target, const char *how);

#endif
