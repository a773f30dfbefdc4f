# tests/sources/local.mk - tests of sources/.
check_PROGRAMS += %D%/ask
%C%_ask_SOURCES = %D%/ask.c
%C%_ask_LDADD = sources/libchain.la common/libcommon.la

TESTS += %D%/t_hostile.sh %D%/t_server.sh
EXTRA_DIST += %D%/hostile.py %D%/lib.sh %D%/t_hostile.sh %D%/t_server.sh

# Modules for test_chain.  -rpath makes them shared ones, though nobody installs them.
check_LTLIBRARIES += %D%/libsmcred_source_fake1.la %D%/libsmcred_source_fake2.la \
	%D%/libsmcred_source_stale.la
%C%_libsmcred_source_fake1_la_SOURCES = %D%/fake.c
%C%_libsmcred_source_fake1_la_LDFLAGS = $(module_ldflags) -rpath /nowhere
%C%_libsmcred_source_fake1_la_LIBADD = common/libcommon.la
%C%_libsmcred_source_fake2_la_SOURCES = %D%/fake.c
%C%_libsmcred_source_fake2_la_LDFLAGS = $(module_ldflags) -rpath /nowhere
%C%_libsmcred_source_fake2_la_LIBADD = common/libcommon.la
%C%_libsmcred_source_stale_la_SOURCES = %D%/fake.c
%C%_libsmcred_source_stale_la_CPPFLAGS = $(AM_CPPFLAGS) -DFAKE_ABI=99
%C%_libsmcred_source_stale_la_LDFLAGS = $(module_ldflags) -rpath /nowhere
%C%_libsmcred_source_stale_la_LIBADD = common/libcommon.la

if HAVE_CMOCKA
source_tests = %D%/test_awsclient %D%/test_awserror %D%/test_awsprofile %D%/test_chain \
	%D%/test_credentials %D%/test_endpoint %D%/test_file %D%/test_line %D%/test_request \
	%D%/test_retry %D%/test_value %D%/test_wipe
check_PROGRAMS += $(source_tests)
TESTS += $(source_tests)

aws_test_libs = $(aws_libs) $(CMOCKA_LIBS)

%C%_test_awsclient_SOURCES = %D%/test_awsclient.c
%C%_test_awsclient_CFLAGS = $(test_cflags)
%C%_test_awsclient_LDADD = $(aws_test_libs)

%C%_test_awserror_SOURCES = %D%/test_awserror.c
%C%_test_awserror_CFLAGS = $(test_cflags)
%C%_test_awserror_LDADD = $(aws_test_libs)

%C%_test_awsprofile_SOURCES = %D%/test_awsprofile.c
%C%_test_awsprofile_CFLAGS = $(test_cflags)
%C%_test_awsprofile_LDADD = $(aws_test_libs)

%C%_test_chain_SOURCES = %D%/test_chain.c
%C%_test_chain_CFLAGS = $(test_cflags)
%C%_test_chain_LDADD = sources/libchain.la common/libcommon.la $(CMOCKA_LIBS)

%C%_test_credentials_SOURCES = %D%/test_credentials.c
%C%_test_credentials_CFLAGS = $(test_cflags)
%C%_test_credentials_LDADD = $(aws_test_libs)

%C%_test_endpoint_SOURCES = %D%/test_endpoint.c
%C%_test_endpoint_CFLAGS = $(test_cflags)
%C%_test_endpoint_LDADD = $(aws_test_libs)

%C%_test_file_SOURCES = %D%/test_file.c sources/file.c sources/inifile.c
%C%_test_file_CFLAGS = $(test_cflags) $(CJSON_CFLAGS)
%C%_test_file_LDADD = $(value_libs) common/libcommon.la $(CMOCKA_LIBS)

%C%_test_line_SOURCES = %D%/test_line.c
%C%_test_line_CFLAGS = $(test_cflags)
%C%_test_line_LDADD = sources/libchain.la common/libcommon.la $(CMOCKA_LIBS)

%C%_test_request_SOURCES = %D%/test_request.c
%C%_test_request_CFLAGS = $(test_cflags)
%C%_test_request_LDADD = sources/libchain.la common/libcommon.la $(CMOCKA_LIBS)

%C%_test_retry_SOURCES = %D%/test_retry.c
%C%_test_retry_CFLAGS = $(test_cflags)
%C%_test_retry_LDADD = $(aws_test_libs)

%C%_test_value_SOURCES = %D%/test_value.c
%C%_test_value_CFLAGS = $(test_cflags) $(CJSON_CFLAGS)
%C%_test_value_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_value_LDADD = $(value_libs) common/libcommon.la $(CMOCKA_LIBS)

%C%_test_wipe_SOURCES = %D%/test_wipe.c
%C%_test_wipe_CFLAGS = $(test_cflags) $(CJSON_CFLAGS)
%C%_test_wipe_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_wipe_LDADD = $(aws_test_libs)
endif
