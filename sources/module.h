/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module.h - what every module has: its exported vtable, and reading of its settings.
 */
#ifndef SM_SOURCES_MODULE_H
#define SM_SOURCES_MODULE_H

#include "common/source.h"

/* Opened to the loader; module.map lets nothing else out. */
extern const struct sm_source_ops smcred_source __attribute__((visibility("default")));

/* The value of a setting, or NULL if it is not given or empty. */
static inline const char *module_setting(const struct sm_source_settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->list[i].key, key) == 0 && settings->list[i].value[0])
            return settings->list[i].value;
    return NULL;
}

/* A whole number of that range; the default if it is not given. */
static inline enum smcred_status module_number(const struct sm_source_settings *settings,
                                               const char *key, unsigned min, unsigned max,
                                               unsigned *io_number, struct sm_error *err)
{
    const char *text = module_setting(settings, key);
    if (!text)
        return SMCRED_OK;
    size_t len = strlen(text);
    unsigned long number = len <= 6 && strspn(text, "0123456789") == len ? strtoul(text, NULL, 10)
                                                                         : (unsigned long)max + 1;
    if (number < min || number > max)
        return sm_error_set(err, SMCRED_INVALID, "%s is not a number of %u to %u", key, min, max);
    *io_number = (unsigned)number;
    return SMCRED_OK;
}

static inline enum smcred_status module_switch(const struct sm_source_settings *settings,
                                               const char *key, bool *io_on, struct sm_error *err)
{
    const char *text = module_setting(settings, key);
    if (!text)
        return SMCRED_OK;
    if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        return sm_error_set(err, SMCRED_INVALID, "%s is neither yes nor no", key);
    *io_on = strcmp(text, "yes") == 0;
    return SMCRED_OK;
}

#endif
