# keeper/pam.mk - what smcredd answers pam_smcred: rules, checks, logins.
%C%_libkeeper_la_SOURCES += %D%/config_pam.c %D%/hours.c %D%/hours.h %D%/pam.c %D%/pam.h %D%/pam_change.c %D%/pam_limit.c \
	%D%/pam_limit.h %D%/pam_policy.c %D%/pam_policy.h %D%/pam_request.h %D%/pam_rotate.c %D%/pam_session.c %D%/pam_verify.c %D%/people.c %D%/people.h %D%/rhosts.c %D%/rhosts.h \
	%D%/humans.c %D%/humans.h %D%/humans_file.c %D%/process.c %D%/process.h %D%/renewed.c %D%/renewed.h %D%/source_change.c %D%/source_change.h %D%/tries_file.c %D%/tries_file.h %D%/welcome.c %D%/welcome.h
