# keeper/core.mk - the keeper's inner modules: they know secrets, and no client, relay or policy.
noinst_LTLIBRARIES += %D%/libkeepercore.la
%C%_libkeepercore_la_SOURCES = %D%/attempts.c %D%/attempts.h %D%/cache.c %D%/cache.h \
	%D%/cache_entry.h %D%/cache_fetch.c %D%/cache_map.c %D%/cache_compare.c %D%/cache_rotate.c %D%/ed25519.c %D%/ed25519.h %D%/engine.c %D%/engine.h %D%/login.c %D%/login.h %D%/login_search.c \
	%D%/login_state.h %D%/login_wait.c %D%/lessons.c %D%/lessons.h %D%/md5.c %D%/md5.h \
	%D%/mechanism.c %D%/mechanism.h %D%/mysql_auth.c %D%/mysql_auth.h %D%/page.c %D%/page.h \
	%D%/proof.c %D%/proof.h %D%/resolver.c %D%/resolver.h %D%/rsa.c %D%/rsa.h %D%/saslprep.c %D%/saslprep.h %D%/scram.c \
	%D%/scram.h %D%/secret_id.c %D%/secret_id.h %D%/simulate.c %D%/simulate.h %D%/stages.c %D%/stages.h %D%/table.c %D%/table.h %D%/watch.c %D%/watch.h %D%/verdict.c %D%/verdict.h \
	%D%/workers.c %D%/workers.h
# What is behind pam_smcred's questions.
%C%_libkeepercore_la_SOURCES += %D%/cache_change.c %D%/pam_check.c %D%/pam_check.h %D%/seats.c %D%/seats.h %D%/tries.c %D%/tries.h %D%/turns.c %D%/turns.h
%C%_libkeepercore_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(CRYPTO_CFLAGS) $(SODIUM_CFLAGS) $(CRYPT_CFLAGS)
%C%_libkeepercore_la_LIBADD = common/libcommon.la $(EVENT_LIBS) $(CRYPTO_LIBS) $(SODIUM_LIBS) $(CRYPT_LIBS)
