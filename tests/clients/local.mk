# tests/clients/local.mk - real database clients through smcred.
