/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain.h - the source modules of the line `sources = secretsmanager [NOTFOUND=continue] file`.
 *
 * Called by the keeper and by tools with an administrator's own credentials.  It links neither curl
 * nor OpenSSL nor cJSON: those come with the modules, which it loads by name.
 *
 *     source_chain_load("secretsmanager file", NULL, &chain, &err);
 *     source_chain_knows(chain, "aws", "region");         while the configuration is checked
 *     source_chain_open(chain, sections, count, vault, &err);
 *     source_chain_fetch(chain, &query, &snapshot, &err); from any thread
 *     source_chain_free(chain);
 */
#ifndef SM_SOURCES_CHAIN_H
#define SM_SOURCES_CHAIN_H

#include "common/source.h"

#define SOURCE_CHAIN_MAX 8 /* modules of one line */

struct source_chain;

/* One section of smcred.conf, as the modules of that section read it. */
struct source_chain_section {
    const char *name; /* "aws", "file" */
    struct sm_source_settings settings;
};

/*
 * Reads the line and loads its modules; nothing is opened yet.
 *   module_dir  where libsmcred_source_NAME.so are; NULL: the directory compiled in
 *   out_chain   free with source_chain_free(); untouched on failure
 * Errors: SMCRED_INVALID (the line; err says at which word), SMCRED_NOT_FOUND (no such module),
 * SMCRED_UNSUPPORTED (a module of another ABI), SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status source_chain_load(const char *line, const char *module_dir,
                                                   struct source_chain **out_chain,
                                                   struct sm_error *err);

/* The section that holds a module's settings: "aws" for secretsmanager and ssm, else its own name.
 */
const char *source_chain_section_of(const char *module);
/* True if a module of the chain reads that section. */
bool source_chain_reads(const struct source_chain *chain, const char *section);
/* True if a module that reads that section knows the key. */
bool source_chain_knows(const struct source_chain *chain, const char *section, const char *key);

/*
 * Opens each module with the settings of its section (none if there is no such section).  Once per
 * chain; after a failure it can only be freed.
 *   sections  borrowed for the call
 *   vault     outlives the chain
 * Errors: those of struct sm_source_ops.open; err names the module, and err->code is "SECTION KEY"
 * of the setting at fault, or "".
 */
SM_MUST_CHECK enum smcred_status source_chain_open(struct source_chain *chain,
                                                   const struct source_chain_section *sections,
                                                   size_t count, struct sm_vault *vault,
                                                   struct sm_error *err);

/* Closes what is open.  No call may be under way.  NULL is allowed; errno is kept. */
void source_chain_free(struct source_chain *chain);

/*
 * As the members of struct sm_source_ops, each source asked in the line's order until its action
 * says return.  Modules whose member is NULL are passed over; SMCRED_UNSUPPORTED if all are.
 *
 * Denied, invalid, too large and revoked are decisions of a source that knows the secret, and end
 * the chain whatever the actions say.  When all sources failed, the answer is not "not found"
 * unless each of them said so: one that could not be reached may have it.  err joins what each of
 * them said.
 */
SM_MUST_CHECK enum smcred_status source_chain_fetch(const struct source_chain *chain,
                                                    const struct sm_source_query *query,
                                                    struct sm_snapshot **out_snapshot,
                                                    struct sm_error *err);
SM_MUST_CHECK enum smcred_status source_chain_stages(const struct source_chain *chain,
                                                     const struct sm_source_query *query,
                                                     struct sm_stage_map *out_map,
                                                     struct sm_error *err);
/* To the first source that can do such a thing, and to no other. */
SM_MUST_CHECK enum smcred_status source_chain_stages_many(const struct source_chain *chain,
                                                          const char *const *secret_ids,
                                                          size_t count, int64_t deadline_ms,
                                                          struct sm_stage_map *out_maps,
                                                          bool *out_found, struct sm_error *err);
/* An administrator's operation goes to the first source that can do such a thing, and to no other.
 */
SM_MUST_CHECK enum smcred_status
source_chain_call(const struct source_chain *chain, const char *operation,
                  const struct sm_secret *request, int64_t deadline_ms,
                  struct sm_secret **out_answer, struct sm_error *err);

#endif
