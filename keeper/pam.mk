# keeper/pam.mk - what smcredd answers pam_smcred: rules, checks, logins.
%C%_libkeeper_la_SOURCES += %D%/config_pam.c %D%/hours.c %D%/hours.h %D%/pam_policy.c %D%/pam_policy.h \
	%D%/rhosts.c %D%/rhosts.h
