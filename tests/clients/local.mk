# tests/clients/local.mk - real database clients through smcred; needs a world, and so root.
TESTS += %D%/t_clients.sh %D%/t_mysql_clients.sh %D%/t_mysql_peers.sh
EXTRA_DIST += %D%/oracle_mysql.sh %D%/t_clients.sh %D%/t_mysql_clients.sh %D%/t_mysql_peers.sh
