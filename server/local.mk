# server/local.mk - smcred-server, the embedded Secrets Manager.
