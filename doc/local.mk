# doc/local.mk - what developers read.
EXTRA_DIST += %D%/cache.md
EXTRA_DIST += %D%/clients.md %D%/shim.md
EXTRA_DIST += %D%/server.md
EXTRA_DIST += %D%/libsmcred.md
EXTRA_DIST += %D%/relay.md
EXTRA_DIST += %D%/performance.md
EXTRA_DIST += %D%/control-protocol.md %D%/index.md %D%/oracle-protocol.md %D%/processes.md %D%/wire.md
EXTRA_DIST += %D%/server.md %D%/sources.md
