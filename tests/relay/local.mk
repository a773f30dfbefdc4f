# tests/relay/local.mk - tests of relay/.
