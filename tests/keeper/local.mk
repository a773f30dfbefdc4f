# tests/keeper/local.mk - tests of keeper/.
include %D%/core.mk
include %D%/pam.mk

TESTS += %D%/t_check_config.sh %D%/t_daemon.sh %D%/t_papers.sh
EXTRA_DIST += %D%/t_check_config.sh %D%/t_daemon.sh %D%/t_papers.sh %D%/control_client.py

# What t_papers.sh compares with the man pages.
check_PROGRAMS += %D%/list_keys
%C%_list_keys_SOURCES = %D%/list_keys.c
%C%_list_keys_LDADD = keeper/libkeeper.la

if HAVE_CMOCKA
keeper_tests = %D%/test_accounts %D%/test_audit %D%/test_config %D%/test_index %D%/test_listen %D%/test_localtls \
	%D%/test_parent %D%/test_policy %D%/test_relays %D%/test_attempts_file %D%/test_request %D%/test_revocations \
	%D%/test_sessions \
	%D%/test_survey %D%/test_wiping %D%/test_word
check_PROGRAMS += $(keeper_tests)
TESTS += $(keeper_tests)

%C%_test_accounts_SOURCES = %D%/test_accounts.c
%C%_test_accounts_CFLAGS = $(test_cflags)
%C%_test_accounts_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getpwuid_r
%C%_test_accounts_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_audit_SOURCES = %D%/test_audit.c
%C%_test_audit_CFLAGS = $(test_cflags) $(CJSON_CFLAGS)
%C%_test_audit_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS) $(CJSON_LIBS)

%C%_test_config_SOURCES = %D%/test_config.c
%C%_test_config_CFLAGS = $(test_cflags)
%C%_test_config_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_index_SOURCES = %D%/test_index.c
%C%_test_index_CFLAGS = $(test_cflags)
%C%_test_index_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_listen_SOURCES = %D%/test_listen.c
%C%_test_listen_CFLAGS = $(test_cflags) $(EVENT_CFLAGS)
%C%_test_listen_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=connect
%C%_test_listen_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_localtls_SOURCES = %D%/test_localtls.c
%C%_test_localtls_CFLAGS = $(test_cflags) $(CRYPTO_CFLAGS)
%C%_test_localtls_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_localtls_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS) $(CRYPTO_LIBS)

%C%_test_parent_SOURCES = %D%/test_parent.c
%C%_test_parent_CFLAGS = $(test_cflags)
%C%_test_parent_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=keeper_run -Wl,--wrap=poll
%C%_test_parent_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_attempts_file_SOURCES = %D%/test_attempts_file.c
%C%_test_attempts_file_CFLAGS = $(test_cflags) $(EVENT_CFLAGS)
%C%_test_attempts_file_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_revocations_SOURCES = %D%/test_revocations.c
%C%_test_revocations_CFLAGS = $(test_cflags)
%C%_test_revocations_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_policy_SOURCES = %D%/test_policy.c
%C%_test_policy_CFLAGS = $(test_cflags)
%C%_test_policy_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_relays_SOURCES = %D%/test_relays.c
%C%_test_relays_CFLAGS = $(test_cflags) $(EVENT_CFLAGS)
%C%_test_relays_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free -Wl,--wrap=sessions_message \
	-Wl,--wrap=sessions_relay_lost -Wl,--wrap=sessions_relay_ready
%C%_test_relays_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_request_SOURCES = %D%/test_request.c
%C%_test_request_CFLAGS = $(test_cflags)
%C%_test_request_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_sessions_SOURCES = %D%/test_sessions.c %D%/parts.h %D%/world.h
%C%_test_sessions_CFLAGS = $(test_cflags) $(EVENT_CFLAGS)
%C%_test_sessions_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_sessions_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_survey_SOURCES = %D%/test_survey.c %D%/world.h
%C%_test_survey_CFLAGS = $(test_cflags) $(EVENT_CFLAGS)
%C%_test_survey_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_wiping_SOURCES = %D%/test_wiping.c
%C%_test_wiping_CFLAGS = $(test_cflags) $(CJSON_CFLAGS) $(CRYPTO_CFLAGS)
%C%_test_wiping_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_wiping_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS)

%C%_test_word_SOURCES = %D%/test_word.c
%C%_test_word_CFLAGS = $(test_cflags)
%C%_test_word_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)
endif
