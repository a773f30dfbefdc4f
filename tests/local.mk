# tests/local.mk - how tests are run; what they are stands in each directory's own fragment.
TEST_EXTENSIONS = .sh
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
SH_LOG_DRIVER = $(tap_driver)
# A test that hangs ends, with everything it has started: 10 minutes are far more than any needs.
deadline = --kill-after=60 $${SMCRED_TEST_SECONDS:-600}
LOG_COMPILER = timeout
AM_LOG_FLAGS = $(deadline)
SH_LOG_COMPILER = timeout
AM_SH_LOG_FLAGS = $(deadline) bash
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; \
	top_srcdir='$(abs_top_srcdir)'; top_builddir='$(abs_top_builddir)'; \
	export CMOCKA_MESSAGE_OUTPUT top_srcdir top_builddir;

# Unit tests are real binaries: they link archives, with the fakes of tests/lib.
test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
EXTRA_DIST += %D%/lib/freed.h %D%/lib/sm_test.h %D%/lib/stack.h %D%/lib/tap.sh

include %D%/common/local.mk
include %D%/libsmcred/local.mk
include %D%/sources/local.mk
include %D%/keeper/local.mk
include %D%/relay/local.mk
include %D%/preload/local.mk
include %D%/server/local.mk
include %D%/rotate/local.mk
include %D%/tools/local.mk
include %D%/pam/local.mk
include %D%/root/local.mk
include %D%/clients/local.mk
include %D%/install/local.mk
