# doc/local.mk - what developers read.
EXTRA_DIST += %D%/cache.md
EXTRA_DIST += %D%/control-protocol.md %D%/index.md %D%/oracle-protocol.md %D%/processes.md %D%/wire.md
