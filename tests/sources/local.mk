# tests/sources/local.mk - tests of sources/.
check_PROGRAMS += %D%/ask
%C%_ask_SOURCES = %D%/ask.c
%C%_ask_LDADD = sources/libchain.la common/libcommon.la

TESTS += %D%/t_hostile.sh
EXTRA_DIST += %D%/hostile.py %D%/lib.sh %D%/t_hostile.sh
