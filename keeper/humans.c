/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * humans.c - logins in the order of their opening, and the way from a process up to one of them.
 */
#include "keeper/humans.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/log.h"

#define ANCESTORS_MAX 128 /* processes between a client and its login */

struct humans {
    char *directory; /* NULL: nowhere */
    struct human_login *first, **end;
    size_t count;
};

/* ---- one ---- */

struct human *human_ref(struct human *human)
{
    if (human)
        human->references++;
    return human;
}

void human_unref(struct human *human)
{
    if (human && --human->references == 0)
        free(human);
}

void humans_free_login(struct human_login *login)
{
    if (login)
        human_unref(login->human);
    free(login);
}

static void copy(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

/*
 * Who is there with no login around: it was opened while no keeper was there, or has ended, and
 * left a tmux behind.  On this host sudo and su say who called them; from another, nobody knows.
 */
static const char *person_of(const struct humans_claim *claim)
{
    return *claim->ruser && !*claim->rhost ? claim->ruser : claim->user;
}

/* Who comes in from outside. */
static struct human *new_human(uint64_t login, const struct humans_claim *claim)
{
    struct human *human = calloc(1, sizeof *human);
    if (!human)
        return NULL;
    human->references = 1;
    human->login = login;
    copy(human->user, sizeof human->user, person_of(claim));
    copy(human->service, sizeof human->service, claim->service);
    copy(human->tty, sizeof human->tty, claim->tty);
    copy(human->rhost, sizeof human->rhost, claim->rhost);
    return human;
}

/* ---- all of them ---- */

static void append(struct humans *humans, struct human_login *login)
{
    *humans->end = login;
    humans->end = &login->next;
    humans->count++;
}

static int compare_opened(const void *a, const void *b)
{
    const struct human_login *left = *(struct human_login *const *)a;
    const struct human_login *right = *(struct human_login *const *)b;
    return left->opened_at_ms < right->opened_at_ms ? -1 : left->opened_at_ms > right->opened_at_ms;
}

/* Logins of one person share one struct human again. */
static void join_humans(struct humans *humans)
{
    for (struct human_login *login = humans->first; login; login = login->next) {
        const struct human_login *outer = humans_find(humans, login->human->login);
        if (!outer || outer->human == login->human)
            continue;
        human_unref(login->human);
        login->human = human_ref(outer->human);
    }
}

/* What the keeper before has kept. */
static enum smcred_status load(struct humans *humans)
{
    sm_autofree struct human_login **found = calloc(HUMANS_LOGINS_MAX, sizeof *found);
    size_t count = 0;
    struct dirent *entry;
    DIR *directory = found ? opendir(humans->directory) : NULL;
    if (!directory)
        return found ? SMCRED_SYSTEM : SMCRED_NO_MEMORY;
    while (count < HUMANS_LOGINS_MAX && (entry = readdir(directory))) {
        found[count] = humans_restore(humans->directory, entry->d_name);
        count += found[count] != NULL;
    }
    (void)closedir(directory); /* it was only read */
    qsort(found, count, sizeof *found, compare_opened);
    for (size_t i = 0; i < count; i++)
        append(humans, found[i]);
    join_humans(humans);
    return SMCRED_OK;
}

enum smcred_status humans_new(const char *directory, struct humans **out_humans)
{
    struct humans *humans = calloc(1, sizeof *humans);
    if (!humans)
        return SMCRED_NO_MEMORY;
    humans->end = &humans->first;
    humans->directory = directory ? strdup(directory) : NULL;
    enum smcred_status status = directory && !humans->directory ? SMCRED_NO_MEMORY : SMCRED_OK;
    if (status == SMCRED_OK && directory) {
        (void)mkdir(directory, 0700); /* it may be there; if not, load() says so */
        status = load(humans);
    }
    if (status != SMCRED_OK)
        humans_free(humans);
    else
        *out_humans = humans;
    return status;
}

void humans_free(struct humans *humans)
{
    if (!humans)
        return;
    int saved = errno;
    while (humans->first) {
        struct human_login *login = humans->first;
        humans->first = login->next;
        humans_free_login(login);
    }
    free(humans->directory);
    free(humans);
    errno = saved;
}

const struct human_login *humans_first(const struct humans *humans)
{
    return humans->first;
}

size_t humans_count(const struct humans *humans)
{
    return humans->count;
}

const struct human_login *humans_find(const struct humans *humans, uint64_t id)
{
    const struct human_login *login = humans->first;
    while (login && login->id != id)
        login = login->next;
    return login;
}

bool humans_inside(const struct humans *humans, uint64_t id, uint64_t outer)
{
    const struct human_login *login = humans_find(humans, id);
    for (size_t i = 0; login && login->inside && i < humans->count; i++) {
        if (login->inside == outer)
            return true;
        login = humans_find(humans, login->inside);
    }
    return false;
}

/* ---- from a process to its login ---- */

static const struct human_login *opened_by(const struct humans *humans,
                                           const struct process *process)
{
    const struct human_login *found = NULL; /* the last: of two in one process the inner one */
    for (const struct human_login *login = humans->first; login; login = login->next)
        if (login->process.pid == process->pid && login->process.started == process->started)
            found = login;
    return found;
}

/* The nearest ancestor that has opened one.  A parent that is younger than its child is another
 * process with a used number. */
static const struct human_login *climb(const struct humans *humans, pid_t pid)
{
    struct process child, parent;
    if (!process_read(pid, &child))
        return NULL;
    for (int i = 0; i < ANCESTORS_MAX && child.pid > 1; i++) {
        const struct human_login *login = opened_by(humans, &child);
        if (login)
            return login;
        if (!process_read(child.parent, &parent) || parent.started > child.started)
            return NULL;
        child = parent;
    }
    return NULL;
}

/* The first that was opened in this audit session; *out_more if there are others. */
static const struct human_login *in_audit_session(const struct humans *humans, uint32_t session,
                                                  bool *out_more)
{
    const struct human_login *found = NULL;
    *out_more = false;
    for (const struct human_login *login = humans->first; login; login = login->next) {
        if (login->audit_session != session)
            continue;
        *out_more |= found != NULL;
        found = found ? found : login;
    }
    return found;
}

const struct human_login *humans_of(const struct humans *humans, const struct sm_peer *peer)
{
    bool more = false;
    const struct human_login *outer = NULL;
    if (!humans->first)
        return NULL;
    if (peer->audit_session != SM_ID_UNKNOWN)
        outer = in_audit_session(humans, peer->audit_session, &more);
    if (outer && !more)
        return outer;
    const struct human_login *near = climb(humans, peer->pid);
    bool same = near && (!outer || near->human == outer->human);
    return same ? near : outer;
}

/* ---- life ---- */

/* The login that a new one is opened in.  An audit session of its own is a login of its own, though
 * a daemon that was started by hand descends from another. */
static const struct human_login *around(const struct humans *humans, const struct sm_peer *opener)
{
    bool more;
    if (opener->audit_session != SM_ID_UNKNOWN &&
        !in_audit_session(humans, opener->audit_session, &more))
        return NULL;
    return humans_of(humans, opener);
}

static bool has_room(const struct humans *humans, const char *person)
{
    size_t count = 0;
    for (const struct human_login *login = humans->first; login; login = login->next)
        count += strcmp(login->human->user, person) == 0;
    return humans->count < HUMANS_LOGINS_MAX && count < HUMANS_EACH_MAX;
}

enum smcred_status humans_open(struct humans *humans, uint64_t id, const struct humans_claim *claim,
                               const struct sm_peer *opener, int64_t wall_ms,
                               const struct human_login **out_login)
{
    const struct human_login *outer = around(humans, opener);
    if (!has_room(humans, outer ? outer->human->user : person_of(claim)))
        return SMCRED_LIMITED;
    struct human_login *login = calloc(1, sizeof *login);
    if (!login)
        return SMCRED_NO_MEMORY;
    login->human = outer ? human_ref(outer->human) : new_human(id, claim);
    if (!login->human) {
        free(login);
        return SMCRED_NO_MEMORY;
    }
    login->id = id;
    login->inside = outer ? outer->id : 0;
    copy(login->user, sizeof login->user, claim->user);
    copy(login->service, sizeof login->service, claim->service);
    login->opened_by = opener->uid;
    login->loginuid = opener->loginuid;
    login->audit_session = opener->audit_session;
    login->opened_at_ms = wall_ms;
    (void)process_read(opener->pid, &login->process); /* it may be hidden: found by audit session */
    append(humans, login);
    if (humans->directory && humans_store(humans->directory, login) != SMCRED_OK)
        log_warning("login=%016llx would be forgotten by a restart: %s", (unsigned long long)id,
                    strerror(errno));
    *out_login = login;
    return SMCRED_OK;
}

void humans_close(struct humans *humans, uint64_t id)
{
    struct human_login **at = &humans->first;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    struct human_login *login = *at;
    if (!login)
        return;
    *at = login->next;
    if (humans->end == &login->next)
        humans->end = at;
    humans->count--;
    if (humans->directory)
        humans_remove(humans->directory, id);
    humans_free_login(login);
}

const struct human_login *humans_orphan(const struct humans *humans)
{
    const struct human_login *login = humans->first;
    while (login && (login->process.pid == 0 || process_lives(&login->process)))
        login = login->next;
    return login;
}
