# relay/local.mk - smcred-relay: the databases' protocols, no secret inside.
noinst_LTLIBRARIES += %D%/librelay.la
%C%_librelay_la_SOURCES = %D%/buffer.c %D%/buffer.h %D%/client.c %D%/client.h %D%/endpoint.c %D%/endpoint.h %D%/error.c \
	%D%/error.h %D%/identity.c %D%/identity.h %D%/keeper.c %D%/keeper.h %D%/login.c %D%/login.h %D%/loop.c %D%/loop.h %D%/mysql.c %D%/mysql.h %D%/mysql_answers.c %D%/mysql_answers.h %D%/mysql_echo.c %D%/mysql_echo.h %D%/mysql_guard.c %D%/mysql_guard.h \
	%D%/mysql_kept.c %D%/mysql_kept.h %D%/mysql_kill.c %D%/mysql_kill.h %D%/mysql_login.c %D%/mysql_packet.c %D%/mysql_packet.h \
	%D%/pgsql.c %D%/pgsql.h \
	%D%/pgsql_guard.c %D%/pgsql_guard.h %D%/pgsql_login.c %D%/pgsql_message.c %D%/pgsql_message.h %D%/protocol.h %D%/pump.c \
	%D%/pump.h %D%/redis.c %D%/redis.h %D%/redis_command.c %D%/redis_command.h %D%/redis_filter.c %D%/redis_filter.h \
	%D%/redis_guard.c %D%/redis_guard.h \
	%D%/redis_login.c %D%/relay.c %D%/relay.h %D%/sandbox.c %D%/sandbox.h %D%/scram.c %D%/scram.h \
	%D%/session.c %D%/session.h %D%/sql_lexer.c %D%/sql_lexer.h %D%/stream.c %D%/stream.h \
	%D%/tickets.c %D%/tickets.h %D%/tls.c %D%/tls.h %D%/upstream.c %D%/upstream.h
%C%_librelay_la_CFLAGS = $(AM_CFLAGS) $(SSL_CFLAGS) $(CRYPTO_CFLAGS) $(SECCOMP_CFLAGS) $(CAPNG_CFLAGS)
%C%_librelay_la_LIBADD = common/libcommon.la $(SSL_LIBS) $(CRYPTO_LIBS) $(SECCOMP_LIBS) $(CAPNG_LIBS)

libexec_PROGRAMS += smcred-relay
smcred_relay_SOURCES = %D%/main.c
smcred_relay_LDADD = %D%/librelay.la
