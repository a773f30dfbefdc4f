# tests/clients/local.mk - real database clients through smcred.
# Needs a world of scripts/sandbox, and so root; run by ./check, not by `make check`.
EXTRA_DIST += %D%/t_clients.sh
