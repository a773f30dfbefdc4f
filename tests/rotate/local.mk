# tests/rotate/local.mk - tests of rotate/.
rotate_scripts = %D%/t_alternating.sh %D%/t_function.sh %D%/t_single.sh %D%/t_states.sh %D%/t_words.sh
TESTS += $(rotate_scripts)
EXTRA_DIST += $(rotate_scripts) %D%/world.sh
