/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * document.h - the keeper's JSON answers, and what is safe to show of them.
 *
 * Members that are missing or of another type read as "" and unknown ones are left alone, so that a
 * newer keeper can say more.
 */
#ifndef TOOLS_DOCUMENT_H
#define TOOLS_DOCUMENT_H

#include <stdio.h>

#include <cjson/cJSON.h>

#include "common/control.h"
#include "common/wire.h"
#include "tools/tools.h"

#define DOCUMENT_MAX (1 << 20) /* bytes */

/* A question being put together. */
struct question {
    struct sm_wire_out wire;
    uint8_t buffer[CTL_REQUEST_MAX];
};
void question_begin(struct question *question, enum ctl_verb verb);

/*
 * Asks the keeper and parses the document it answers with.
 *   out_document  free with cJSON_Delete(); untouched on failure, of which err says why
 */
SM_MUST_CHECK enum smcred_status document_try(const struct tool_context *ctx,
                                              struct question *question, cJSON **out_document,
                                              struct sm_error *err);

/*
 * Asks the keeper and parses the document it answers with.
 *   out_document  free with cJSON_Delete(); untouched on failure
 * Returns TOOL_EXIT_OK, or an exit code after having said why.
 */
SM_MUST_CHECK int document_ask(const struct tool_context *ctx, struct question *question,
                               cJSON **out_document);

/* The text of a member; a number or truth value as text, within `scratch`. */
#define DOCUMENT_SCRATCH 32
const char *document_text(const cJSON *object, const char *member, char scratch[DOCUMENT_SCRATCH]);

/* Prints the document as it is, for --json. */
int document_print(const struct tool_context *ctx, const cJSON *document);

static inline void document_free_ptr(cJSON **document)
{
    cJSON_Delete(*document);
}
#define autodocument __attribute__((cleanup(document_free_ptr)))

#endif
