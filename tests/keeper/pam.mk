# tests/keeper/pam.mk - tests of what smcredd answers pam_smcred.
TESTS += %D%/t_pam.sh %D%/t_pam_change.sh %D%/t_seats.sh %D%/t_directory.sh
EXTRA_DIST += %D%/pam_world.sh %D%/t_pam.sh %D%/t_pam_change.sh %D%/t_seats.sh %D%/t_directory.sh %D%/pam_login.py

# Preloaded by t_directory.sh.
check_LTLIBRARIES += %D%/slow_directory.la
%C%_slow_directory_la_SOURCES = %D%/slow_directory.c
%C%_slow_directory_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere

if HAVE_CMOCKA
keeperpam_tests = %D%/test_hours %D%/test_humans %D%/test_pam_check %D%/test_pam_policy %D%/test_people %D%/test_renewed %D%/test_rhosts %D%/test_seats %D%/test_tries %D%/test_tries_file %D%/test_turns
check_PROGRAMS += $(keeperpam_tests)
TESTS += $(keeperpam_tests)

%C%_test_hours_SOURCES = %D%/test_hours.c
%C%_test_hours_CFLAGS = $(test_cflags)
%C%_test_hours_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_humans_SOURCES = %D%/test_humans.c
%C%_test_humans_CFLAGS = $(test_cflags)
%C%_test_humans_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_pam_policy_SOURCES = %D%/test_pam_policy.c
%C%_test_pam_policy_CFLAGS = $(test_cflags)
%C%_test_pam_policy_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_people_SOURCES = %D%/test_people.c
%C%_test_people_CFLAGS = $(keepercore_test_cflags)
%C%_test_people_LDADD = keeper/libkeeper.la $(keepercore_test_libs)

%C%_test_renewed_SOURCES = %D%/test_renewed.c
%C%_test_renewed_CFLAGS = $(test_cflags)
%C%_test_renewed_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_renewed_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_rhosts_SOURCES = %D%/test_rhosts.c
%C%_test_rhosts_CFLAGS = $(test_cflags)
%C%_test_rhosts_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)

%C%_test_pam_check_SOURCES = %D%/test_pam_check.c %D%/world.h
%C%_test_pam_check_CFLAGS = $(keepercore_test_cflags)
%C%_test_pam_check_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=free
%C%_test_pam_check_LDADD = $(keepercore_test_libs)

%C%_test_seats_SOURCES = %D%/test_seats.c
%C%_test_seats_CFLAGS = $(keepercore_test_cflags)
%C%_test_seats_LDADD = $(keepercore_test_libs)

%C%_test_tries_SOURCES = %D%/test_tries.c
%C%_test_tries_CFLAGS = $(keepercore_test_cflags)
%C%_test_tries_LDADD = $(keepercore_test_libs)

%C%_test_turns_SOURCES = %D%/test_turns.c
%C%_test_turns_CFLAGS = $(keepercore_test_cflags)
%C%_test_turns_LDADD = $(keepercore_test_libs)

%C%_test_tries_file_SOURCES = %D%/test_tries_file.c
%C%_test_tries_file_CFLAGS = $(test_cflags)
%C%_test_tries_file_LDADD = keeper/libkeeper.la $(CMOCKA_LIBS)
endif
