# tests/sources/local.mk - tests of sources/.
