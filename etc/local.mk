# etc/local.mk - what an installation has beside programs: units, users, directories, a configuration.
EXTRA_DIST += %D%/smcred.conf %D%/smcred-server.conf %D%/smcred.bash-completion \
	%D%/smcred-rotate.bash-completion %D%/smcred.sysusers %D%/smcred.tmpfiles.in \
	%D%/smcredd.service.in %D%/smcred-server.service.in

# pam_smcred's: stacks to copy from, and Debian's profile for pam-auth-update, which is off by default.
pamsampledir = $(docdir)/pam.d
dist_pamsample_DATA = %D%/pam.d/cron %D%/pam.d/login %D%/pam.d/passwd %D%/pam.d/smcred-postgresql %D%/pam.d/sshd \
	%D%/pam.d/su %D%/pam.d/sudo %D%/pam.d/vsftpd
pamprofiledir = $(datadir)/pam-configs
dist_pamprofile_DATA = %D%/pam-configs/smcred

# A sample, for whoever reads the documentation.
dist_doc_DATA += %D%/smcred.nft

systemdsystemunit_DATA += %D%/smcredd.service %D%/smcred-server.service
CLEANFILES += %D%/smcredd.service %D%/smcred-server.service %D%/smcred.tmpfiles

# configure knows directories only as ${prefix}/...; make knows them in full.
installed_paths = sed -e 's|[@]sbindir[@]|$(sbindir)|g' -e 's|[@]runstatedir[@]|$(runstatedir)|g' \
	-e 's|[@]localstatedir[@]|$(localstatedir)|g' -e 's|[@]sysconfdir[@]|$(sysconfdir)|g'
%D%/smcredd.service: %D%/smcredd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && $(installed_paths) $(srcdir)/%D%/smcredd.service.in >$@
%D%/smcred-server.service: %D%/smcred-server.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && $(installed_paths) $(srcdir)/%D%/smcred-server.service.in >$@
%D%/smcred.tmpfiles: %D%/smcred.tmpfiles.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && $(installed_paths) $(srcdir)/%D%/smcred.tmpfiles.in >$@
all-local: %D%/smcred.tmpfiles

# Each has another name where it is installed, so these rules are ours.  An administrator's configuration
# is never overwritten, and removed only if it is still the one that came with us.
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
bashcompletiondir = $(datadir)/bash-completion/completions
confdir = $(sysconfdir)/smcred
completed_programs = smcred smcred-rotate
installed_confs = smcred.conf smcred-server.conf

install-data-local: install-etc
uninstall-local: uninstall-etc
install-etc: %D%/smcred.tmpfiles
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)" \
		"$(DESTDIR)$(bashcompletiondir)" "$(DESTDIR)$(confdir)/conf.d"
	$(INSTALL_DATA) $(srcdir)/%D%/smcred.sysusers "$(DESTDIR)$(sysusersdir)/smcred.conf"
	$(INSTALL_DATA) %D%/smcred.tmpfiles "$(DESTDIR)$(tmpfilesdir)/smcred.conf"
	for program in $(completed_programs); do \
		$(INSTALL_DATA) $(srcdir)/%D%/$$program.bash-completion \
			"$(DESTDIR)$(bashcompletiondir)/$$program" || exit 1; \
	done
	for conf in $(installed_confs); do \
		test -e "$(DESTDIR)$(confdir)/$$conf" || \
			$(INSTALL_DATA) $(srcdir)/%D%/$$conf "$(DESTDIR)$(confdir)/$$conf" || exit 1; \
	done
uninstall-etc:
	rm -f "$(DESTDIR)$(sysusersdir)/smcred.conf" "$(DESTDIR)$(tmpfilesdir)/smcred.conf"
	for program in $(completed_programs); do \
		rm -f "$(DESTDIR)$(bashcompletiondir)/$$program"; \
	done
	for conf in $(installed_confs); do \
		! cmp -s $(srcdir)/%D%/$$conf "$(DESTDIR)$(confdir)/$$conf" || \
			rm -f "$(DESTDIR)$(confdir)/$$conf"; \
	done
	-rmdir "$(DESTDIR)$(confdir)/conf.d" "$(DESTDIR)$(confdir)" 2>/dev/null
.PHONY: install-etc uninstall-etc

# The last thing in it is the shim, which is taken away before.
uninstall-hook:
	-rmdir "$(DESTDIR)$(pkglibdir)" 2>/dev/null
