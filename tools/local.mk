# tools/local.mk - smcred, the admin tool: a table of subcommands.

# How a program is started with smcred around it; for `smcred exec` and `smcred connect`.
noinst_LTLIBRARIES += %D%/libexec.la
%C%_libexec_la_SOURCES = %D%/exec.h %D%/exec.c %D%/index_map.h %D%/index_map.c %D%/redirect.c \
	%D%/watch.h %D%/watch.c
%C%_libexec_la_LIBADD = common/libcommon.la
