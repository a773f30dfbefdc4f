# man/local.mk - what users read.
dist_man_MANS += %D%/smcred-server.8
dist_man_MANS += %D%/smcred-rotate.1
dist_man_MANS += %D%/smcred.1
dist_man_MANS += %D%/smcred.conf.5 %D%/smcredd.8
dist_man_MANS += %D%/pam_smcred.8
