# man/local.mk - what users read.
