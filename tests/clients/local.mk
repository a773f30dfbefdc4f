# tests/clients/local.mk - real database clients through smcred; needs a world, and so root.
# client.* are one program in four languages: it logs in, and asks.
TESTS += %D%/t_clients.sh %D%/t_mysql_clients.sh %D%/t_mysql_peers.sh %D%/t_registry_clients.sh
EXTRA_DIST += %D%/t_clients.sh %D%/t_mysql_clients.sh %D%/t_mysql_peers.sh %D%/t_registry_clients.sh \
	%D%/clients.sh %D%/oracle_mysql.sh \
	%D%/client.py %D%/client.js %D%/client.go %D%/Client.java %D%/pom.xml
