/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config_loader.h - what config.c, config_section.c, config_value.c, config_pam.c and
 * config_check.c share while they read; nobody else includes it.
 */
#ifndef KEEPER_CONFIG_LOADER_H
#define KEEPER_CONFIG_LOADER_H

#include "keeper/config.h"
#include "keeper/inifile.h"

#define CONFIG_NO_MEMORY    "out of memory"
#define CONFIG_COUNT(array) (sizeof(array) / sizeof *(array))

struct config_setting {
    char *key;
    char *value;
    char *place;
};

/* A CA file, read once however many targets name it. */
struct config_ca {
    struct config_ca *next;
    char *path;
    struct pemfile file;
};

enum section_kind {
    SECTION_NONE,
    SECTION_KEEPER,
    SECTION_AUDIT,
    SECTION_TARGET,
    SECTION_PAM,
    SECTION_MODULE
};

struct config_loader {
    const struct config_options *options;
    struct config *config;
    struct config_problems *problems;
    bool no_memory;

    /* Where the reading stands. */
    enum section_kind kind;
    char section[INIFILE_SECTION_MAX];
    struct config_target *target;
    struct config_pam *pam;
    struct config_section *module;
    uint64_t seen; /* one bit per row of the kind's table: the keys of this section so far */
    const struct config_key *last; /* the key of the line before; NULL: none of this section */
    uint64_t seen_once[SECTION_MODULE + 1]; /* of [keeper] and [audit], which may be opened again */
    const struct inifile_place *place;
};

/* ---- problems (config.c) ---- */

SM_PRINTF(3, 4)
void config_problem_at(struct config_loader *loader, const char *place, const char *format, ...);
/* With the key that is being read, at its place. */
void config_problem(struct config_loader *loader, const char *key, const char *why);
/* Of the key that is being read: nothing that hinders the rest. */
void config_warning(struct config_loader *loader, const char *why);
/* "file:line"; NULL for want of memory. */
char *config_place(const struct inifile_place *place);

/* ---- the language (config_value.c) ---- */

/* Reads a value into its field: NULL, or what is wrong with it. */
typedef const char *config_read_value(struct config_loader *loader, void *field, const char *value);

struct config_key {
    const char *name;
    config_read_value *read;
    size_t offset; /* of the field in struct config, struct config_target or struct config_pam */
    bool is_list;  /* lines of the same key right below add to it */
};

/* The keys of a section of this kind. */
const struct config_key *config_language(enum section_kind kind, size_t *out_count);

#define CONFIG_LIST_MAX 1024 /* words of one list */
/* The next word of a list, cut out of `*rest` at one of `breaks`; NULL at its end. */
char *config_next_word(char **rest, const char *breaks);
/* Adds a line to what a list was written as.  False for want of memory. */
bool config_add_text(char **text, const char *value);

/* Readers of more than one file. */
config_read_value config_read_grants, config_read_flag, config_read_count, config_read_text,
    config_read_positive_duration, config_read_wait;

/* ---- [pam] (config_pam.c) ---- */

const struct config_key *config_pam_language(size_t *out_count);
void config_begin_pam(struct config_loader *loader, const char *service);
/* What a service does not say is as [pam] says. */
void config_inherit_pam(struct config *config);
void config_free_pam(struct config_pam *pam);

/* Grows a list of the configuration by one zeroed element.  NULL for want of memory, noted. */
void *config_add_element(struct config_loader *loader, void *list, size_t *count, size_t size);

/* ---- sections and settings, as inifile.h brings them (config_section.c) ---- */

void config_on_section(void *arg, const struct inifile_place *place, const char *section);
void config_on_setting(void *arg, const struct inifile_place *place, const char *key,
                       const char *value);
void config_on_problem(void *arg, const struct inifile_place *place, const char *text);

/* ---- what concerns more than one key, once all is read (config_check.c) ---- */

/* The targets are sorted. */
void config_check(struct config_loader *loader);

#endif
