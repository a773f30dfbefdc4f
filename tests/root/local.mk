# tests/root/local.mk - what needs root; each skips aloud without it.
