# tests/preload/local.mk - tests of preload/ and of the launcher, tools/launch.h.
preload_helpers = %D%/index_writer %D%/fake_keeper %D%/probe %D%/launch_probe
check_PROGRAMS += $(preload_helpers)
TESTS += %D%/t_object.sh %D%/t_shim.sh %D%/t_pass.sh %D%/t_exec.sh
EXTRA_DIST += %D%/lib.sh %D%/t_object.sh %D%/t_shim.sh %D%/t_pass.sh %D%/t_exec.sh %D%/probe.go
%D%/t_object.log %D%/t_shim.log %D%/t_pass.log %D%/t_exec.log: \
	preload/libsmcred_preload.so smcred $(preload_helpers)

%C%_index_writer_SOURCES = %D%/index_writer.c
%C%_fake_keeper_SOURCES = %D%/fake_keeper.c
%C%_fake_keeper_LDADD = common/libcommon.la
%C%_probe_SOURCES = %D%/probe.c
%C%_launch_probe_SOURCES = %D%/launch_probe.c
%C%_launch_probe_LDADD = tools/liblaunch.la
