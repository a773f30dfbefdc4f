# preload/local.mk - the LD_PRELOAD shim: one object that links nothing.
# Built by a rule of its own.  libtool would add libraries, and a user's CFLAGS may ask for things
# that need one (stack protector, sanitizers, thread-local storage), so ours come last.
# Two segments and not four (noseparate-code): every program started maps them, a fifth of its cost.
shimdir = $(pkglibdir)
shimexecdir = $(shimdir)
shimexec_DATA = %D%/libsmcred_preload.so
CLEANFILES += %D%/libsmcred_preload.so

shim_sources = %D%/ask.c %D%/connect.c %D%/debug.c %D%/epoll.c %D%/getaddrinfo.c %D%/map.c \
	%D%/memory.c %D%/setup.c %D%/takeover.c %D%/text.c common/last_words.c
shim_headers = %D%/libc.h %D%/shim.h common/bytes.h common/control.h common/index.h \
	common/index_find.h common/last_words.h common/raw.h common/refusal.h common/takeover.h \
	common/wire.h libsmcred/smcred.h
EXTRA_DIST += $(shim_sources) $(shim_headers) %D%/libsmcred_preload.map

shim_flags = -fPIC -ffreestanding -fno-builtin -fno-stack-protector -U_FORTIFY_SOURCE -fno-lto \
	-fno-sanitize=all -fno-exceptions -fno-asynchronous-unwind-tables
shim_ldflags = -shared -nostdlib -Wl,-soname,libsmcred_preload.so -Wl,-z,now -Wl,-z,relro \
	-Wl,-z,noexecstack -Wl,-z,noseparate-code -Wl,--no-undefined-version \
	-Wl,--version-script=$(srcdir)/%D%/libsmcred_preload.map

%D%/libsmcred_preload.so: $(shim_sources) $(shim_headers) %D%/libsmcred_preload.map config.h
	$(AM_V_at)$(MKDIR_P) %D%
	$(AM_V_CCLD)sources=; for file in $(shim_sources); do sources="$$sources $(srcdir)/$$file"; done; \
	$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) \
	  $(shim_flags) $(LDFLAGS) $(shim_ldflags) -o $@ $$sources
