# sources/local.mk - NSS-style source modules, one file each, loaded by name.
