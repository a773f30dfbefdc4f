# bench/local.mk - one executable script per claim; run by hand, not by make check.
# The probes are built on demand: make bench/interleave; but what a test runs is built for it.
EXTRA_PROGRAMS += %D%/interleave %D%/resolve_probe %D%/herd_probe %D%/server_load
EXTRA_DIST += %D%/lib.sh %D%/login %D%/relay %D%/copy %D%/herd %D%/resolve %D%/memory %D%/rotation %D%/server \
	%D%/pam
CLEANFILES += $(EXTRA_PROGRAMS)

%C%_interleave_SOURCES = %D%/interleave.c

%C%_resolve_probe_SOURCES = %D%/resolve_probe.c
%C%_resolve_probe_LDADD = libsmcred/libsmcred.la common/libcommon.la

%C%_herd_probe_SOURCES = %D%/herd_probe.c
%C%_herd_probe_LDADD = libsmcred/libsmcred.la

%C%_server_load_SOURCES = %D%/server_load.c
%C%_server_load_LDADD = common/libsigv4.la

check_PROGRAMS += %D%/login_load
%C%_login_load_SOURCES = %D%/login_load.c
%C%_login_load_CFLAGS = $(AM_CFLAGS) $(PQ_CFLAGS)
%C%_login_load_LDADD = $(PQ_LIBS)

if HAVE_PAM
check_PROGRAMS += %D%/pam_load
%C%_pam_load_SOURCES = %D%/pam_load.c
%C%_pam_load_CFLAGS = $(AM_CFLAGS) $(PAM_CFLAGS)
%C%_pam_load_LDADD = $(PAM_LIBS)
endif
