# tests/keeper/local.mk - tests of keeper/.
