# tools/local.mk - smcred, the admin tool: a table of subcommands.  main.c stays thin, so that tests
# can link the rest.
noinst_LTLIBRARIES += %D%/libtools.la
%C%_libtools_la_SOURCES = %D%/tools.c %D%/tools.h %D%/commands.c %D%/commands.h \
	%D%/document.c %D%/document.h %D%/render.c %D%/render.h \
	%D%/connect.c %D%/doctor.c %D%/exec.c %D%/explain.c %D%/manager.c %D%/manager.h \
	%D%/refresh.c %D%/revoke.c %D%/rotate.c %D%/secret.c %D%/secretvalue.c %D%/secretvalue.h %D%/simulate.c %D%/status.c %D%/targets.c
%C%_libtools_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)
%C%_libtools_la_LIBADD = %D%/liblaunch.la sources/libchain.la common/libcommon.la $(CJSON_LIBS)

# How `smcred exec` starts a program with smcred around it.
noinst_LTLIBRARIES += %D%/liblaunch.la
%C%_liblaunch_la_SOURCES = %D%/launch.h %D%/launch.c %D%/index_map.h %D%/index_map.c %D%/redirect.c %D%/watches.h %D%/watches.c \
	%D%/watch.h %D%/watch.c
%C%_liblaunch_la_LIBADD = common/libcommon.la

bin_PROGRAMS += smcred
smcred_SOURCES = %D%/main.c
smcred_LDADD = %D%/libtools.la
