/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper.c - the keeper's start, reload and stop, and its words with the parent.
 */
#include "keeper/keeper.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/parent.h"
#include "common/seqpacket.h"
#include "keeper/attempts_file.h"
#include "keeper/audit.h"
#include "keeper/cache.h"
#include "keeper/canary.h"
#include "keeper/configured.h"
#include "keeper/control.h"
#include "keeper/drift.h"
#include "keeper/endpoints.h"
#include "keeper/humans.h"
#include "keeper/index.h"
#include "keeper/listen.h"
#include "keeper/localtls.h"
#include "keeper/login.h"
#include "keeper/mend.h"
#include "keeper/pam.h"
#include "keeper/pam_policy.h"
#include "keeper/people.h"
#include "keeper/places.h"
#include "keeper/proof.h"
#include "keeper/relays.h"
#include "keeper/resolver.h"
#include "keeper/revoke.h"
#include "keeper/sessions.h"
#include "keeper/source.h"
#include "keeper/survey.h"
#include "keeper/tries_file.h"
#include "keeper/turns.h"
#include "keeper/watch.h"
#include "keeper/workers.h"

#define LOOKUP_THREADS 2
#define HASH_THREADS   2
#define WRITE_THREADS  2

uint64_t keeper_random_id(void)
{
    uint64_t id = 0;
    while (id == 0)
        if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
            id = 0; /* interrupted; after boot it does not fail */
    return id;
}

static uint32_t random_number(void)
{
    return (uint32_t)keeper_random_id();
}

bool keeper_audit(struct keeper *keeper, struct audit_line *line)
{
    keeper->audit_fails = audit_write(keeper->audit, line) != SMCRED_OK;
    if (!keeper->audit_fails)
        return true;
    log_error("cannot write the audit log %s: %s", keeper->config->audit_file, strerror(errno));
    return !keeper->config->audit_must_work;
}

/* ---- the parent ---- */

bool keeper_ask_parent(struct keeper *keeper, uint16_t verb, uint16_t tag, uint32_t id)
{
    uint8_t buffer[64];
    struct sm_wire_out out;
    int64_t deadline_ms = verb == PAR_ALIVE ? 0 : sm_boot_ms() + 1000;
    sm_wire_begin(&out, buffer, sizeof buffer, verb, SMCRED_OK, 0);
    if (tag != 0)
        sm_wire_put_u32(&out, tag, id);
    return sm_wire_finish(&out) == SMCRED_OK &&
           sm_seqpacket_send(keeper->parent_fd, sm_bytes(out.data, out.len), NULL, deadline_ms) ==
               SMCRED_OK;
}

static void say_alive(struct keeper *keeper, int64_t now_ms)
{
    if (now_ms < keeper->alive_at_ms)
        return;
    keeper->alive_at_ms = now_ms + PARENT_ALIVE_MS;
    if (!keeper_ask_parent(keeper, PAR_ALIVE, 0, 0))
        log_debug("the parent does not listen");
}

/* For on_give_up(), which is given no argument. */
static struct listeners *doors;

static void on_give_up(int number)
{
    (void)number;
    if (doors)
        listeners_give_up(doors); /* NOLINT: accept, send, recv and close are safe here */
    _exit(KEEPER_EXIT_HUNG);
}

static void take_word(struct keeper *keeper, const struct sm_wire_in *in, struct sm_fds *fds)
{
    uint32_t uid = 0, pid = 0;
    if (!sm_wire_get_u32(in, PAR_T_UID, &uid) || !sm_wire_get_u32(in, PAR_T_PID, &pid))
        log_error("the parent said something incomplete");
    else if (in->header.verb == PAR_GONE)
        relays_gone(keeper->relays, uid, (pid_t)pid);
    else if (in->header.verb == PAR_RELAY && fds->count == 1)
        relays_arrived(keeper->relays, uid, (pid_t)pid, sm_take_fd(&fds->fd[0]));
    else if (in->header.verb == PAR_RELAY)
        relays_failed(keeper->relays, uid, "no relay could be started");
    else
        log_error("the parent said something unknown");
}

static void on_parent(evutil_socket_t fd, short events, void *arg)
{
    struct keeper *keeper = arg;
    (void)events;
    for (;;) {
        uint8_t packet[512];
        struct sm_fds fds = {.count = 0};
        struct sm_wire_in in;
        size_t len = 0;
        enum smcred_status status = sm_seqpacket_receive(fd, packet, sizeof packet, &fds, 0, &len);
        if (status == SMCRED_TIMED_OUT)
            return;
        if (status != SMCRED_OK) {
            log_error("the parent is gone; without it there is no keeper");
            keeper->exit_code = 1;
            (void)event_base_loopbreak(keeper->base); /* fails for no base alone */
            return;
        }
        if (sm_wire_parse(sm_bytes(packet, len), &in) == SMCRED_OK)
            take_word(keeper, &in, &fds);
        sm_fds_close(&fds);
    }
}

/* ---- configuration ---- */

static struct cache_limits limits_of(const struct config *config)
{
    struct cache_limits limits = cache_limits_default();
    limits.ttl_ms = config->ttl_ms;
    limits.stale_ms = config->stale_ms;
    limits.secrets_max = config->max_secrets;
    return limits;
}

static struct index_place place_of(void *arg, const struct config_target *target)
{
    const struct keeper *keeper = arg;
    struct place place = places_of(keeper->places, target->secret);
    return (struct index_place){place.known, place.host, place.port};
}

/* Nothing of the keeper's changes on failure, which is logged. */
static bool load(struct keeper *keeper, struct configured *out_configured)
{
    struct config_problems problems;
    enum smcred_status status =
        configured_new(keeper->options, keeper->vault, out_configured, &problems);
    for (size_t i = 0; i < problems.count; i++)
        log_error("%s", problems.lines[i]);
    config_problems_done(&problems);
    if (status != SMCRED_OK && status != SMCRED_INVALID)
        log_error("%s: %s", keeper->options->config_file, sm_status_text(status));
    return status == SMCRED_OK;
}

static void log_warnings(const struct config *config)
{
    for (size_t i = 0; i < config->warnings.count; i++)
        log_warning("%s", config->warnings.lines[i]);
}

static void set_log_level(const struct keeper *keeper)
{
    enum log_level level = keeper->options->log_level_given
                               ? keeper->options->log_level
                               : (enum log_level)keeper->config->log_level;
    log_open("smcredd", level);
}

/* Where databases are as only secrets say, which a keeper before us has read: clients that type it
   go on being recognised. */
static void recall_places(struct keeper *keeper)
{
    char host[INDEX_HOST_MAX];
    uint32_t port;
    for (size_t i = 0; i < keeper->config->target_count; i++) {
        const struct config_target *target = &keeper->config->targets[i];
        if (index_recall(keeper->index, target, host, &port))
            places_recall(keeper->places, target->secret, host, port);
    }
}

static void write_index(struct keeper *keeper)
{
    keeper->index_is_old = false;
    enum smcred_status status = index_write(keeper->index, keeper->config, place_of, keeper);
    if (status != SMCRED_OK)
        log_error("cannot write the index: %s",
                  status == SMCRED_SYSTEM ? strerror(errno) : sm_status_text(status));
}

/* Logins go on without; clients that insist on TLS towards us say why they cannot. */
static void update_localtls(struct keeper *keeper)
{
    struct sm_error err = {0};
    if (localtls_update(keeper->localtls, keeper->options->state_dir, keeper->options->runtime_dir,
                        keeper->config, sm_wall_ms() / 1000, &err) != SMCRED_OK)
        log_error("the CA for clients: %s", err.text);
}

static bool is_wanted(void *arg, const char *secret)
{
    const struct config *config = arg;
    for (size_t i = 0; i < config->target_count; i++)
        if (strcmp(config->targets[i].secret, secret) == 0)
            return true;
    return pam_policy_wants(config, secret);
}

static void set_watch(struct keeper *keeper)
{
    struct watch_limits limits = {keeper->config->watch_ms, keeper->config->watch_calls,
                                  keeper->config->watch_batch};
    watch_set_limits(keeper->watch, &limits);
}

static void reload(struct keeper *keeper)
{
    struct configured fresh;
    struct sm_error err = {0};
    if (!load(keeper, &fresh)) {
        log_error("the old configuration stays in use");
        /* whoever has renamed the log counts on it */
        if (audit_reopen(keeper->audit, keeper->config->audit_file, &err) != SMCRED_OK)
            log_error("the audit log cannot be opened again: %s", err.text);
        return;
    }
    if (audit_reopen(keeper->audit, fresh.config->audit_file, &err) != SMCRED_OK) {
        log_error("the audit log: %s; the old configuration stays in use", err.text);
        config_unref(fresh.config);
        source_free(fresh.source);
        return;
    }
    struct cache_source cached = source_for_cache(fresh.source);
    if (cache_set_source(keeper->cache, &cached) != SMCRED_OK) {
        log_error("out of memory; the old configuration stays in use");
        config_unref(fresh.config);
        source_free(fresh.source);
        return;
    }
    struct cache_limits limits = limits_of(fresh.config);
    cache_set_limits(keeper->cache, &limits);
    cache_keep(keeper->cache, is_wanted, fresh.config);
    config_unref(keeper->config);
    keeper->config = fresh.config;
    attempts_set_limits(keeper->attempts, keeper->config->wrong_max,
                        keeper->config->wrong_window_ms);
    logins_set_rotation_wait(keeper->logins, keeper->config->rotation_wait_ms);
    set_watch(keeper);
    set_log_level(keeper);
    log_warnings(keeper->config);
    if (listeners_update(keeper->listeners, fresh.config) != SMCRED_OK)
        log_error("not every target has its socket");
    update_localtls(keeper);
    write_index(keeper);
    survey_begin(keeper->survey);
    relays_forget_kept(keeper->relays);
    log_info("reloaded: %zu targets", fresh.config->target_count);
}

/* ---- events ---- */

static void on_stop(evutil_socket_t fd, short events, void *arg)
{
    struct keeper *keeper = arg;
    (void)fd;
    (void)events;
    (void)event_base_loopbreak(keeper->base); /* fails for no base alone */
}

static void on_reload(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    reload(arg);
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
    struct keeper *keeper = arg;
    int64_t now_ms = sm_boot_ms();
    (void)fd;
    (void)events;
    if (keeper->index_is_old)
        write_index(keeper);
    say_alive(keeper, now_ms);
    survey_tick(keeper->survey);
    watch_tick(keeper->watch);
    revoke_tick(keeper);
    canary_tick(keeper);
    relays_tick(keeper->relays, now_ms);
    control_tick(keeper->control, now_ms);
    attempts_file_tick(keeper->attempts_file);
    tries_file_tick(keeper->tries_file);
    pam_sweep(keeper, now_ms);
}

static void on_changed(void *arg, const char *id, const char *stage,
                       const struct sm_snapshot *before, const struct sm_snapshot *now)
{
    struct keeper *keeper = arg;
    log_info("secret=%s stage=%s version=%s%s", log_quote(id), log_quote(stage),
             log_quote(now->version_id), before ? " in place of the one before" : "");
    if (before && strcmp(before->version_id, now->version_id) == 0) /* a file was edited in place */
        proofs_revoke(keeper->proofs, *before->arn ? before->arn : before->name,
                      before->version_id);
    if (before && strcmp(stage, CACHE_STAGE_DEFAULT) == 0 &&
        strcmp(before->version_id, now->version_id) != 0)
        canary_want(keeper, id, now->version_id);
    keeper->revoked_came_back |= revocations_of_version(keeper->revocations, now) != NULL;
    if (strcmp(stage, CACHE_STAGE_DEFAULT) == 0 && places_note(keeper->places, id, now))
        keeper->index_is_old = true;
}

static void on_failed(void *arg, const char *id, const char *stage, enum smcred_status status,
                      const struct sm_error *err)
{
    (void)arg;
    if (!*stage && status == SMCRED_UNSUPPORTED)
        return; /* not every source has maps */
    log_warning("cannot read secret=%s stage=%s: %s: %s", log_quote(id),
                log_quote(*stage ? stage : "(map)"), sm_status_text(status), err->text);
}

static void on_batch_refused(enum smcred_status status, const struct sm_error *err)
{
    log_warning("watch_batch: secrets are looked at one by one for an hour: %s: %s",
                sm_status_text(status), err->text);
}

static bool add_event(struct keeper *keeper, size_t at, struct event *event,
                      const struct timeval *every)
{
    keeper->events[at] = event;
    return event && event_add(event, every) == 0;
}

static bool watch(struct keeper *keeper)
{
    static const struct timeval tick = {KEEPER_TICK_MS / 1000, KEEPER_TICK_MS % 1000 * 1000};
    struct event_base *base = keeper->base;
    return add_event(keeper, 0, evsignal_new(base, SIGTERM, on_stop, keeper), NULL) &&
           add_event(keeper, 1, evsignal_new(base, SIGINT, on_stop, keeper), NULL) &&
           add_event(keeper, 2, evsignal_new(base, SIGHUP, on_reload, keeper), NULL) &&
           add_event(keeper, 3,
                     event_new(base, keeper->parent_fd, EV_READ | EV_PERSIST, on_parent, keeper),
                     NULL) &&
           add_event(keeper, 4, event_new(base, -1, EV_PERSIST, on_tick, keeper), &tick);
}

/* ---- life ---- */

static bool open_audit(struct keeper *keeper)
{
    struct sm_error err = {0};
    if (audit_new(keeper->config->audit_file, &keeper->audit, &err) == SMCRED_OK)
        return true;
    log_error("the audit log: %s", err.text);
    return false;
}

static void keep_attempts(void *arg)
{
    const struct keeper *keeper = arg;
    attempts_file_write(keeper->attempts_file);
}

static void on_attempts_kept(void *arg)
{
    const struct keeper *keeper = arg;
    logins_recorded(keeper->logins);
}

/* It goes on without what cannot be read: a budget that is forgotten is better than no login. */
static bool build_attempts(struct keeper *keeper)
{
    struct sm_error err = {0};
    struct attempts_options attempts = {.now_ms = sm_boot_ms,
                                        .wrong_max = keeper->config->wrong_max,
                                        .window_ms = keeper->config->wrong_window_ms,
                                        .changed = keep_attempts,
                                        .arg = keeper};
    struct attempts_file_options file = {.workers = keeper->writers,
                                         .directory = keeper->options->state_dir,
                                         .now_ms = sm_boot_ms,
                                         .wall_ms = sm_wall_ms,
                                         .kept = on_attempts_kept,
                                         .arg = keeper};
    if (attempts_new(&attempts, &keeper->attempts) != SMCRED_OK)
        return false;
    file.attempts = keeper->attempts;
    if (attempts_file_new(&file, &keeper->attempts_file) != SMCRED_OK)
        return false;
    if (attempts_file_load(keeper->attempts_file, &err) != SMCRED_OK)
        log_warning("wrong passwords of before the start are not counted: %s", err.text);
    return true;
}

static bool build_tries(struct keeper *keeper)
{
    struct sm_error err = {0};
    struct tries_file_options file = {.workers = keeper->writers,
                                      .directory = keeper->options->state_dir,
                                      .now_ms = sm_boot_ms,
                                      .wall_ms = sm_wall_ms};
    if (tries_new(sm_boot_ms, 0, &keeper->tries) != SMCRED_OK)
        return false;
    file.tries = keeper->tries;
    if (tries_file_new(&file, &keeper->tries_file) != SMCRED_OK)
        return false;
    if (tries_file_load(keeper->tries_file, &err) != SMCRED_OK)
        log_warning("guesses of before the start are not counted: %s", err.text);
    return true;
}

static bool load_revocations(struct keeper *keeper)
{
    struct sm_error err = {0};
    if (revocations_load(keeper->options->state_dir, &keeper->revocations, &err) == SMCRED_OK)
        return true;
    log_error("%s", err.text);
    return false;
}

static bool build_core(struct keeper *keeper, struct source *source)
{
    struct cache_options cache = {.base = keeper->base,
                                  .workers = keeper->fetchers,
                                  .source = source_for_cache(source),
                                  .limits = limits_of(keeper->config),
                                  .now_ms = sm_boot_ms,
                                  .wall_ms = sm_wall_ms,
                                  .random = random_number,
                                  .changed = on_changed,
                                  .failed = on_failed,
                                  .arg = keeper};
    if (cache_new(&cache, &keeper->cache) != SMCRED_OK) {
        source_free(source);
        return false;
    }
    struct proofs_options proofs = {keeper->fetchers, keeper->vault, 0};
    struct resolver_options resolver = {.base = keeper->base,
                                        .workers = keeper->lookups,
                                        .lookup = resolver_lookup,
                                        .now_ms = sm_boot_ms};
    if (proofs_new(&proofs, &keeper->proofs) != SMCRED_OK ||
        resolver_new(&resolver, &keeper->resolver) != SMCRED_OK || !build_attempts(keeper) ||
        !build_tries(keeper))
        return false;
    struct logins_options logins = {.base = keeper->base,
                                    .cache = keeper->cache,
                                    .attempts = keeper->attempts,
                                    .now_ms = sm_boot_ms,
                                    .random = random_number,
                                    .patience_ms = SESSIONS_LOGIN_MS,
                                    .rotation_wait_ms = keeper->config->rotation_wait_ms};
    struct watch_options watch = {keeper->cache, sm_boot_ms, sm_wall_ms, on_batch_refused};
    if (logins_new(&logins, &keeper->logins) != SMCRED_OK ||
        watch_new(&watch, &keeper->watch) != SMCRED_OK)
        return false;
    set_watch(keeper);
    return true;
}

static bool build_workers(struct keeper *keeper)
{
    keeper->base = event_base_new();
    return keeper->base &&
           workers_new(keeper->base, WORKERS_THREADS_DEFAULT, WORKERS_QUEUE_DEFAULT,
                       &keeper->fetchers) == SMCRED_OK &&
           workers_new(keeper->base, LOOKUP_THREADS, WORKERS_QUEUE_DEFAULT, &keeper->lookups) ==
               SMCRED_OK &&
           workers_new(keeper->base, HASH_THREADS, HASH_THREADS, &keeper->hashers) == SMCRED_OK &&
           turns_new(keeper->hashers, HASH_THREADS, &keeper->hashing) == SMCRED_OK &&
           workers_new(keeper->base, WRITE_THREADS, WRITE_THREADS, &keeper->writers) == SMCRED_OK &&
           workers_new(keeper->base, PEOPLE_THREADS, 2 * PEOPLE_MAX, &keeper->directory) ==
               SMCRED_OK;
}

static bool build_humans(struct keeper *keeper)
{
    sm_autofree char *directory = NULL;
    if (asprintf(&directory, "%s/" HUMANS_DIRECTORY, keeper->options->runtime_dir) < 0) {
        directory = NULL;
        return false;
    }
    return humans_new(directory, &keeper->humans) == SMCRED_OK;
}

static bool build_people(struct keeper *keeper)
{
    const struct people_options by_name = {keeper->base, keeper->directory, people_by_name};
    const struct people_options by_uid = {keeper->base, keeper->directory, people_by_uid};
    return people_new(&by_name, &keeper->people) == SMCRED_OK &&
           people_new(&by_uid, &keeper->names) == SMCRED_OK;
}

static bool build_outer(struct keeper *keeper)
{
    return build_people(keeper) && places_new(&keeper->places) == SMCRED_OK &&
           build_humans(keeper) && endpoints_new(&keeper->endpoints) == SMCRED_OK &&
           localtls_new(&keeper->localtls) == SMCRED_OK &&
           relays_new(keeper, &keeper->relays) == SMCRED_OK &&
           canaries_new(&keeper->canaries) == SMCRED_OK && drift_new(&keeper->drift) == SMCRED_OK &&
           mends_new(keeper, &keeper->mends) == SMCRED_OK &&
           sessions_new(keeper, &keeper->sessions) == SMCRED_OK &&
           control_new(keeper, &keeper->control) == SMCRED_OK &&
           index_new(keeper->options->runtime_dir, &keeper->index) == SMCRED_OK &&
           survey_new(&(struct survey_options){keeper, sm_boot_ms}, &keeper->survey) == SMCRED_OK &&
           listeners_new(keeper, &keeper->listeners) == SMCRED_OK && watch(keeper);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer clients at once, then */
    }
}

/* Between these lines stand the sessions that this keeper knew from beginning to end. */
static void audit_life(struct keeper *keeper, const char *event)
{
    struct audit_line line;
    audit_begin(&line, sm_wall_ms(), event);
    audit_put(&line, "program", "smcredd " PACKAGE_VERSION);
    audit_put_number(&line, "pid", (uint64_t)getpid());
    audit_put_number(&line, "targets", keeper->config->target_count);
    if (!keeper_audit(keeper, &line))
        log_warning("the audit log has no %s", event);
}

/* An exit code; 0: it runs. */
static int start(struct keeper *keeper)
{
    struct configured first;
    if (sm_vault_new(&keeper->vault) != SMCRED_OK)
        return 1;
    if (!load(keeper, &first))
        return KEEPER_EXIT_CONFIG;
    keeper->config = first.config;
    set_log_level(keeper);
    log_warnings(keeper->config);
    if (!load_revocations(keeper)) {
        source_free(first.source);
        return KEEPER_EXIT_CONFIG;
    }
    if (!open_audit(keeper)) {
        source_free(first.source);
        return 1;
    }
    if (!build_workers(keeper)) {
        source_free(first.source);
        log_error("cannot start: out of memory or threads");
        return 1;
    }
    if (!build_core(keeper, first.source) || !build_outer(keeper)) {
        log_error("cannot start: out of memory");
        return 1;
    }
    if (listeners_update(keeper->listeners, keeper->config) != SMCRED_OK)
        return 1;
    doors = keeper->listeners;
    recall_places(keeper);
    update_localtls(keeper);
    write_index(keeper);
    survey_begin(keeper->survey);
    audit_life(keeper, "start");
    log_info("%zu targets, secrets in %s memory", keeper->config->target_count,
             sm_vault_hidden(keeper->vault) ? "hidden (memfd_secret)" : "locked");
    return keeper_ask_parent(keeper, PAR_READY, 0, 0) ? 0 : 1;
}

/* Clients first, then what serves them, then the threads, then what the threads worked for. */
static void stop(struct keeper *keeper)
{
    for (size_t i = 0; i < sizeof keeper->events / sizeof *keeper->events; i++)
        if (keeper->events[i])
            event_free(keeper->events[i]);
    doors = NULL;
    listeners_free(keeper->listeners);
    control_free(keeper->control);
    sessions_free(keeper->sessions);
    canaries_free(keeper->canaries);
    mends_free(keeper->mends);
    drift_free(keeper->drift);
    if (keeper->audit)
        audit_life(keeper, "stop");
    relays_free(keeper->relays);
    index_free(keeper->index);
    survey_free(keeper->survey);
    watch_free(keeper->watch);
    workers_free(keeper->writers);
    logins_free(keeper->logins);
    attempts_file_free(keeper->attempts_file);
    attempts_free(keeper->attempts);
    workers_free(keeper->fetchers);
    workers_free(keeper->lookups);
    workers_free(keeper->hashers);
    turns_free(keeper->hashing);
    tries_file_free(keeper->tries_file);
    tries_free(keeper->tries);
    resolver_free(keeper->resolver);
    proofs_free(keeper->proofs);
    cache_free(keeper->cache);
    endpoints_free(keeper->endpoints);
    localtls_free(keeper->localtls);
    places_free(keeper->places);
    humans_free(keeper->humans);
    revocations_free(keeper->revocations);
    audit_free(keeper->audit);
    config_unref(keeper->config);
    sm_vault_free(keeper->vault);
    workers_free(keeper->directory); /* last: a directory that hangs has its time */
    people_free(keeper->people);
    people_free(keeper->names);
    if (keeper->base)
        event_base_free(keeper->base);
    sm_close_fd(&keeper->parent_fd);
}

int keeper_run(const struct options *options, int parent_fd)
{
    struct keeper keeper = {.options = options, .parent_fd = parent_fd, .started_ms = sm_wall_ms()};
    (void)signal(SIGPIPE, SIG_IGN); /* valid signals; writes say EPIPE */
    (void)signal(SIGXFSZ, SIG_IGN); /* and EFBIG */
    (void)signal(PARENT_GIVE_UP, on_give_up);
    (void)umask(027); /* the audit log is for its group too; the rest says file by file */
    raise_descriptor_limit();
    keeper.exit_code = start(&keeper);
    if (keeper.exit_code == 0 && event_base_dispatch(keeper.base) < 0) {
        log_error("the event loop failed");
        keeper.exit_code = 1;
    }
    stop(&keeper);
    return keeper.exit_code;
}
