# tests/install/local.mk - `make install` as packagers call it, and README's five minutes as a reader types them.
TESTS += %D%/t_install.sh %D%/t_readme.sh
EXTRA_DIST += %D%/t_install.sh %D%/t_readme.sh
