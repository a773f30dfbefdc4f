# sources/local.mk - NSS-style source modules, loaded by name; and the chain that loads them.

# The chain, and requests to it, are linked by the keeper and tools.  They need libc alone.
noinst_LTLIBRARIES += %D%/libchain.la
%C%_libchain_la_SOURCES = %D%/chain.c %D%/chain.h %D%/line.c %D%/line.h \
	%D%/request.c %D%/request.h
%C%_libchain_la_LIBADD = common/libcommon.la

# What modules share: secrets in files and in JSON.  These two hold no other library: a module takes
# in the whole of each, and must not meet libcommon twice.
noinst_LTLIBRARIES += %D%/libvalue.la
%C%_libvalue_la_SOURCES = %D%/json.c %D%/json.h %D%/module.h %D%/ownfile.c %D%/ownfile.h \
	%D%/value.c %D%/value.h %D%/wipe.c %D%/wipe.h
%C%_libvalue_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)

# How to talk to AWS.
noinst_LTLIBRARIES += %D%/libaws.la
%C%_libaws_la_SOURCES = %D%/awsclient.c %D%/awsclient.h %D%/awserror.c %D%/awserror.h \
	%D%/awsprofile.c %D%/awsprofile.h %D%/credentials.c %D%/credentials.h %D%/endpoint.c \
	%D%/endpoint.h %D%/http.c %D%/http.h %D%/retry.c %D%/retry.h
%C%_libaws_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS) $(CURL_CFLAGS) $(SSL_CFLAGS)

value_libs = %D%/libvalue.la $(CJSON_LIBS)
aws_libs = %D%/libaws.la $(value_libs) common/libsigv4.la $(CURL_LIBS) $(SSL_LIBS)

# A module exports one symbol.
module_ldflags = $(AM_LDFLAGS) -module -avoid-version \
	-Wl,--version-script=$(top_srcdir)/%D%/module.map -Wl,--no-undefined-version
EXTRA_DIST += %D%/module.map

pkglib_LTLIBRARIES += libsmcred_source_secretsmanager.la libsmcred_source_file.la
libsmcred_source_secretsmanager_la_SOURCES = %D%/secretsmanager.c
libsmcred_source_secretsmanager_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)
libsmcred_source_secretsmanager_la_LDFLAGS = $(module_ldflags)
libsmcred_source_secretsmanager_la_LIBADD = $(aws_libs)

libsmcred_source_file_la_SOURCES = %D%/file.c %D%/inifile.c %D%/inifile.h
libsmcred_source_file_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)
libsmcred_source_file_la_LDFLAGS = $(module_ldflags)
libsmcred_source_file_la_LIBADD = $(value_libs) common/libcommon.la
