# tests/root/local.mk - what needs root and a world of scripts/sandbox; each skips aloud without it.
root_tests = %D%/t_sandbox.sh %D%/t_login.sh %D%/t_mysql.sh %D%/t_redis_login.sh %D%/t_rotation.sh %D%/t_psql.sh %D%/t_canary.sh \
	%D%/t_ways.sh %D%/t_restart.sh %D%/t_hostile.sh %D%/t_database.sh %D%/t_protocol.sh \
	%D%/t_client_cert.sh %D%/t_hang.sh %D%/t_revoke.sh %D%/t_prove.sh %D%/t_doctor.sh \
	%D%/t_watch.sh %D%/t_drift.sh %D%/t_mend.sh %D%/t_rotate.sh %D%/t_simulate.sh
TESTS += $(root_tests)
EXTRA_DIST += $(root_tests) %D%/world.sh
mariadb_tests = %D%/t_mysql_kept.sh %D%/t_local_tls.sh %D%/t_revoke_mariadb.sh %D%/t_drift_mariadb.sh %D%/t_mend_mariadb.sh \
	%D%/t_prove_mariadb.sh %D%/t_canary_mariadb.sh %D%/t_canary_redis.sh %D%/t_rotation_load_mariadb.sh \
	%D%/t_rotation_broken_mariadb.sh %D%/t_rotation_trouble_mariadb.sh \
	%D%/t_restart_mariadb.sh %D%/t_hang_mariadb.sh %D%/t_rotate_mariadb.sh \
	%D%/t_simulate_mariadb.sh %D%/t_rotation_by_hand_mariadb.sh %D%/t_hostile_mariadb.sh \
	%D%/t_database_mariadb.sh
TESTS += $(mariadb_tests)
EXTRA_DIST += $(mariadb_tests) %D%/postgres.sh %D%/mariadb.sh
redis_tests = %D%/t_redis_protocol.sh %D%/t_revoke_redis.sh %D%/t_drift_redis.sh %D%/t_mend_redis.sh %D%/t_prove_redis.sh \
	%D%/t_rotation_load_redis.sh %D%/t_rotation_broken_redis.sh %D%/t_rotation_trouble_redis.sh \
	%D%/t_hang_redis.sh %D%/t_restart_redis.sh %D%/t_rotate_redis.sh %D%/t_database_redis.sh \
	%D%/t_simulate_redis.sh %D%/t_rotation_by_hand_redis.sh
TESTS += $(redis_tests)
EXTRA_DIST += $(redis_tests) %D%/redis.sh
check_PROGRAMS += %D%/secret_search
%C%_secret_search_SOURCES = %D%/secret_search.c
%C%_secret_search_LDADD = $(CRYPTO_LIBS)
TESTS += %D%/t_slow_disk.sh
EXTRA_DIST += %D%/t_slow_disk.sh
%D%/t_slow_disk.log: tests/keeper/slow_disk.la
TESTS += %D%/t_rotation_by_hand.sh %D%/t_rotation_broken.sh %D%/t_rotation_trouble.sh
EXTRA_DIST += %D%/t_rotation_by_hand.sh %D%/t_rotation_broken.sh %D%/t_rotation_trouble.sh %D%/rotation.sh
TESTS += %D%/t_shim_setuid.sh
EXTRA_DIST += %D%/t_shim_setuid.sh
%D%/t_shim_setuid.log: preload/libsmcred_preload.so $(preload_helpers)
TESTS += %D%/t_rotation_load.sh
EXTRA_DIST += %D%/t_rotation_load.sh
TESTS += %D%/t_pam_postgres.sh %D%/t_pam_services.sh %D%/t_pam_sshd.sh %D%/t_pam_story.sh %D%/t_pam_soak.sh
TESTS += %D%/t_pam_samples.sh %D%/t_pam_passwd.sh %D%/t_pam_supply.sh %D%/t_pam_guess.sh %D%/t_pam_deadline.sh %D%/t_pam_hostile.sh
EXTRA_DIST += %D%/host.sh %D%/t_pam_samples.sh %D%/t_pam_passwd.sh %D%/t_pam_supply.sh %D%/t_pam_guess.sh %D%/t_pam_deadline.sh %D%/t_pam_hostile.sh
EXTRA_DIST += %D%/pam.sh %D%/sshd.sh %D%/t_pam_postgres.sh %D%/t_pam_services.sh %D%/t_pam_sshd.sh %D%/t_pam_story.sh %D%/t_pam_soak.sh
if HAVE_PAM
check_PROGRAMS += %D%/pam_entries
%C%_pam_entries_SOURCES = %D%/pam_entries.c
%C%_pam_entries_CFLAGS = $(AM_CFLAGS) $(PAM_CFLAGS)
%C%_pam_entries_LDADD = $(PAM_LIBS)
endif
