# tests/root/local.mk - what needs root; each skips aloud without it.
check_PROGRAMS += %D%/secret_search
%C%_secret_search_SOURCES = %D%/secret_search.c
TESTS += %D%/t_shim_setuid.sh
EXTRA_DIST += %D%/t_shim_setuid.sh
%D%/t_shim_setuid.log: preload/libsmcred_preload.so $(preload_helpers)
