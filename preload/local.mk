# preload/local.mk - the LD_PRELOAD shim: one object that links nothing.
