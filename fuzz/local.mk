# fuzz/local.mk - one harness per parser of outside bytes.
# With --enable-fuzz (clang) each is a libFuzzer program; without, it replays its seed corpus,
# fuzz/corpus/NAME/, as a test of `make check`.
if FUZZ
fuzz_cflags = $(AM_CFLAGS) -fsanitize=fuzzer
fuzz_driver =
else
fuzz_cflags = $(AM_CFLAGS)
fuzz_driver = %D%/replay.c
endif

fuzz_programs = %D%/fuzz_awserror %D%/fuzz_awsprofile %D%/fuzz_config %D%/fuzz_control %D%/fuzz_grants \
	%D%/fuzz_http %D%/fuzz_index %D%/fuzz_mysqlmsg %D%/fuzz_page %D%/fuzz_pgmsg %D%/fuzz_policy %D%/fuzz_rediscmd %D%/fuzz_resp \
	%D%/fuzz_rotate %D%/fuzz_schedule %D%/fuzz_scram %D%/fuzz_scramtext %D%/fuzz_secretvalue \
	%D%/fuzz_sigv4 %D%/fuzz_sts %D%/fuzz_tokeeper %D%/fuzz_torelay %D%/fuzz_wire %D%/fuzz_word
check_PROGRAMS += $(fuzz_programs)
if !FUZZ
TESTS += $(fuzz_programs)
endif
EXTRA_DIST += %D%/corpus %D%/replay.c %D%/script.h
fuzz_quiet = $(AM_LDFLAGS) -Wl,--wrap=log_error -Wl,--wrap=log_warning -Wl,--wrap=log_info \
	-Wl,--wrap=log_debug

%C%_fuzz_wire_SOURCES = %D%/fuzz_wire.c $(fuzz_driver)
%C%_fuzz_wire_CFLAGS = $(fuzz_cflags)
%C%_fuzz_wire_LDADD = common/libcommon.la

%C%_fuzz_index_SOURCES = %D%/fuzz_index.c $(fuzz_driver)
%C%_fuzz_index_CFLAGS = $(fuzz_cflags)

%C%_fuzz_scram_SOURCES = %D%/fuzz_scram.c $(fuzz_driver)
%C%_fuzz_scram_CFLAGS = $(fuzz_cflags)
%C%_fuzz_scram_LDADD = keeper/libkeepercore.la
%C%_fuzz_awserror_SOURCES = %D%/fuzz_awserror.c $(fuzz_driver)
%C%_fuzz_awserror_CFLAGS = $(fuzz_cflags)
%C%_fuzz_awserror_LDADD = $(aws_libs)

%C%_fuzz_awsprofile_SOURCES = %D%/fuzz_awsprofile.c $(fuzz_driver)
%C%_fuzz_awsprofile_CFLAGS = $(fuzz_cflags)
%C%_fuzz_awsprofile_LDADD = $(aws_libs)

%C%_fuzz_secretvalue_SOURCES = %D%/fuzz_secretvalue.c sources/inifile.c $(fuzz_driver)
%C%_fuzz_secretvalue_CFLAGS = $(fuzz_cflags) $(CJSON_CFLAGS)
%C%_fuzz_secretvalue_LDADD = $(value_libs) common/libcommon.la

%C%_fuzz_rotate_SOURCES = %D%/fuzz_rotate.c $(fuzz_driver)
%C%_fuzz_rotate_CFLAGS = $(fuzz_cflags) $(CJSON_CFLAGS)
%C%_fuzz_rotate_LDADD = rotate/librotate.la

%C%_fuzz_grants_SOURCES = %D%/fuzz_grants.c $(fuzz_driver)
%C%_fuzz_grants_CFLAGS = $(fuzz_cflags)
%C%_fuzz_grants_LDADD = rotate/librotate.la

%C%_fuzz_resp_SOURCES = %D%/fuzz_resp.c $(fuzz_driver)
%C%_fuzz_resp_CFLAGS = $(fuzz_cflags)
%C%_fuzz_resp_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=channel_read
%C%_fuzz_resp_LDADD = rotate/librotate.la

%C%_fuzz_http_SOURCES = %D%/fuzz_http.c $(fuzz_driver)
%C%_fuzz_http_CFLAGS = $(fuzz_cflags) $(CJSON_CFLAGS) $(SQLITE_CFLAGS)
%C%_fuzz_http_LDADD = server/libserver.la $(SQLITE_LIBS)

%C%_fuzz_schedule_SOURCES = %D%/fuzz_schedule.c server/schedule.c $(fuzz_driver)
%C%_fuzz_schedule_CFLAGS = $(fuzz_cflags)

%C%_fuzz_sigv4_SOURCES = %D%/fuzz_sigv4.c $(fuzz_driver)
%C%_fuzz_sigv4_CFLAGS = $(fuzz_cflags)
%C%_fuzz_sigv4_LDADD = common/libsigv4.la

%C%_fuzz_mysqlmsg_SOURCES = %D%/fuzz_mysqlmsg.c $(fuzz_driver)
%C%_fuzz_mysqlmsg_CFLAGS = $(fuzz_cflags)
%C%_fuzz_mysqlmsg_LDADD = relay/librelay.la

%C%_fuzz_pgmsg_SOURCES = %D%/fuzz_pgmsg.c $(fuzz_driver)
%C%_fuzz_pgmsg_CFLAGS = $(fuzz_cflags)
%C%_fuzz_pgmsg_LDADD = relay/librelay.la

%C%_fuzz_rediscmd_SOURCES = %D%/fuzz_rediscmd.c $(fuzz_driver)
%C%_fuzz_rediscmd_CFLAGS = $(fuzz_cflags)
%C%_fuzz_rediscmd_LDADD = relay/librelay.la

%C%_fuzz_policy_SOURCES = %D%/fuzz_policy.c $(fuzz_driver)
%C%_fuzz_policy_CFLAGS = $(fuzz_cflags) $(CJSON_CFLAGS)
%C%_fuzz_policy_LDADD = server/libserver.la

%C%_fuzz_sts_SOURCES = %D%/fuzz_sts.c $(fuzz_driver)
%C%_fuzz_sts_CFLAGS = $(fuzz_cflags) $(CJSON_CFLAGS)
%C%_fuzz_sts_LDADD = server/libserver.la

%C%_fuzz_scramtext_SOURCES = %D%/fuzz_scramtext.c $(fuzz_driver)
%C%_fuzz_scramtext_CFLAGS = $(fuzz_cflags)
%C%_fuzz_scramtext_LDADD = relay/librelay.la

%C%_fuzz_page_SOURCES = %D%/fuzz_page.c $(fuzz_driver)
%C%_fuzz_page_CFLAGS = $(fuzz_cflags)
%C%_fuzz_page_LDADD = common/libcommon.la
%C%_fuzz_config_SOURCES = %D%/fuzz_config.c $(fuzz_driver)
%C%_fuzz_config_CFLAGS = $(fuzz_cflags)
%C%_fuzz_config_LDADD = keeper/libkeeper.la

%C%_fuzz_control_SOURCES = %D%/fuzz_control.c $(fuzz_driver)
%C%_fuzz_control_CFLAGS = $(fuzz_cflags)
%C%_fuzz_control_LDADD = keeper/libkeeper.la

%C%_fuzz_word_SOURCES = %D%/fuzz_word.c $(fuzz_driver)
%C%_fuzz_word_CFLAGS = $(fuzz_cflags)
%C%_fuzz_word_LDADD = keeper/libkeeper.la

# Both ends of S2, each with everything behind it but the world outside.
%C%_fuzz_tokeeper_SOURCES = %D%/fuzz_tokeeper.c $(fuzz_driver)
%C%_fuzz_tokeeper_CFLAGS = $(fuzz_cflags) $(EVENT_CFLAGS)
%C%_fuzz_tokeeper_LDFLAGS = $(fuzz_quiet) -Wl,--wrap=workers_submit -Wl,--wrap=audit_write
%C%_fuzz_tokeeper_LDADD = keeper/libkeeper.la $(EVENT_LIBS)

%C%_fuzz_torelay_SOURCES = %D%/fuzz_torelay.c $(fuzz_driver)
%C%_fuzz_torelay_CFLAGS = $(fuzz_cflags) $(SSL_CFLAGS) $(CRYPTO_CFLAGS)
%C%_fuzz_torelay_LDFLAGS = $(fuzz_quiet) $(relay_alone)
%C%_fuzz_torelay_LDADD = relay/librelay.la

# pam_smcred without libpam: the harness is libpam.
if HAVE_PAM
pam_alone = -Wl,--wrap=pam_get_item -Wl,--wrap=pam_set_item -Wl,--wrap=pam_get_user \
	-Wl,--wrap=pam_get_data -Wl,--wrap=pam_set_data -Wl,--wrap=pam_prompt -Wl,--wrap=pam_syslog \
	-Wl,--wrap=pam_getenv -Wl,--wrap=pam_putenv -Wl,--wrap=sm_seqpacket_connect \
	-Wl,--wrap=sm_seqpacket_send
fuzz_programs += %D%/fuzz_pam
%C%_fuzz_pam_SOURCES = %D%/fuzz_pam.c $(fuzz_driver)
%C%_fuzz_pam_CFLAGS = $(fuzz_cflags) $(PAM_CFLAGS)
%C%_fuzz_pam_LDFLAGS = $(fuzz_quiet) $(pam_alone)
%C%_fuzz_pam_LDADD = pam/libsmpam.la
endif
