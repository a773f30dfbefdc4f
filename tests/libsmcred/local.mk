# tests/libsmcred/local.mk - tests of libsmcred/.
