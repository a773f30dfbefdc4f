# rotate/local.mk - smcred-rotate, rotation functions for databases.  main.c is the only file tests
# cannot link, so keep it thin.
noinst_LTLIBRARIES += %D%/librotate.la
%C%_librotate_la_SOURCES = \
	%D%/channel.c %D%/channel.h \
	%D%/command.c %D%/command.h \
	%D%/engine.h %D%/engines.c \
	%D%/event.c %D%/event.h \
	%D%/hostaddr.c %D%/hostaddr.h \
	%D%/line.c %D%/line.h \
	%D%/logins.c %D%/logins.h \
	%D%/manager.c %D%/manager.h \
	%D%/mysql.c %D%/mysql.h \
	%D%/mysql_account.c %D%/mysql_account.h \
	%D%/mysql_hash.c %D%/mysql_hash.h \
	%D%/mysql_rights.c %D%/mysql_rights.h \
	%D%/mysql_twin.c \
	%D%/mysql_words.c %D%/mysql_words.h \
	%D%/options.c %D%/options.h \
	%D%/postgres.c %D%/postgres.h \
	%D%/postgres_twin.c \
	%D%/redis.c %D%/redis.h \
	%D%/redis_reply.c %D%/redis_reply.h \
	%D%/redis_twin.c \
	%D%/report.c %D%/report.h \
	%D%/secret_value.c %D%/secret_value.h \
	%D%/set_secret.c %D%/set_secret.h \
	%D%/stages.c %D%/stages.h \
	%D%/step.c %D%/step.h \
	%D%/steps.c %D%/steps.h \
	%D%/twin.c %D%/twin.h \
	%D%/versions.c %D%/versions.h
%C%_librotate_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS) $(PQ_CFLAGS) \
	$(MARIADB_CFLAGS) $(SODIUM_CFLAGS) $(SSL_CFLAGS)
%C%_librotate_la_LIBADD = sources/libchain.la sources/libvalue.la common/libcommon.la \
	$(CJSON_LIBS) $(PQ_LIBS) $(MARIADB_LIBS) $(SODIUM_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS)

bin_PROGRAMS += smcred-rotate
smcred_rotate_SOURCES = %D%/main.c
smcred_rotate_LDADD = %D%/librotate.la
