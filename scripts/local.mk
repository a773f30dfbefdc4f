# scripts/local.mk - the ways in, which live outside the build.
EXTRA_DIST += check demo .ci/run %D%/bastion.sh %D%/deps %D%/dev %D%/sandbox
