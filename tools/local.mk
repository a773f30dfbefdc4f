# tools/local.mk - smcred, the admin tool: a table of subcommands.
EXTRA_DIST += %D%/tools.h
