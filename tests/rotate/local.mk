# tests/rotate/local.mk - tests of rotate/.
rotate_scripts = %D%/t_alternating.sh %D%/t_function.sh %D%/t_killed.sh %D%/t_killed_mariadb.sh %D%/t_killed_redis.sh %D%/t_mysql_alternating.sh %D%/t_mysql_grammar.sh %D%/t_mysql_single.sh %D%/t_redis.sh %D%/t_single.sh %D%/t_states.sh %D%/t_words.sh
TESTS += $(rotate_scripts)
EXTRA_DIST += $(rotate_scripts) %D%/manager.sh %D%/mysql_double.py %D%/mysql_world.sh %D%/redis_world.sh %D%/world.sh
if HAVE_CMOCKA
rotate_programs = %D%/test_mysql_account %D%/test_secret_value
check_PROGRAMS += $(rotate_programs)
TESTS += $(rotate_programs)
%C%_test_mysql_account_SOURCES = %D%/test_mysql_account.c
%C%_test_mysql_account_CFLAGS = $(test_cflags)
%C%_test_mysql_account_LDADD = rotate/librotate.la $(CMOCKA_LIBS)
%C%_test_secret_value_SOURCES = %D%/test_secret_value.c
%C%_test_secret_value_CFLAGS = $(test_cflags) $(CJSON_CFLAGS)
%C%_test_secret_value_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_secret_value_LDADD = rotate/librotate.la $(CMOCKA_LIBS)
endif
