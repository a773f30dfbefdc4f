# doc/local.mk - what developers read.
