# keeper/core.mk - the keeper's inner modules: they know secrets, and no client, relay or policy.
noinst_LTLIBRARIES += %D%/libkeepercore.la
%C%_libkeepercore_la_SOURCES = %D%/attempts.h %D%/cache.h %D%/login.h %D%/page.h %D%/proof.h \
	%D%/resolver.h %D%/saslprep.h %D%/scram.h %D%/workers.h
%C%_libkeepercore_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(CRYPTO_CFLAGS)
%C%_libkeepercore_la_LIBADD = common/libcommon.la $(EVENT_LIBS) $(CRYPTO_LIBS)
