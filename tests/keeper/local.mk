# tests/keeper/local.mk - tests of keeper/.
include %D%/core.mk
