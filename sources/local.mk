# sources/local.mk - NSS-style source modules, one file each, loaded by name.

# What loads and asks them; linked by the keeper and tools.  It needs libc alone.
noinst_LTLIBRARIES += %D%/libchain.la
%C%_libchain_la_SOURCES = %D%/chain.c %D%/chain.h %D%/line.c %D%/line.h
%C%_libchain_la_LIBADD = common/libcommon.la
