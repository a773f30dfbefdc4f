# tests/tools/local.mk - tests of tools/.
