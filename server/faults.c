/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * faults.c - rules of --faults.  Read by serve, asked by http for each call that was authenticated.
 */
#include "server/faults.h"

#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>

#define LINE_MAX_LEN 2048
#define WORD_LEN     1024

struct rule {
    char operation[64], secret[WORD_LEN];
    enum server_fault_kind kind;
    unsigned after, count, ms;
    double probability;
};

struct server_faults {
    uint64_t state; /* of the random numbers */
    size_t rule_count;
    struct rule rules[SERVER_FAULT_RULES];
};

static bool parse_kind(const char *word, enum server_fault_kind *out_kind)
{
    static const char *const names[] = {
        [SERVER_FAULT_THROTTLE] = "throttle", [SERVER_FAULT_ERROR] = "error",
        [SERVER_FAULT_DROP] = "drop",         [SERVER_FAULT_LOSE] = "lose",
        [SERVER_FAULT_DELAY] = "delay",
    };
    for (size_t i = SERVER_FAULT_THROTTLE; i < sizeof names / sizeof *names; i++) {
        if (strcmp(word, names[i]) == 0) {
            *out_kind = (enum server_fault_kind)i;
            return true;
        }
    }
    return false;
}

static bool parse_count(const char *text, unsigned most, unsigned *out)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || number > most)
        return false;
    *out = (unsigned)number;
    return true;
}

/* "count=3" */
static bool parse_setting(const char *word, struct rule *rule)
{
    const char *value = strchr(word, '=');
    if (!value)
        return false;
    size_t len = (size_t)(value++ - word);
    if (len == 5 && strncmp(word, "count", len) == 0)
        return parse_count(value, INT_MAX, &rule->count);
    if (len == 5 && strncmp(word, "after", len) == 0)
        return parse_count(value, INT_MAX, &rule->after);
    if (len == 2 && strncmp(word, "ms", len) == 0)
        return parse_count(value, SERVER_FAULT_MS_MAX, &rule->ms);
    char *end;
    if (len != 11 || strncmp(word, "probability", len) != 0)
        return false;
    rule->probability = strtod(value, &end);
    return !*end && rule->probability >= 0 && rule->probability <= 1;
}

static bool parse_rule(char *line, struct rule *rule)
{
    char *rest;
    const char *operation = strtok_r(line, " \t\n", &rest);
    const char *secret = strtok_r(NULL, " \t\n", &rest);
    const char *kind = strtok_r(NULL, " \t\n", &rest);
    *rule = (struct rule){.count = UINT_MAX, .probability = 1};
    if (!operation || strlen(operation) >= sizeof rule->operation || !secret ||
        strlen(secret) >= sizeof rule->secret || !kind || !parse_kind(kind, &rule->kind))
        return false;
    memcpy(rule->operation, operation, strlen(operation) + 1);
    memcpy(rule->secret, secret, strlen(secret) + 1);
    for (const char *word; (word = strtok_r(NULL, " \t\n", &rest));) {
        if (!parse_setting(word, rule))
            return false;
    }
    return true;
}

static bool parse_line(char *line, struct server_faults *faults)
{
    unsigned long long seed;
    line += strspn(line, " \t");
    if (*line == '#' || *line == '\n' || !*line)
        return true;
    if (sscanf(line, "seed %llu", &seed) == 1) {
        faults->state = seed;
        return true;
    }
    return faults->rule_count < SERVER_FAULT_RULES &&
           parse_rule(line, &faults->rules[faults->rule_count++]);
}

enum smcred_status server_faults_read(const char *path, struct server_faults **out_faults,
                                      struct sm_error *err)
{
    char line[LINE_MAX_LEN];
    unsigned number = 0;
    struct server_faults *faults = calloc(1, sizeof *faults);
    if (!faults)
        return sm_error_set(err, SMCRED_NO_MEMORY, "out of memory");
    FILE *file = fopen(path, "re");
    enum smcred_status status = SMCRED_OK;
    if (!file)
        status = sm_error_set(err, SMCRED_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    while (status == SMCRED_OK && fgets(line, sizeof line, file)) {
        number++;
        if (!parse_line(line, faults))
            status =
                sm_error_set(err, SMCRED_INVALID, "%s:%u: not a rule for faults", path, number);
    }
    if (file)
        (void)fclose(file); /* only read */
    if (status == SMCRED_OK)
        *out_faults = faults;
    else
        server_faults_free(faults);
    return status;
}

void server_faults_free(struct server_faults *faults)
{
    free(faults);
}

/* SplitMix64: the same seed, the same failures. */
static double next_chance(struct server_faults *faults)
{
    uint64_t z = faults->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* As the call names the secret; an ARN also by the name in it, with its suffix or without. */
static bool is_meant(const char *pattern, const char *secret)
{
    char name[WORD_LEN];
    const char *at = strncmp(secret, "arn:", 4) == 0 ? strstr(secret, ":secret:") : NULL;
    if (fnmatch(pattern, secret, 0) == 0)
        return true;
    if (!at || strlen(at += strlen(":secret:")) >= sizeof name)
        return false;
    memcpy(name, at, strlen(at) + 1);
    if (fnmatch(pattern, name, 0) == 0)
        return true;
    char *suffix = strrchr(name, '-');
    if (suffix)
        *suffix = '\0';
    return suffix && fnmatch(pattern, name, 0) == 0;
}

static bool applies(struct server_faults *faults, struct rule *rule, const char *operation,
                    const char *secret)
{
    if (rule->count == 0 || fnmatch(rule->operation, operation, 0) != 0 ||
        !is_meant(rule->secret, secret))
        return false;
    if (rule->after > 0) {
        rule->after--;
        return false;
    }
    if (rule->probability < 1 && next_chance(faults) >= rule->probability)
        return false;
    if (rule->count != UINT_MAX)
        rule->count--;
    return true;
}

struct server_fault server_faults_next(struct server_faults *faults, const char *operation,
                                       const char *secret)
{
    for (size_t i = 0; faults && i < faults->rule_count; i++) {
        struct rule *rule = &faults->rules[i];
        if (applies(faults, rule, operation, secret))
            return (struct server_fault){rule->kind, rule->ms};
    }
    return (struct server_fault){SERVER_FAULT_NONE, 0};
}
