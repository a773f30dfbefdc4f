# libsmcred/local.mk - the shared library and its one installed header.
# libcred holds all of it as an archive, so that tests can link it; -version-info is touched at a
# release only.
noinst_LTLIBRARIES += %D%/libcred.la
%C%_libcred_la_SOURCES = %D%/credstore.c %D%/credstore.h %D%/pagecache.c %D%/pagecache.h \
	%D%/smcred.c %D%/smcred.h %D%/snapshot.c %D%/snapshot.h
%C%_libcred_la_LIBADD = common/libcommon.la

lib_LTLIBRARIES += %D%/libsmcred.la
%C%_libsmcred_la_SOURCES =
%C%_libsmcred_la_LIBADD = %D%/libcred.la
%C%_libsmcred_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined -Wl,--gc-sections \
	-Wl,--no-undefined-version -Wl,--version-script=$(srcdir)/%D%/libsmcred.map
EXTRA_%C%_libsmcred_la_DEPENDENCIES = %D%/libsmcred.map

include_HEADERS += %D%/smcred.h
pkgconfig_DATA += %D%/smcred.pc
EXTRA_DIST += %D%/smcred.pc.in %D%/libsmcred.map
