# tests/common/local.mk - tests of common/.
if HAVE_CMOCKA
common_tests = %D%/test_secret %D%/test_sigv4 %D%/test_wire
check_PROGRAMS += $(common_tests)
TESTS += $(common_tests)

%C%_test_secret_SOURCES = %D%/test_secret.c
%C%_test_secret_CFLAGS = $(test_cflags)
%C%_test_secret_LDADD = common/libcommon.la $(CMOCKA_LIBS)

%C%_test_sigv4_SOURCES = %D%/test_sigv4.c
%C%_test_sigv4_CFLAGS = $(test_cflags)
%C%_test_sigv4_LDADD = common/libsigv4.la $(CMOCKA_LIBS)

%C%_test_wire_SOURCES = %D%/test_wire.c
%C%_test_wire_CFLAGS = $(test_cflags)
%C%_test_wire_LDADD = common/libcommon.la $(CMOCKA_LIBS)
endif
EXTRA_DIST += %D%/sigv4
