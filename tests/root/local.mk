# tests/root/local.mk - what needs root; each skips aloud without it.
check_PROGRAMS += %D%/secret_search
%C%_secret_search_SOURCES = %D%/secret_search.c
