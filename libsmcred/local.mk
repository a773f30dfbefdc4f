# libsmcred/local.mk - the shared library and its one installed header.
include_HEADERS += %D%/smcred.h
pkgconfig_DATA += %D%/smcred.pc
EXTRA_DIST += %D%/smcred.pc.in
