/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * awsprofile.h - the files ~/.aws/config and ~/.aws/credentials, in the grammar the SDKs agree on.
 *
 *   [profile dev]              config; [dev] in credentials; [default] in both
 *   region = eu-west-1 # why   a comment needs a blank before it
 *   services = local
 *   [services local]
 *   secrets_manager =
 *     endpoint_url = http://127.0.0.1:8200
 */
#ifndef SM_SOURCES_AWSPROFILE_H
#define SM_SOURCES_AWSPROFILE_H

#include "common/secret.h"
#include "common/status.h"

#define AWS_PROPERTIES_MAX 4096 /* of both files */

enum aws_file { AWS_FILE_CONFIG, AWS_FILE_CREDENTIALS };
enum aws_section { AWS_PROFILE, AWS_SSO_SESSION, AWS_SERVICES };

struct aws_profiles;

/* Free with aws_profiles_free().  Errors: SMCRED_NO_MEMORY. */
SM_MUST_CHECK enum smcred_status aws_profiles_new(struct sm_vault *vault,
                                                  struct aws_profiles **out_profiles);
void aws_profiles_free(struct aws_profiles *profiles);

/*
 * Adds the content of one file; the config file first, since what comes later wins.
 * Errors: SMCRED_INVALID (err says at which line), SMCRED_TOO_LARGE, SMCRED_NO_MEMORY.
 */
SM_MUST_CHECK enum smcred_status aws_profiles_add(struct aws_profiles *profiles, enum aws_file file,
                                                  struct sm_bytes text, struct sm_error *err);

/*
 * Reads both files from where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say, else from ~/.aws
 * of HOME or passwd(5).  A missing file is an empty one.
 *   env           getenv(), or a test's own
 *   out_profiles  free with aws_profiles_free(); untouched on failure
 * Errors: as for aws_profiles_add(), and those of own_file_read(); err names the file.
 */
SM_MUST_CHECK enum smcred_status aws_profiles_load(struct sm_vault *vault,
                                                   const char *(*env)(const char *name),
                                                   struct aws_profiles **out_profiles,
                                                   struct sm_error *err);

/* True if a section of that name stands in either file. */
bool aws_profiles_has(const struct aws_profiles *profiles, enum aws_section section,
                      const char *name);

/*
 * The value of a property, or NULL.  Owned by `profiles`; it may be a secret.
 *   key     in any case
 *   subkey  NULL for the property itself
 */
const struct sm_secret *aws_profiles_get(const struct aws_profiles *profiles,
                                         enum aws_section section, const char *name,
                                         const char *key, const char *subkey);

/* As aws_profiles_get(), for what is public: the text, or NULL if it is missing or empty. */
const char *aws_profiles_text(const struct aws_profiles *profiles, enum aws_section section,
                              const char *name, const char *key);

#endif
