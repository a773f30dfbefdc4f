# tests/root/local.mk - what needs root; each skips aloud without it.
TESTS += %D%/t_shim_setuid.sh
EXTRA_DIST += %D%/t_shim_setuid.sh
%D%/t_shim_setuid.log: preload/libsmcred_preload.so $(preload_helpers)
