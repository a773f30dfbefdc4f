# tests/libsmcred/local.mk - tests of libsmcred/.
check_LTLIBRARIES += tests/lib/libfakes.la
tests_lib_libfakes_la_SOURCES = tests/lib/fake_keeper.c tests/lib/fake_keeper.h \
	tests/lib/fake_page.c tests/lib/fake_page.h
tests_lib_libfakes_la_LIBADD = common/libcommon.la

if HAVE_CMOCKA
libsmcred_tests = %D%/test_smcred
check_PROGRAMS += $(libsmcred_tests)
TESTS += $(libsmcred_tests)

%C%_test_smcred_SOURCES = %D%/test_smcred.c
%C%_test_smcred_CFLAGS = $(test_cflags)
%C%_test_smcred_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime -Wl,--wrap=poll
%C%_test_smcred_LDADD = libsmcred/libcred.la tests/lib/libfakes.la $(CMOCKA_LIBS)
endif

# What must stay true of the whole tree's text and objects.
TESTS += tests/check_layers.sh tests/check_headers.sh tests/check_symbols.sh tests/check_papers.sh
TESTS += %D%/t_pkgconfig.sh
EXTRA_DIST += %D%/t_pkgconfig.sh examples/login.c
EXTRA_DIST += tests/check_layers.sh tests/check_headers.sh tests/check_symbols.sh tests/check_papers.sh tests/lib/tap.sh
