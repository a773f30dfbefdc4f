# etc/local.mk - default configuration, units, snippets.
