# common/local.mk - what several programs share; installed by nobody.
# libcommon needs libc alone, so that libsmcred (and with it pam) stays small; what needs OpenSSL or
# cJSON is apart.
noinst_LTLIBRARIES += %D%/libcommon.la
%C%_libcommon_la_SOURCES = %D%/bytes.h %D%/clock.h %D%/control.h %D%/index.h %D%/log.c %D%/log.h \
	%D%/oracle.h %D%/page.h %D%/pagereader.c %D%/pagereader.h %D%/parent.h %D%/peer.c %D%/peer.h %D%/secret.c %D%/secret.h \
	%D%/seqpacket.c %D%/seqpacket.h %D%/snapshot.c %D%/snapshot.h %D%/source.h %D%/status.c \
	%D%/status.h %D%/wire.c %D%/wire.h
# Without libc, for the shim and for `smcred exec`.
%C%_libcommon_la_SOURCES += %D%/index_find.h %D%/last_words.c %D%/last_words.h %D%/raw.h \
	%D%/refusal.h %D%/takeover.h
# What pam_smcred and tools share.
%C%_libcommon_la_SOURCES += %D%/preload.c %D%/preload.h

# What signs or verifies a request links this besides.
noinst_LTLIBRARIES += %D%/libsigv4.la
%C%_libsigv4_la_SOURCES = %D%/canonical.c %D%/canonical.h %D%/sigv4.c %D%/sigv4.h
%C%_libsigv4_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_libsigv4_la_LIBADD = common/libcommon.la $(CRYPTO_LIBS)
%C%_libcommon_la_SOURCES += %D%/controlclient.c %D%/controlclient.h
