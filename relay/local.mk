# relay/local.mk - smcred-relay: the databases' protocols, no secret inside.
