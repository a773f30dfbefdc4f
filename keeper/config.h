/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.h - smcred.conf and conf.d, read, checked and immutable.  What each key means stands in
 * smcred.conf(5).
 *
 * A reload builds a new struct config beside the old one; whoever uses one keeps a reference.  The
 * loop's thread alone counts references.
 */
#ifndef KEEPER_CONFIG_H
#define KEEPER_CONFIG_H

#include <sys/types.h>

#include "common/index.h"
#include "common/log.h"
#include "common/oracle.h"
#include "common/source.h"
#include "keeper/hours.h"
#include "keeper/pemfile.h"
#include "keeper/rhosts.h"

#define CONFIG_FILE_DEFAULT SM_SYSCONFDIR "/smcred/smcred.conf"
#define CONFIG_CA_DEFAULT   "/etc/ssl/certs/ca-certificates.crt"

/* One word of `allow`: a user, or with '@' a group, resolved when the configuration was read.  Who
 * did not exist then has none. */
struct config_grant {
    bool group;
    uint32_t id;
};

struct config_grants {
    struct config_grant *list;
    size_t count;
    char *text; /* the words as written; NULL if the key is not there */
};

/* What people type after -h. */
struct config_match {
    char *host;    /* lower case, no final dot; or a numeric address */
    uint32_t port; /* 0: the engine's default port, and the target's own */
    char *place;   /* "file:line" */
};

/* May a server have the password itself? */
enum config_cleartext {
    CONFIG_CLEARTEXT_UNSAID, /* by the methods that cannot do without */
    CONFIG_CLEARTEXT_YES,
    CONFIG_CLEARTEXT_NO,
};

struct config_target {
    char *name;
    char *place; /* "file:line" of its section */
    char *secret;
    char *host;     /* this and the next three: NULL or 0: as the secret says */
    char *hostaddr; /* numeric; dialled instead of `host`, which is still verified */
    char *dbname;
    uint32_t port;
    uint32_t engine;     /* enum index_engine */
    bool engine_given;   /* by the target itself; else the secret has a word in it */
    uint32_t tls;        /* enum orc_tls */
    bool allow_insecure; /* tls = disable to another host */
    bool replication;
    int64_t keep_connection_ms; /* how long a connection may wait for the next login; 0: not */
    uint32_t cleartext;         /* enum config_cleartext */
    bool md5;
    bool canary;    /* each new version is proven by a login without a query */
    bool mends;     /* on_drift = rotate, not alarm alone */
    bool local_tls; /* the relay offers TLS to clients */
    char *ca_file;
    const struct pemfile *ca; /* NULL with tls = disable; the config's */
    char *client_cert;
    char *client_key;
    char *server_public_key;
    struct evp_pkey_st *server_key; /* of that file; NULL without it */
    struct pemfile identity;        /* both, to show to the server; PEMFILE_NONE without them */
    char *description;
    struct config_grants allow;
    struct config_grants allow_value;
    struct config_match *matches;
    size_t match_count;
};

struct config_words {
    char **list;
    size_t count;
    char *text; /* as written; NULL if the key is not there */
};

struct config_hours {
    struct hours_span *list;
    size_t count;
    char *text;
};

struct config_rhosts {
    struct rhost *list;
    size_t count;
    char *text;
};

/* [pam], and [pam SERVICE] with what it does not say taken from [pam]. */
struct config_pam {
    char *service; /* "" for [pam] */
    char *place;
    uint64_t given; /* one bit per row of the language: its own, all others are borrowed */
    struct config_grants allow;
    struct config_hours hours;
    struct config_rhosts rhost;
    struct config_grants callers; /* who may ask besides root */
    struct config_words secrets;  /* patterns: what may be checked and changed ... */
    struct config_words supply;   /* ... and handed out */
    bool end_sessions;
    bool root_changes; /* root may set a password without the old one */
    uint32_t tries;
    int64_t tries_window_ms;
    int64_t fresh_ms;         /* how old what is known may be when a password fits it */
    int64_t rotation_wait_ms; /* that passwd waits for at most */
    uint32_t password_length;
    bool require_each_type;
    char *exclude_characters; /* NULL: none */
};

/* A section that source modules read. */
struct config_section {
    char *name;
    char *place; /* "file:line" where it was opened first */
    struct sm_source_settings settings;
    struct config_setting *list; /* what settings.list was made of */
};

/* Everything that is wrong, one sentence each: "FILE:LINE: [SECTION] KEY: why". */
struct config_problems {
    char **lines;
    size_t count;
};
/* One more of them.  False for want of memory. */
SM_PRINTF(3, 4)
bool config_problems_add(struct config_problems *problems, const char *place, const char *format,
                         ...);
void config_problems_done(struct config_problems *problems);

struct config {
    unsigned references;
    char *sources;
    char *sources_place; /* "file:line" of it; the file, if the line is not there */
    char *module_dir;    /* NULL: the one compiled in */
    int64_t ttl_ms;
    int64_t stale_ms;
    uint32_t max_secrets;
    uint32_t log_level; /* enum log_level */
    int64_t relay_idle_ms;
    int64_t rotation_wait_ms; /* 0: no login waits for a version that is right */
    int64_t watch_ms;         /* between two looks at a secret in use; 0: never */
    uint32_t watch_calls;     /* a minute, for all of them; 0: none */
    bool watch_batch;         /* many in one ListSecrets */
    uint32_t wrong_max;       /* wrong passwords of one account ... */
    int64_t wrong_window_ms;  /* ... within this time */
    struct config_grants admin;
    char *audit_file;
    char *audit_place;    /* likewise */
    bool audit_must_work; /* no decision without its line */
    struct config_section *sections;
    size_t section_count;
    struct config_target *targets; /* by name */
    size_t target_count;
    struct config_pam *pam;
    size_t pam_count;
    struct config_ca *cas;
    struct config_problems warnings; /* what is wrong, but hinders nothing else */
};

/* What the source modules say about their sections; NULL members: nothing is asked. */
struct config_modules {
    void *arg;
    bool (*load)(void *arg, const char *sources, const char *module_dir, struct sm_error *err);
    bool (*reads)(void *arg, const char *section);
    bool (*knows)(void *arg, const char *section, const char *key);
};

struct config_options {
    const char *file;
    uid_t owner;        /* who may own the files besides root */
    bool without_files; /* CA files are not read; for the fuzzer */
    struct config_modules modules;
};

/*
 * Reads `file`, then conf.d/[!.]*.conf beside it in name order, and checks them together.
 *   out_config    free with config_unref(); untouched on failure
 *   out_problems  done with config_problems_done(); all that is wrong, none on success
 * Errors: SMCRED_INVALID, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status config_load(const struct config_options *options,
                                             struct config **out_config,
                                             struct config_problems *out_problems);
/* The same from bytes, without conf.d; for tests and the fuzzer. */
SM_MUST_CHECK enum smcred_status config_parse(const struct config_options *options,
                                              struct sm_bytes text, struct config **out_config,
                                              struct config_problems *out_problems);
struct config *config_ref(struct config *config);
/* NULL is allowed; errno is kept. */
void config_unref(struct config *config);

/* NULL if there is none. */
const struct config_target *config_find(const struct config *config, const char *name);

/* The rules for a PAM service: its own section, else [pam]; NULL: there are none, so nothing goes.
 */
const struct config_pam *config_pam(const struct config *config, const char *service);

/* Where a module's setting, "SECTION KEY", stands: "FILE:LINE"; NULL if there is none. */
const char *config_place_of(const struct config *config, const char *setting);
const char *config_tls_name(uint32_t tls);

/*
 * Host and port of "host", "host:port", "[v6]:port"; a bare IPv6 address has no port.
 *   out_host  lower case, no final dot; INDEX_HOST_MAX bytes
 *   out_port  0 if there is none
 */
bool config_parse_host(const char *text, char out_host[INDEX_HOST_MAX], uint32_t *out_port);

/* Every key of a section of this kind ("keeper", "audit", "target", "pam"), NULL-terminated; for
 * the test that each is in the man page. */
const char *const *config_keys(const char *kind);

#endif
