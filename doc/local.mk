# doc/local.mk - what developers read.
EXTRA_DIST += %D%/server.md %D%/sources.md
