# scripts/local.mk - the ways in, which live outside the build.
EXTRA_DIST += demo .ci/run %D%/bastion.sh %D%/deps %D%/dev %D%/sandbox

# A prerequisite of that name would be the target, and `make dist` would run every test.
dist-hook:
	cp -p $(srcdir)/check $(distdir)/check
