# man/local.mk - what users read.
dist_man_MANS += %D%/smcred.conf.5 %D%/smcredd.8
