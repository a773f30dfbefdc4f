# tests/common/local.mk - tests of common/.
if HAVE_CMOCKA
common_tests = %D%/test_log %D%/test_peer %D%/test_secret %D%/test_seqpacket %D%/test_sigv4 \
	%D%/test_snapshot %D%/test_wire
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

%C%_test_log_SOURCES = %D%/test_log.c
%C%_test_log_CFLAGS = $(test_cflags)
%C%_test_log_LDADD = common/libcommon.la $(CMOCKA_LIBS)

%C%_test_peer_SOURCES = %D%/test_peer.c
%C%_test_peer_CFLAGS = $(test_cflags)
%C%_test_peer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getsockopt
%C%_test_peer_LDADD = common/libcommon.la $(CMOCKA_LIBS)

%C%_test_seqpacket_SOURCES = %D%/test_seqpacket.c
%C%_test_seqpacket_CFLAGS = $(test_cflags)
%C%_test_seqpacket_LDADD = common/libcommon.la $(CMOCKA_LIBS)

%C%_test_snapshot_SOURCES = %D%/test_snapshot.c
%C%_test_snapshot_CFLAGS = $(test_cflags)
%C%_test_snapshot_LDADD = common/libcommon.la $(CMOCKA_LIBS)
endif
EXTRA_DIST += %D%/sigv4
