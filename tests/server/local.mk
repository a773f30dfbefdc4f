# tests/server/local.mk - tests of server/.
