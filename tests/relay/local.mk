# tests/relay/local.mk - tests of relay/.
# The relay is tested alone: scripted_keeper plays parent and keeper, PostgreSQL is a real one.
check_PROGRAMS += %D%/scripted_keeper
%C%_scripted_keeper_SOURCES = %D%/scripted_keeper.c
%C%_scripted_keeper_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
%C%_scripted_keeper_LDADD = common/libcommon.la $(CRYPTO_LIBS)
