# tests/install/local.mk - ./check itself; `make install` as packagers call it; README as a reader types it.
TESTS += %D%/t_check.sh %D%/t_install.sh %D%/t_readme.sh
EXTRA_DIST += %D%/t_check.sh %D%/t_install.sh %D%/t_readme.sh
