# etc/local.mk - default configuration, units, snippets.
EXTRA_DIST += %D%/smcred-server.service
