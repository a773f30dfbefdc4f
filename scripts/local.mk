# scripts/local.mk - the ways in, which live outside the build.
dist_noinst_SCRIPTS += check .ci/run %D%/deps %D%/dev %D%/sandbox
