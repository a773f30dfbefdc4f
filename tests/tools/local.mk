# tests/tools/local.mk - tests of tools/.
check_PROGRAMS += %D%/fake_keeperd
%C%_fake_keeperd_SOURCES = %D%/fake_keeperd.c
%C%_fake_keeperd_LDADD = tests/lib/libfakes.la

TESTS += %D%/t_smcred.sh
EXTRA_DIST += %D%/t_smcred.sh
