/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record.c - printed in the loop, written by a worker.  Called by attempts_file.c and tries_file.c.
 */
#include "keeper/record.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "common/log.h"
#include "keeper/statefile.h"
#include "keeper/workers.h"

struct record {
    struct record_options options;
    char *path;
    uint64_t saved; /* changes that are in the file */
    int64_t next_ms;
    bool failing; /* said once */
    bool again;   /* there was news during the write */

    /* A write under way: */
    bool writing;
    char *text;
    uint64_t saving;
    enum smcred_status status;
    int error; /* errno */
};

enum smcred_status record_new(const struct record_options *options, struct record **out_record)
{
    struct record *record = calloc(1, sizeof *record);
    if (!record || asprintf(&record->path, "%s/%s", options->directory, options->name) < 0) {
        free(record);
        return SMCRED_NO_MEMORY;
    }
    record->options = *options;
    *out_record = record;
    return SMCRED_OK;
}

static uint64_t changes_of(const struct record *record)
{
    return record->options.changes(record->options.arg);
}

/* False: there is nothing new. */
static bool begin(struct record *record)
{
    record->saving = changes_of(record);
    if (record->saving == record->saved)
        return false;
    record->text = record->options.print(record->options.arg);
    record->status = SMCRED_NO_MEMORY;
    record->again = false;
    return true;
}

static void write_text(void *arg)
{
    struct record *record = arg;
    record->status =
        record->text ? statefile_replace(record->path, record->text) : SMCRED_NO_MEMORY;
    record->error = errno;
}

static void end(struct record *record)
{
    cJSON_free(record->text);
    record->text = NULL;
    if (record->status == SMCRED_OK)
        record->saved = record->saving;
    else if (!record->failing)
        log_error("a restart would forget %s: %s is not written: %s", record->options.what,
                  record->path,
                  record->status == SMCRED_SYSTEM ? strerror(record->error)
                                                  : sm_status_text(record->status));
    record->failing = record->status != SMCRED_OK;
}

static void tell(struct record *record)
{
    if (record->options.written)
        record->options.written(record->options.arg, record->saving);
    if (record->again)
        record_write(record);
}

static void on_written(void *arg, bool ran)
{
    struct record *record = arg;
    record->writing = false;
    if (!ran) { /* the end of the keeper, who writes it then */
        cJSON_free(record->text);
        record->text = NULL;
        return;
    }
    end(record);
    tell(record);
}

void record_write(struct record *record)
{
    record->again = record->writing;
    if (record->writing || !begin(record))
        return;
    record->next_ms = record->options.now_ms() + RECORD_PAUSE_MS;
    record->writing = true;
    if (record->text &&
        workers_submit(record->options.workers, write_text, on_written, record) == SMCRED_OK)
        return;
    record->writing = false;
    end(record);
    tell(record);
}

void record_tick(struct record *record)
{
    if (!record->writing && record->options.now_ms() >= record->next_ms)
        record_write(record);
}

void record_free(struct record *record)
{
    if (!record)
        return;
    if (begin(record)) {
        write_text(record);
        end(record);
    }
    free(record->path);
    free(record);
}

enum smcred_status record_load(struct record *record,
                               enum smcred_status (*parse)(void *arg, const char *text),
                               struct sm_error *err)
{
    sm_autofree char *text = NULL;
    enum smcred_status status = statefile_read(record->path, &text, err);
    if (status != SMCRED_OK || !text)
        return status;
    status = parse(record->options.arg, text);
    record->saved = changes_of(record);
    return status == SMCRED_OK ? status : sm_error_set(err, status, "%s is damaged", record->path);
}
