# tests/pam/local.mk - tests of pam/: the module as it is installed, in a stack of the test's own.
EXTRA_DIST += %D%/stack.h %D%/t_papers.sh %D%/t_wrapper.sh
TESTS += %D%/t_papers.sh %D%/t_wrapper.sh
if HAVE_PAM
if HAVE_CMOCKA
pam_test_cppflags = $(AM_CPPFLAGS) -DSTACK_MODULE='"$(abs_top_builddir)/.libs/pam_smcred.so"'
pam_test_cflags = $(test_cflags) $(PAM_CFLAGS)
check_LTLIBRARIES += %D%/libstack.la
%C%_libstack_la_SOURCES = %D%/stack.c
%C%_libstack_la_CPPFLAGS = $(pam_test_cppflags)
%C%_libstack_la_CFLAGS = $(pam_test_cflags)
%C%_libstack_la_LIBADD = tests/lib/libfakes.la $(PAM_LIBS) $(CMOCKA_LIBS)

pam_tests = %D%/test_account %D%/test_auth %D%/test_options %D%/test_password %D%/test_session \
	%D%/test_traces
check_PROGRAMS += $(pam_tests)
TESTS += $(pam_tests)

%C%_test_account_SOURCES = %D%/test_account.c
%C%_test_account_CPPFLAGS = $(pam_test_cppflags)
%C%_test_account_CFLAGS = $(pam_test_cflags)
%C%_test_account_LDADD = %D%/libstack.la

%C%_test_auth_SOURCES = %D%/test_auth.c
%C%_test_auth_CPPFLAGS = $(pam_test_cppflags)
%C%_test_auth_CFLAGS = $(pam_test_cflags)
%C%_test_auth_LDADD = %D%/libstack.la

%C%_test_options_SOURCES = %D%/test_options.c
%C%_test_options_CFLAGS = $(test_cflags)
%C%_test_options_LDADD = pam/libsmpam.la $(CMOCKA_LIBS)

%C%_test_password_SOURCES = %D%/test_password.c
%C%_test_password_CPPFLAGS = $(pam_test_cppflags)
%C%_test_password_CFLAGS = $(pam_test_cflags)
%C%_test_password_LDADD = %D%/libstack.la

%C%_test_session_SOURCES = %D%/test_session.c
%C%_test_session_CPPFLAGS = $(pam_test_cppflags)
%C%_test_session_CFLAGS = $(pam_test_cflags)
%C%_test_session_LDADD = %D%/libstack.la

%C%_test_traces_SOURCES = %D%/test_traces.c
%C%_test_traces_CPPFLAGS = $(pam_test_cppflags)
%C%_test_traces_CFLAGS = $(pam_test_cflags)
%C%_test_traces_LDADD = %D%/libstack.la
endif
endif
