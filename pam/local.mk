# pam/local.mk - pam_smcred.so.  sshd, sudo and su load it, so it needs libpam and the C library alone:
# what it takes of ours is linked into it, and its map lets nothing else out.  (A directory named "exec" is
# installed by install-exec, as sandboxes are.)
if HAVE_PAM
noinst_LTLIBRARIES += %D%/libsmpam.la
%C%_libsmpam_la_SOURCES = %D%/account.c %D%/account.h %D%/ask.c %D%/ask.h %D%/auth.c %D%/auth.h \
	%D%/call.h %D%/codes.c %D%/codes.h %D%/conversation.c %D%/conversation.h %D%/module.c \
	%D%/name.c %D%/name.h %D%/options.c %D%/options.h %D%/password.c %D%/password.h \
	%D%/session.c %D%/session.h %D%/supply.c %D%/supply.h
%C%_libsmpam_la_CFLAGS = $(AM_CFLAGS) $(PAM_CFLAGS)
%C%_libsmpam_la_LIBADD = common/libcommon.la $(PAM_LIBS)

pamexec_LTLIBRARIES += pam_smcred.la
pam_smcred_la_SOURCES =
pam_smcred_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -no-undefined -Wl,--gc-sections \
	-Wl,--no-undefined-version -Wl,--version-script=$(srcdir)/%D%/pam_smcred.map
pam_smcred_la_LIBADD = %D%/libsmpam.la
EXTRA_pam_smcred_la_DEPENDENCIES = %D%/pam_smcred.map
endif
EXTRA_DIST += %D%/pam_smcred.map
