# doc/local.mk - what developers read.
EXTRA_DIST += %D%/architecture.md %D%/processes.md %D%/cache.md %D%/clients.md %D%/libsmcred.md \
	%D%/local-tls.md \
	%D%/performance.md %D%/relay.md %D%/revocation.md %D%/rotate.md %D%/server.md %D%/shim.md %D%/sources.md
EXTRA_DIST += %D%/rotation.md
EXTRA_DIST += %D%/pam.md
# Protocols and layouts.
EXTRA_DIST += %D%/control-protocol.md %D%/index.md %D%/oracle-protocol.md %D%/wire.md
