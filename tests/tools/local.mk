# tests/tools/local.mk - tests of tools/.
check_PROGRAMS += %D%/fake_keeperd
%C%_fake_keeperd_SOURCES = %D%/fake_keeperd.c
%C%_fake_keeperd_LDADD = tests/lib/libfakes.la

tools_tests = %D%/t_smcred.sh %D%/t_words.sh
TESTS += $(tools_tests)
EXTRA_DIST += $(tools_tests)
