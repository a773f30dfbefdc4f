# tests/preload/local.mk - tests of preload/.
