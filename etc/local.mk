# etc/local.mk - default configuration, units, snippets.
EXTRA_DIST += %D%/smcred-server.service
bashcompletiondir = $(datadir)/bash-completion/completions
EXTRA_DIST += %D%/smcred.bash-completion

install-data-local: install-bash-completion
install-bash-completion:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/%D%/smcred.bash-completion "$(DESTDIR)$(bashcompletiondir)/smcred"
uninstall-local: uninstall-bash-completion
uninstall-bash-completion:
	rm -f "$(DESTDIR)$(bashcompletiondir)/smcred"
.PHONY: install-bash-completion uninstall-bash-completion
EXTRA_DIST += %D%/smcred.conf %D%/smcredd.service %D%/smcred.sysusers %D%/smcred.tmpfiles
