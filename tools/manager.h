/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager.h - Secrets Manager, asked with an administrator's own credentials.
 *
 * What signs and speaks HTTP is the source module, loaded as the keeper loads it; requests are
 * written by hand into a secret, since a JSON library would leave copies of the value.
 */
#ifndef TOOLS_MANAGER_H
#define TOOLS_MANAGER_H

#include "common/secret.h"
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

/* A request being written: {"Name":"...",...}.  Members in any order; what does not fit is told by
 * manager_call(). */
struct request;
SM_MUST_CHECK int request_new(const struct tool_context *ctx, struct manager *manager,
                              struct request **out_request);
void request_free(struct request *request);
void request_text(struct request *request, const char *member, const char *value); /* NULL: none */
void request_secret(struct request *request, const char *member, const struct sm_secret *value);
void request_number(struct request *request, const char *member, unsigned value);
/* A fresh ClientRequestToken: a retry of the call is then the same call. */
void request_token(struct request *request);

/*
 * One operation.  Answers of the operations we use hold no secret.
 *   out_answer  free with cJSON_Delete(); untouched on failure
 * Returns as manager_new().
 */
SM_MUST_CHECK int manager_call(const struct tool_context *ctx, struct manager *manager,
                               const char *operation, struct request *request, cJSON **out_answer);

static inline void manager_free_ptr(struct manager **manager)
{
    manager_free(*manager);
}
static inline void request_free_ptr(struct request **request)
{
    request_free(*request);
}
#define automanager __attribute__((cleanup(manager_free_ptr)))
#define autorequest __attribute__((cleanup(request_free_ptr)))

#endif
