# tests/server/local.mk - tests of server/.
server_test_libs = server/libserver.la $(CMOCKA_LIBS)
EXTRA_DIST += \
	%D%/contract \
	%D%/crash.py \
	%D%/current_sdk.mjs \
	%D%/hostile.py \
	%D%/rawclient.py \
	%D%/replication.py \
	%D%/rotation_function.py \
	%D%/server_fixture.h \
	%D%/server_world.sh \
	%D%/sts.py
if HAVE_CMOCKA
server_tests = \
	%D%/test_access \
	%D%/test_auth \
	%D%/test_dispatch \
	%D%/test_envelope \
	%D%/test_filters \
	%D%/test_http \
	%D%/test_iam \
	%D%/test_json \
	%D%/test_parameter_access \
	%D%/test_password \
	%D%/test_pattern \
	%D%/test_rotation \
	%D%/test_schedule \
	%D%/test_signing \
	%D%/test_store
check_PROGRAMS += $(server_tests)
TESTS += $(server_tests)

%C%_test_access_SOURCES = %D%/test_access.c
%C%_test_access_CFLAGS = $(test_cflags)
%C%_test_access_LDADD = $(server_test_libs)

%C%_test_auth_SOURCES = %D%/test_auth.c
%C%_test_auth_CFLAGS = $(test_cflags)
%C%_test_auth_LDADD = $(server_test_libs)

%C%_test_dispatch_SOURCES = %D%/test_dispatch.c
%C%_test_dispatch_CFLAGS = $(test_cflags)
%C%_test_dispatch_LDADD = $(server_test_libs)

%C%_test_envelope_SOURCES = %D%/test_envelope.c
%C%_test_envelope_CFLAGS = $(test_cflags)
%C%_test_envelope_LDADD = $(server_test_libs)

%C%_test_filters_SOURCES = %D%/test_filters.c
%C%_test_filters_CFLAGS = $(test_cflags)
%C%_test_filters_LDADD = $(server_test_libs)

%C%_test_http_SOURCES = %D%/test_http.c
%C%_test_http_CFLAGS = $(test_cflags)
%C%_test_http_LDADD = $(server_test_libs)

%C%_test_iam_SOURCES = %D%/test_iam.c
%C%_test_iam_CFLAGS = $(test_cflags)
%C%_test_iam_LDADD = $(server_test_libs)

%C%_test_json_SOURCES = %D%/test_json.c
%C%_test_json_CFLAGS = $(test_cflags) $(CJSON_CFLAGS)
%C%_test_json_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_json_LDADD = $(server_test_libs)

%C%_test_parameter_access_SOURCES = %D%/test_parameter_access.c
%C%_test_parameter_access_CFLAGS = $(test_cflags)
%C%_test_parameter_access_LDADD = $(server_test_libs)

%C%_test_password_SOURCES = %D%/test_password.c
%C%_test_password_CFLAGS = $(test_cflags)
%C%_test_password_LDADD = $(server_test_libs)

%C%_test_pattern_SOURCES = %D%/test_pattern.c
%C%_test_pattern_CFLAGS = $(test_cflags)
%C%_test_pattern_LDADD = $(server_test_libs)

%C%_test_signing_SOURCES = %D%/test_signing.c
%C%_test_signing_CFLAGS = $(test_cflags)
%C%_test_signing_LDADD = $(server_test_libs)

%C%_test_rotation_SOURCES = %D%/test_rotation.c
%C%_test_rotation_CFLAGS = $(test_cflags)
%C%_test_rotation_LDADD = $(server_test_libs)

%C%_test_schedule_SOURCES = %D%/test_schedule.c
%C%_test_schedule_CFLAGS = $(test_cflags)
%C%_test_schedule_LDADD = $(server_test_libs)

%C%_test_store_SOURCES = %D%/test_store.c
%C%_test_store_CFLAGS = $(test_cflags)
%C%_test_store_LDADD = $(server_test_libs)
endif

server_scripts = \
	%D%/t_admin.sh \
	%D%/t_backup.sh \
	%D%/t_cli.sh \
	%D%/t_clients.sh \
	%D%/t_config.sh \
	%D%/t_contract.sh \
	%D%/t_crash.sh \
	%D%/t_current_sdks.sh \
	%D%/t_deletion.sh \
	%D%/t_faults.sh \
	%D%/t_hostile.sh \
	%D%/t_http.sh \
	%D%/t_keys.sh \
	%D%/t_remote.sh \
	%D%/t_replication.sh \
	%D%/t_rotate.sh \
	%D%/t_sts.sh \
	%D%/t_trail.sh \
	%D%/t_unit.sh
TESTS += $(server_scripts)
EXTRA_DIST += $(server_scripts)
