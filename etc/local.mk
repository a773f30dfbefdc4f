# etc/local.mk - default configuration, units, snippets.
EXTRA_DIST += %D%/smcred.conf %D%/smcredd.service %D%/smcred.sysusers %D%/smcred.tmpfiles
