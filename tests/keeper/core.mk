# tests/keeper/core.mk - tests of the keeper's inner modules, and of the pages' two sides.
# Preloaded by tests/root/t_slow_disk.sh.
check_LTLIBRARIES += %D%/slow_disk.la
%C%_slow_disk_la_SOURCES = %D%/slow_disk.c
%C%_slow_disk_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere

if HAVE_CMOCKA
keepercore_tests = %D%/test_attempts \
	%D%/test_cache \
	%D%/test_cache_map \
	%D%/test_lessons \
	%D%/test_login \
	%D%/test_page \
	%D%/test_mechanism %D%/test_proof \
	%D%/test_resolver \
	%D%/test_rotation \
	%D%/test_saslprep \
	%D%/test_scram \
	%D%/test_secret_id \
	%D%/test_stages \
	%D%/test_table \
	%D%/test_verdict \
	%D%/test_watch \
	%D%/test_workers
check_PROGRAMS += $(keepercore_tests)
TESTS += $(keepercore_tests)
keepercore_test_cflags = $(test_cflags) $(EVENT_CFLAGS) $(CRYPTO_CFLAGS)
keepercore_test_libs = keeper/libkeepercore.la $(CMOCKA_LIBS)

%C%_test_attempts_SOURCES = %D%/test_attempts.c %D%/world.h
%C%_test_attempts_CFLAGS = $(keepercore_test_cflags)
%C%_test_attempts_LDADD = $(keepercore_test_libs)

%C%_test_cache_SOURCES = %D%/test_cache.c %D%/world.h
%C%_test_cache_CFLAGS = $(keepercore_test_cflags)
%C%_test_cache_LDADD = $(keepercore_test_libs)

%C%_test_cache_map_SOURCES = %D%/test_cache_map.c %D%/world.h
%C%_test_cache_map_CFLAGS = $(keepercore_test_cflags)
%C%_test_cache_map_LDADD = $(keepercore_test_libs)

%C%_test_lessons_SOURCES = %D%/test_lessons.c
%C%_test_lessons_CFLAGS = $(keepercore_test_cflags)
%C%_test_lessons_LDADD = $(keepercore_test_libs)

%C%_test_login_SOURCES = %D%/test_login.c %D%/world.h
%C%_test_login_CFLAGS = $(keepercore_test_cflags)
%C%_test_login_LDADD = $(keepercore_test_libs)

%C%_test_page_SOURCES = %D%/test_page.c %D%/world.h
%C%_test_page_CFLAGS = $(keepercore_test_cflags)
%C%_test_page_LDADD = $(keepercore_test_libs)

%C%_test_mechanism_SOURCES = %D%/test_mechanism.c %D%/world.h
%C%_test_mechanism_CFLAGS = $(keepercore_test_cflags)
%C%_test_mechanism_LDADD = $(keepercore_test_libs)

%C%_test_proof_SOURCES = %D%/test_proof.c %D%/world.h
%C%_test_proof_CFLAGS = $(keepercore_test_cflags)
%C%_test_proof_LDADD = $(keepercore_test_libs)

%C%_test_resolver_SOURCES = %D%/test_resolver.c %D%/world.h
%C%_test_resolver_CFLAGS = $(keepercore_test_cflags)
%C%_test_resolver_LDADD = $(keepercore_test_libs)

%C%_test_rotation_SOURCES = %D%/test_rotation.c %D%/world.h
%C%_test_rotation_CFLAGS = $(keepercore_test_cflags)
%C%_test_rotation_LDADD = $(keepercore_test_libs)

%C%_test_saslprep_SOURCES = %D%/test_saslprep.c %D%/world.h
%C%_test_saslprep_CFLAGS = $(keepercore_test_cflags)
%C%_test_saslprep_LDADD = $(keepercore_test_libs)

%C%_test_scram_SOURCES = %D%/test_scram.c %D%/world.h
%C%_test_scram_CFLAGS = $(keepercore_test_cflags)
%C%_test_scram_LDADD = $(keepercore_test_libs)

%C%_test_secret_id_SOURCES = %D%/test_secret_id.c
%C%_test_secret_id_CFLAGS = $(keepercore_test_cflags)
%C%_test_secret_id_LDADD = $(keepercore_test_libs)

%C%_test_stages_SOURCES = %D%/test_stages.c
%C%_test_stages_CFLAGS = $(keepercore_test_cflags)
%C%_test_stages_LDADD = $(keepercore_test_libs)

%C%_test_table_SOURCES = %D%/test_table.c %D%/world.h
%C%_test_table_CFLAGS = $(keepercore_test_cflags)
%C%_test_table_LDADD = $(keepercore_test_libs)

%C%_test_verdict_SOURCES = %D%/test_verdict.c
%C%_test_verdict_CFLAGS = $(keepercore_test_cflags)
%C%_test_verdict_LDADD = $(keepercore_test_libs)

%C%_test_watch_SOURCES = %D%/test_watch.c %D%/world.h
%C%_test_watch_CFLAGS = $(keepercore_test_cflags)
%C%_test_watch_LDADD = $(keepercore_test_libs)

%C%_test_workers_SOURCES = %D%/test_workers.c %D%/world.h
%C%_test_workers_CFLAGS = $(keepercore_test_cflags)
%C%_test_workers_LDADD = $(keepercore_test_libs)
endif
