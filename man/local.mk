# man/local.mk - what users read.
dist_man_MANS += %D%/smcred-server.8
