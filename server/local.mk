# server/local.mk - smcred-server, the embedded Secrets Manager.  main.c is the only file tests cannot
# link, so keep it thin.
noinst_LTLIBRARIES += %D%/libserver.la
# One noun a line, so that two people can add theirs.
%C%_libserver_la_SOURCES = \
	%D%/access.c %D%/access.h \
	%D%/access_facts.c \
	%D%/admin.c %D%/admin.h \
	%D%/admin_backup.c \
	%D%/admin_check.c \
	%D%/admin_functions.c \
	%D%/admin_issuer.c \
	%D%/admin_keys.c \
	%D%/admin_kms.c \
	%D%/admin_policy.c \
	%D%/admin_remote.c \
	%D%/admin_role.c \
	%D%/admin_trace.c \
	%D%/admin_trail.c \
	%D%/auth.c %D%/auth.h \
	%D%/base64.c %D%/base64.h \
	%D%/call.c %D%/call.h \
	%D%/clock.c %D%/clock.h \
	%D%/command.c %D%/command.h \
	%D%/check.c %D%/check.h \
	%D%/config.c %D%/config.h \
	%D%/connections.c %D%/connections.h \
	%D%/environment.c %D%/environment.h \
	%D%/executable.c %D%/executable.h \
	%D%/deletion.c %D%/deletion.h \
	%D%/delays.c %D%/delays.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/envelope.c %D%/envelope.h \
	%D%/errors.c %D%/errors.h \
	%D%/faults.c %D%/faults.h \
	%D%/filters.c %D%/filters.h \
	%D%/http.c %D%/http.h \
	%D%/hush.c %D%/hush.h \
	%D%/iam.h \
	%D%/iam_condition.c \
	%D%/iam_document.c \
	%D%/iam_judge.c \
	%D%/iam_pattern.c \
	%D%/invocation.c %D%/invocation.h \
	%D%/json.c %D%/json.h \
	%D%/jwt.c %D%/jwt.h \
	%D%/keys.c %D%/keys.h \
	%D%/kms.c %D%/kms.h \
	%D%/labels.c %D%/labels.h \
	%D%/list.c %D%/list.h \
	%D%/listen.c %D%/listen.h \
	%D%/members.h %D%/model.c %D%/model.h \
	%D%/names.c %D%/names.h \
	%D%/operations.h \
	%D%/page.c %D%/page.h \
	%D%/password.c %D%/password.h \
	%D%/options.c %D%/options.h \
	%D%/parameter.h %D%/parameters.c \
	%D%/parameter_access.c \
	%D%/parameter_filters.c %D%/parameter_filters.h \
	%D%/parameter_labels.c \
	%D%/parameter_list.c \
	%D%/parameter_names.c %D%/parameter_names.h \
	%D%/parameter_reading.c %D%/parameter_reading.h \
	%D%/parameter_reference.c \
	%D%/parameter_tags.c %D%/parameter_tags.h \
	%D%/parameter_value.c %D%/parameter_value.h \
	%D%/pattern.c %D%/pattern.h \
	%D%/peers.c %D%/peers.h \
	%D%/query.c %D%/query.h \
	%D%/reading.c \
	%D%/rotation.c %D%/rotation.h \
	%D%/rotator.c %D%/rotator.h \
	%D%/schedule.c %D%/schedule.h \
	%D%/record.c %D%/record.h \
	%D%/remote.c %D%/remote.h \
	%D%/replica.c %D%/replica.h \
	%D%/replication.c %D%/replication.h \
	%D%/replicator.c %D%/replicator.h \
	%D%/resource_policy.c \
	%D%/secrets.c %D%/secrets.h \
	%D%/secretsmanager.c %D%/secretsmanager.h \
	%D%/serve.c %D%/serve.h \
	%D%/service.h \
	%D%/session.c %D%/session.h \
	%D%/setup.c %D%/setup.h \
	%D%/signing.c %D%/signing.h \
	%D%/ssm.c %D%/ssm.h %D%/ssm_model.c \
	%D%/stages.c \
	%D%/store.c %D%/store.h \
	%D%/store_issuers.c \
	%D%/store_check.c %D%/store_check.h \
	%D%/store_copy.c \
	%D%/store_keys.c \
	%D%/store_kms.c \
	%D%/store_labels.c \
	%D%/store_parameters.c \
	%D%/store_policies.c \
	%D%/store_principals.c \
	%D%/store_rotation.c \
	%D%/store_remotes.c \
	%D%/store_replicas.c \
	%D%/store_schema.c \
	%D%/store_secrets.c \
	%D%/store_settings.c \
	%D%/store_sql.h \
	%D%/store_tags.c \
	%D%/store_versions.c \
	%D%/sts.c %D%/sts.h \
	%D%/tags.c %D%/tags.h \
	%D%/trail.c %D%/trail.h \
	%D%/validate.c %D%/validate.h \
	%D%/value.c %D%/value.h \
	%D%/versions.c %D%/versions.h \
	%D%/web_identity.c
%C%_libserver_la_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS) $(CJSON_CFLAGS) $(SQLITE_CFLAGS) \
	$(CRYPTO_CFLAGS) $(CURL_CFLAGS) $(PCRE2_CFLAGS) $(INIH_CFLAGS)
%C%_libserver_la_LIBADD = common/libsigv4.la common/libcommon.la $(MHD_LIBS) $(CJSON_LIBS) \
	$(SQLITE_LIBS) $(CRYPTO_LIBS) $(CURL_LIBS) $(PCRE2_LIBS) $(INIH_LIBS) -lm

sbin_PROGRAMS += smcred-server
smcred_server_SOURCES = %D%/main.c
smcred_server_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)
smcred_server_LDADD = %D%/libserver.la
