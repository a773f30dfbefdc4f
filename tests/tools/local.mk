# tests/tools/local.mk - tests of tools/.
check_PROGRAMS += %D%/fake_keeperd
%C%_fake_keeperd_SOURCES = %D%/fake_keeperd.c
%C%_fake_keeperd_LDADD = tests/lib/libfakes.la

# A module that a test loads: -rpath makes libtool build it shared.
check_LTLIBRARIES += %D%/libsmcred_source_secretsmanager.la
%C%_libsmcred_source_secretsmanager_la_SOURCES = %D%/fake_source.c
%C%_libsmcred_source_secretsmanager_la_LIBADD = common/libcommon.la
%C%_libsmcred_source_secretsmanager_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere

tools_tests = %D%/t_profile.sh %D%/t_secret.sh %D%/t_smcred.sh %D%/t_words.sh
TESTS += $(tools_tests)
EXTRA_DIST += $(tools_tests)
