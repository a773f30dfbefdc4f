/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * report.c - says what is done, as it is done.  Called by command.c.
 *
 * A line is begun when its step begins, so that who looks on sees which one takes its time.
 */
#include "rotate/report.h"

#include <stdio.h>

#include "common/log.h"

enum smcred_status report_init(struct report *report, bool json)
{
    *report = (struct report){.document = NULL};
    if (!json)
        return SMCRED_OK;
    report->document = cJSON_CreateObject();
    report->steps = cJSON_AddArrayToObject(report->document, "steps");
    return report->steps ? SMCRED_OK : SMCRED_NO_MEMORY;
}

void report_done(struct report *report)
{
    cJSON_Delete(report->document);
}

static void add_text(struct report *report, cJSON *object, const char *member, const char *text)
{
    if (!cJSON_AddStringToObject(object, member, text))
        report->failed = true;
}

void report_begin(struct report *report, const char *secret_id, const char *token)
{
    if (!report->document) {
        (void)printf("rotating %s to version %s\n", secret_id, token);
        return;
    }
    add_text(report, report->document, "secret", secret_id);
    add_text(report, report->document, "version", token);
}

void report_step(struct report *report, enum step step)
{
    if (report->document)
        return;
    (void)printf("%-12s  ", step_name(step));
    (void)fflush(stdout); /* what does not get out is told at the end */
}

void report_result(struct report *report, enum step step, const struct step_result *result,
                   int64_t ms)
{
    if (!report->document) {
        (void)printf("%s (%lld ms)\n", result->text, (long long)ms);
        (void)fflush(stdout); /* as above */
        return;
    }
    cJSON *row = cJSON_CreateObject();
    add_text(report, row, "step", step_name(step));
    add_text(report, row, "text", result->text);
    if (!cJSON_AddBoolToObject(row, "was_done", result->was_done) ||
        !cJSON_AddNumberToObject(row, "ms", (double)ms) ||
        !cJSON_AddItemToArray(report->steps, row)) {
        report->failed = true;
        cJSON_Delete(row);
    }
}

void report_failure(struct report *report, const enum step *step, enum smcred_status status,
                    const char *text)
{
    if (!report->document && step)
        (void)printf("failed\n");
    (void)fflush(stdout); /* before what comes on standard error */
    (void)fprintf(stderr, "smcred-rotate: %s%s%s\n", step ? step_name(*step) : "", step ? ": " : "",
                  text);
    if (!report->document)
        return;
    cJSON *error = cJSON_AddObjectToObject(report->document, "error");
    if (step)
        add_text(report, error, "step", step_name(*step));
    add_text(report, error, "status", sm_status_text(status));
    add_text(report, error, "text", text);
}

static void print_document(struct report *report)
{
    char *text = report->failed ? NULL : cJSON_Print(report->document);
    report->failed = !text;
    if (text)
        (void)puts(text); /* checked by the caller */
    cJSON_free(text);
}

bool report_end(struct report *report)
{
    if (report->document)
        print_document(report);
    if (fflush(stdout) == 0 && !ferror(stdout) && !report->failed)
        return true;
    (void)fprintf(stderr, "smcred-rotate: cannot write what was done: %s\n", strerror(errno));
    return false;
}
