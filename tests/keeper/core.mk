# tests/keeper/core.mk - tests of the keeper's inner modules, and of the pages' two sides.
if HAVE_CMOCKA
keepercore_tests = %D%/test_cache
check_PROGRAMS += $(keepercore_tests)
TESTS += $(keepercore_tests)
keepercore_test_cflags = $(test_cflags) $(EVENT_CFLAGS) $(CRYPTO_CFLAGS)
keepercore_test_libs = keeper/libkeepercore.la $(CMOCKA_LIBS)

%C%_test_cache_SOURCES = %D%/test_cache.c %D%/world.h
%C%_test_cache_CFLAGS = $(keepercore_test_cflags)
%C%_test_cache_LDADD = $(keepercore_test_libs)
endif
