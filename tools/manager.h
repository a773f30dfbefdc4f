/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.h - Secrets Manager, asked with an administrator's own credentials.
 *
 * What signs and speaks HTTP is the source module, loaded as the keeper loads it.
 */
#ifndef TOOLS_MANAGER_H
#define TOOLS_MANAGER_H

#include "sources/request.h"
#include "tools/document.h"

struct manager;

/*
 * Loads and opens the module, under the options --endpoint-url, --region and --profile.
 *   out_manager  free with manager_free(); untouched on failure
 * Returns TOOL_EXIT_OK, or an exit code after having said why.
 */
SM_MUST_CHECK int manager_new(const struct tool_context *ctx, struct manager **out_manager);
void manager_free(struct manager *manager);
struct sm_vault *manager_vault(const struct manager *manager);

/* An empty request; free with request_free().  Returns as manager_new(). */
SM_MUST_CHECK int manager_request(const struct tool_context *ctx, struct manager *manager,
                                  struct request **out_request);

/*
 * One operation.  Answers of the operations we use hold no secret.
 *   out_answer  free with cJSON_Delete(); untouched on failure
 * Returns as manager_new().
 */
SM_MUST_CHECK int manager_call(const struct tool_context *ctx, struct manager *manager,
                               const char *operation, struct request *request, cJSON **out_answer);
/* The same, for who has another answer to an error: nothing is said. */
SM_MUST_CHECK enum smcred_status manager_try(const struct tool_context *ctx,
                                             struct manager *manager, const char *operation,
                                             struct request *request, cJSON **out_answer,
                                             struct sm_error *err);

static inline void manager_free_ptr(struct manager **manager)
{
    manager_free(*manager);
}
#define automanager __attribute__((cleanup(manager_free_ptr)))

#endif
