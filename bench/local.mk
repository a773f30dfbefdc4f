# bench/local.mk - one executable per claim; run by hand, not by make check.
