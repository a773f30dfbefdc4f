# keeper/local.mk - smcredd: policy, cache, audit, auth oracle.  main.c is the only file that tests
# cannot link, so it stays thin.
include %D%/core.mk

noinst_LTLIBRARIES += %D%/libkeeper.la
%C%_libkeeper_la_SOURCES = %D%/accounts.c %D%/accounts.h %D%/attempts_file.c %D%/attempts_file.h %D%/audit.c %D%/audit.h \
	%D%/canary.c %D%/canary.h %D%/certificate.c %D%/certificate.h %D%/config.c %D%/config.h %D%/config_check.c %D%/config_loader.h %D%/config_section.c \
	%D%/config_value.c %D%/configured.c %D%/configured.h %D%/client.h %D%/control.c %D%/control.h \
	%D%/drift.c %D%/drift.h %D%/documents.c %D%/documents.h %D%/endpoints.c %D%/endpoints.h %D%/index.c %D%/index.h \
	%D%/inifile.c %D%/inifile.h \
	%D%/keeper.c %D%/keeper.h %D%/listen.c %D%/listen.h %D%/localca.c %D%/localca.h %D%/localtls.c %D%/localtls.h %D%/mend.c %D%/mend.h %D%/memfile.c %D%/memfile.h %D%/options.c \
	%D%/options.h %D%/parent.c %D%/parent.h %D%/pemfile.c %D%/pemfile.h %D%/places.c %D%/places.h %D%/policy.c %D%/policy.h \
	%D%/record.c %D%/record.h %D%/relays.c %D%/relays.h %D%/request.c %D%/revocations.c %D%/revocations.h \
	%D%/revoke.c %D%/revoke.h %D%/session.h %D%/session_audit.c \
	%D%/session_login.c %D%/session_proof.c %D%/sessions.c %D%/sessions.h %D%/simulated.c %D%/simulated.h %D%/spare.c %D%/spare.h %D%/source.c %D%/source.h %D%/statefile.c %D%/statefile.h %D%/survey.c %D%/survey.h %D%/wiping.c %D%/wiping.h \
	%D%/word.c %D%/word.h
include %D%/pam.mk
%C%_libkeeper_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(CRYPTO_CFLAGS) $(CJSON_CFLAGS) \
	$(INIH_CFLAGS) $(CAPNG_CFLAGS)
%C%_libkeeper_la_LIBADD = %D%/libkeepercore.la sources/libchain.la common/libcommon.la \
	$(EVENT_LIBS) $(CRYPTO_LIBS) $(CJSON_LIBS) $(INIH_LIBS) $(CAPNG_LIBS)

sbin_PROGRAMS += smcredd
smcredd_SOURCES = %D%/main.c
smcredd_LDADD = %D%/libkeeper.la
