# keeper/local.mk - smcredd: policy, cache, audit, auth oracle.
include %D%/core.mk
