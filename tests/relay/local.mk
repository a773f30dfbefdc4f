# tests/relay/local.mk - tests of relay/.
# The relay is tested alone: scripted_keeper plays parent and keeper; alone.h, everybody.
relay_alone = -Wl,--wrap=connect -Wl,--wrap=epoll_wait -Wl,--wrap=RAND_bytes
EXTRA_DIST += %D%/alone.h %D%/talk.h
if HAVE_CMOCKA
relay_tests = %D%/test_buffer %D%/test_identity %D%/test_keeper %D%/test_loop %D%/test_mysql_answers %D%/test_mysql_echo %D%/test_mysql_guard %D%/test_mysql_kept %D%/test_mysql_kill \
	%D%/test_mysql_packet %D%/test_pgsql_guard %D%/test_pgsql_message %D%/test_redis_filter %D%/test_redis_guard %D%/test_scram \
	%D%/test_session %D%/test_tickets
check_PROGRAMS += $(relay_tests)
TESTS += $(relay_tests)

%C%_test_buffer_SOURCES = %D%/test_buffer.c
%C%_test_buffer_CFLAGS = $(test_cflags)
%C%_test_buffer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_buffer_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_identity_SOURCES = %D%/test_identity.c
%C%_test_identity_CFLAGS = $(test_cflags) $(SSL_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_identity_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_identity_LDADD = relay/librelay.la $(CMOCKA_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS)

%C%_test_keeper_SOURCES = %D%/test_keeper.c
%C%_test_keeper_CFLAGS = $(test_cflags)
%C%_test_keeper_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_loop_SOURCES = %D%/test_loop.c
%C%_test_loop_CFLAGS = $(test_cflags)
%C%_test_loop_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=epoll_wait
%C%_test_loop_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_mysql_answers_SOURCES = %D%/test_mysql_answers.c
%C%_test_mysql_answers_CFLAGS = $(test_cflags)
%C%_test_mysql_answers_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_mysql_echo_SOURCES = %D%/test_mysql_echo.c
%C%_test_mysql_echo_CFLAGS = $(test_cflags)
%C%_test_mysql_echo_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_mysql_guard_SOURCES = %D%/test_mysql_guard.c
%C%_test_mysql_guard_CFLAGS = $(test_cflags)
%C%_test_mysql_guard_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_mysql_kill_SOURCES = %D%/test_mysql_kill.c
%C%_test_mysql_kill_CFLAGS = $(test_cflags)
%C%_test_mysql_kill_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_mysql_packet_SOURCES = %D%/test_mysql_packet.c
%C%_test_mysql_packet_CFLAGS = $(test_cflags)
%C%_test_mysql_packet_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_pgsql_guard_SOURCES = %D%/test_pgsql_guard.c
%C%_test_pgsql_guard_CFLAGS = $(test_cflags)
%C%_test_pgsql_guard_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_pgsql_message_SOURCES = %D%/test_pgsql_message.c
%C%_test_pgsql_message_CFLAGS = $(test_cflags)
%C%_test_pgsql_message_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_redis_filter_SOURCES = %D%/test_redis_filter.c
%C%_test_redis_filter_CFLAGS = $(test_cflags)
%C%_test_redis_filter_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_redis_guard_SOURCES = %D%/test_redis_guard.c
%C%_test_redis_guard_CFLAGS = $(test_cflags)
%C%_test_redis_guard_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_scram_SOURCES = %D%/test_scram.c
%C%_test_scram_CFLAGS = $(test_cflags)
%C%_test_scram_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_mysql_kept_SOURCES = %D%/test_mysql_kept.c
%C%_test_mysql_kept_CFLAGS = $(test_cflags) $(SSL_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_mysql_kept_LDFLAGS = $(AM_LDFLAGS) $(relay_alone)
%C%_test_mysql_kept_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_session_SOURCES = %D%/test_session.c
%C%_test_session_CFLAGS = $(test_cflags) $(SSL_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_session_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free $(relay_alone)
%C%_test_session_LDADD = relay/librelay.la $(CMOCKA_LIBS)

%C%_test_tickets_SOURCES = %D%/test_tickets.c
%C%_test_tickets_CFLAGS = $(test_cflags) $(SSL_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_tickets_LDADD = relay/librelay.la $(SSL_LIBS) $(CRYPTO_LIBS) $(CMOCKA_LIBS)
endif

check_PROGRAMS += %D%/scripted_keeper
%C%_scripted_keeper_SOURCES = %D%/scripted_keeper.c
%C%_scripted_keeper_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_scripted_keeper_LDADD = common/libcommon.la $(CRYPTO_LIBS)

TESTS += %D%/t_relay_hostile.sh %D%/t_relay_mysql.sh %D%/t_relay_mysql_hostile.sh \
	%D%/t_relay_postgres.sh %D%/t_relay_redis_hostile.sh %D%/t_relay_tls.sh
EXTRA_DIST += %D%/client.py %D%/client_mysql.py %D%/client_redis.py %D%/client_tls.py %D%/hostile.py %D%/hostile_listener.py %D%/hostile_mysql.py %D%/hostile_redis.py \
	%D%/t_relay_hostile.sh %D%/t_relay_mysql.sh %D%/t_relay_mysql_hostile.sh %D%/t_relay_postgres.sh %D%/t_relay_redis_hostile.sh %D%/t_relay_tls.sh %D%/world.sh
