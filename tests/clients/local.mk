# tests/clients/local.mk - real database clients through smcred; needs a world, and so root.
# client.* are one program in six languages: it logs in, and asks.
TESTS += %D%/t_clients.sh %D%/t_mysql_clients.sh %D%/t_mysql_go_peer.sh %D%/t_mysql_peers.sh %D%/t_mysql_settings.sh %D%/t_registry_clients.sh
EXTRA_DIST += %D%/t_clients.sh %D%/t_mysql_clients.sh %D%/t_mysql_go_peer.sh %D%/mysql_peer.go %D%/t_mysql_peers.sh %D%/t_mysql_settings.sh \
	%D%/t_registry_clients.sh %D%/clients.sh %D%/decoy_mysql.pl %D%/oracle_mysql.sh \
	%D%/client.py %D%/client.js %D%/client.php %D%/client.pl %D%/client.go %D%/Client.java %D%/pom.xml
TESTS += %D%/t_mariadb_peers.sh
EXTRA_DIST += %D%/t_mariadb_peers.sh
TESTS += %D%/t_redis_clients.sh %D%/t_redis_peers.sh
EXTRA_DIST += %D%/t_redis_clients.sh %D%/t_redis_peers.sh %D%/redis_client.py %D%/redis_client.js %D%/redis_client.go \
	%D%/RedisClient.java
