/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* test_config.c - a good configuration is understood, and every bad line is named with its place.
 */
#include "tests/lib/sm_test.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#include "keeper/config.h"

static bool load_modules(void *arg, const char *sources, const char *module_dir,
                         struct sm_error *err)
{
    (void)arg;
    (void)module_dir;
    if (strcmp(sources, "secretsmanager") == 0)
        return true;
    (void)sm_error_set(err, SMCRED_NOT_FOUND, "no module \"%s\"", sources);
    return false;
}

static bool reads(void *arg, const char *section)
{
    (void)arg;
    return strcmp(section, "aws") == 0;
}

static bool knows(void *arg, const char *section, const char *key)
{
    (void)arg;
    return strcmp(section, "aws") == 0 && strcmp(key, "region") == 0;
}

static struct config_options options(void)
{
    return (struct config_options){
        .file = "c.conf", .owner = getuid(), .modules = {NULL, load_modules, reads, knows}};
}

/* The problems of `text`, one per line; "" if there are none. */
static char *problems_of(const char *text, char *buffer, size_t size)
{
    struct config_options how = options();
    struct config *config = NULL;
    struct config_problems problems;
    enum smcred_status status = config_parse(&how, sm_bytes_of(text), &config, &problems);
    size_t len = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < problems.count; i++)
        len += (size_t)snprintf(buffer + len, size - len, "%s\n", problems.lines[i]);
    assert_int_equal(status, problems.count > 0 ? SMCRED_INVALID : SMCRED_OK);
    config_problems_done(&problems);
    config_unref(config);
    return buffer;
}

#define T "[target a]\nsecret = s\ntls = disable\n"

static void names_every_mistake_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"[keeper]\nbogus = 1\n", "c.conf:2: [keeper] bogus: unknown key"},
        {"x = 1\n", "c.conf:1: [] x: stands before the first section"},
        {"[nonsense]\nx = 1\n", "c.conf:1: [nonsense] unknown section"},
        {"[keeper]\n[nonsense]\n", "c.conf:2: [nonsense] unknown section"},
        {"[targets a]\n", "c.conf:1: [targets a] unknown section"},
        {"[aws]\nregoin = x\n", "c.conf:2: [aws] regoin: unknown key"},
        {"[aws]\nregion = x\nregion = y\n", "c.conf:3: [aws] region: is there twice"},
        {"[keeper]\nsources = nope\n", "[keeper] sources: no module \"nope\""},
        {"[target a]\non_drift = mend\n",
         "c.conf:2: [target a] on_drift: is neither rotate nor alarm"},
        {"[keeper]\nttl = ten\n", "c.conf:2: [keeper] ttl: is not a number of seconds"},
        {"[keeper]\nttl = 0\n", "ttl: is zero"},
        {"[keeper]\nttl = 5 weeks\n", "ttl: has a unit other than"},
        {T "engine = mysql\nkeep_connection = 301\n",
         "[target a] keep_connection: is more than 5 minutes"},
        {T "keep_connection = 10s\n",
         "c.conf:1: [target a] keep_connection: is for engine = mysql only"},
        {"[keeper]\nstale = 31d\n", "stale: is more than 30 days"},
        {"[keeper]\nmax_secrets = 0\n", "max_secrets: is not a number from 1"},
        {"[keeper]\nmodule_dir = here\n", "module_dir: is not an absolute path"},
        {"[keeper]\nlog_level = loud\n", "log_level: is none of"},
        {"[keeper]\nadmin = nobody\n", "admin: user \"nobody\" may be anybody"},
        {"[keeper]\nttl = 1\n[keeper]\nttl = 2\n", "c.conf:4: [keeper] ttl: is there twice"},
        {"[audit]\non_error = maybe\n", "on_error: is neither refuse nor serve"},
        {"[target a]\ntls = disable\n", "c.conf:1: [target a] secret: is missing"},
        {"[target Orders]\n", "c.conf:1: [target Orders] target name: is not [a-z0-9]"},
        {"[target]\n", "target name: is not"},
        {T "\n" T, "c.conf:5: [target a] duplicate target: the same name as at c.conf:1"},
        {T "secret = t\n", "c.conf:4: [target a] secret: is there twice"},
        {T "allow = root\nport = 1\nallow = root\n", "c.conf:6: [target a] allow: is there twice"},
        {T "allow_value = root\nx = 1\nallow_value = root\n", "allow_value: is there twice"},
        {T "match = h\nport = 1\nmatch = i\n", "c.conf:6: [target a] match: is there twice"},
        {"[keeper]\nadmin = root\n[keeper]\nadmin = root\n",
         "c.conf:4: [keeper] admin: is there twice"},
        {T "port = 70000\n", "c.conf:4: [target a] port: is not a port"},
        {T "engine = oracle\n", "c.conf:4: [target a] engine: is none of"},
        {T "allow = nobody\n", "allow: user \"nobody\" may be anybody"},
        {T "allow_value = nobody\n", "allow_value: user \"nobody\" may be anybody"},
        {T "allow =\n", "allow: is empty"},
        {T "match = -x\n", "match: \"-x\" is neither host nor host:port"},
        {T "match = h:99999\n", "match: \"h:99999\" is neither"},
        {T "host = a b\n", "host: is neither a host name"},
        {T "hostaddr = db\n", "hostaddr: is not a numeric address"},
        {T "host = db.example\n", "tls: disable is for loopback and Unix sockets; db.example"},
        {T "host = 127.db.example\n", "disable is for loopback and Unix sockets; 127.db.example"},
        {T "md5 = perhaps\n", "md5: is neither yes nor no"},
        {T "ca_file = /ca.pem\n", "ca_file: without TLS nothing is verified"},
        {"[target a]\nsecret = s\ntls = require\n", "tls: is none of verify-full"},
        {"[target a]\nsecret = s\nca_file = /nonexistent/ca\n",
         "c.conf:1: [target a] ca_file: /nonexistent/ca: No such file"},
        {"[target a]\nsecret = s\nca_file = /dev/null\n", "is not a regular file"},
        {"[target a]\nsecret = s\ntls = verify-ca\ncleartext = yes\nca_file = /nonexistent\n",
         "cleartext: needs tls = verify-full"},
        {T "engine = redis\ncleartext = no\n", "cleartext: Redis has no login without it"},
        {T "engine = redis\nhostaddr = ::1\n", "tls: Redis's logins need verify-full"},
        {T "match = h\n[target b]\nsecret = s\ntls = disable\nmatch = H.\n",
         "c.conf:8: [target b] match: h means target a already (c.conf:4)"},
        {T "match = h:5432\n[target b]\nsecret = s\ntls = disable\nmatch = h\n", "means target a"},
        {"[pam]\nhours = Mon-Fri 8-18\n", "c.conf:2: [pam] hours: is no time of the week"},
        {"[pam sshd]\nrhost = 10.1.0.0/8\n", "c.conf:2: [pam sshd] rhost: \"10.1.0.0/8\" has bits"},
        {"[pam]\ncallers = nobody\n", "callers: user \"nobody\" may be anybody"},
        {"[pam]\ntries = 0\n", "tries: is not a number from 1 to 1000"},
        {"[pam]\npassword_length = 4\n", "password_length: is not a number from 8"},
        {"[pam]\nsecret = s\n", "c.conf:2: [pam] secret: unknown key"},
        {"[pam]\nsecrets = a\ntries = 2\nsecrets = b\n", "c.conf:4: [pam] secrets: is there twice"},
        {"[pam sshd]\n[pam SSHD]\n", "c.conf:2: [pam SSHD] section: is there twice"},
        {"[pam]\n[pam]\n", "c.conf:2: [pam] section: is there twice"},
        {"[pam ss/hd]\n", "c.conf:1: [pam ss/hd] section: is no name of a PAM service"},
        {"[keeper\nttl = 1\n", "c.conf:1: a section's name ends with ']'"},
        {"[keeper] x\nttl = 1\n", "c.conf:1: text behind a section's ']'"},
        {"[]\n", "c.conf:1: a section without a name"},
        {"[keeper]\nttl\n", "c.conf:2: neither [section] nor key = value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[8192];
        if (!strstr(problems_of(cases[i].text, found, sizeof found), cases[i].problem))
            fail_msg("%s\ngave: %s\nnot: %s", cases[i].text, found, cases[i].problem);
    }
}

static void reports_all_mistakes_at_once(void **state)
{
    (void)state;
    char found[4096];
    (void)problems_of("[keeper]\nttl = x\nstale = y\n[target a]\nport = z\n", found, sizeof found);
    assert_non_null(strstr(found, "c.conf:2:"));
    assert_non_null(strstr(found, "c.conf:3:"));
    assert_non_null(strstr(found, "c.conf:5:"));
    assert_non_null(strstr(found, "secret: is missing"));
}

static void names_a_line_that_is_too_long(void **state)
{
    (void)state;
    char text[1024], found[4096];
    (void)snprintf(text, sizeof text, "[keeper]\nttl = %0500d\nttl = 5\n", 1);
    (void)problems_of(text, found, sizeof found);
    assert_non_null(strstr(found, "c.conf:2: a line longer than"));
    assert_null(strstr(found, "c.conf:3:"));
}

/* An account that was deleted is no reason to let nobody in. */
static void who_does_not_exist_is_granted_nothing_and_named(void **state)
{
    (void)state;
    static const char text[] =
        "[keeper]\nadmin = gone-admin\n" T "allow = gone-user root @gone-group\n"
        "allow = gone-too\nallow_value = @gone-group root\n";
    static const char *const warnings[] = {
        "c.conf:2: [keeper] admin: no user \"gone-admin\" on this host",
        "c.conf:6: [target a] allow: no user \"gone-user\" on this host",
        "c.conf:6: [target a] allow: no group \"gone-group\" on this host",
        "c.conf:7: [target a] allow: no user \"gone-too\" on this host",
        "c.conf:8: [target a] allow_value: no group \"gone-group\" on this host",
    };
    struct config_options how = options();
    struct config *config;
    struct config_problems problems;
    assert_int_equal(config_parse(&how, sm_bytes_of(text), &config, &problems), SMCRED_OK);
    assert_int_equal(problems.count, 0);
    assert_int_equal(config->warnings.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_memory_equal(config->warnings.lines[i], warnings[i], strlen(warnings[i]));
    const struct config_target *target = &config->targets[0];
    const struct config_grants *const lists[] = {&target->allow, &target->allow_value};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(lists[i]->count, 1);
        assert_false(lists[i]->list[0].group);
        assert_int_equal(lists[i]->list[0].id, 0);
    }
    assert_int_equal(config->admin.count, 0);
    assert_string_equal(target->allow.text, "gone-user root @gone-group gone-too");
    config_unref(config);
}

static void refuses_a_nul_byte(void **state)
{
    (void)state;
    struct config_options how = options();
    struct config *config;
    struct config_problems problems;
    static const char text[] = "[keeper]\nttl = 1\0;\n";
    assert_int_equal(config_parse(&how, sm_bytes(text, sizeof text - 1), &config, &problems),
                     SMCRED_INVALID);
    assert_string_equal(problems.lines[0], "c.conf:2: a NUL byte");
    config_problems_done(&problems);
}

static void understands_a_whole_one(void **state)
{
    (void)state;
    struct config_options how = options();
    struct config *config;
    struct config_problems problems;
    char text[2048];
    struct passwd *me = getpwuid(getuid());
    (void)snprintf(text, sizeof text,
                   "# comment\n[keeper]\nttl = 5m\nstale = 0\nadmin = root\n"
                   "  max_secrets = 7 ; inline\n[aws]\nregion = eu-west-1\n"
                   "[target b]\nsecret = two\ntls = disable\nhost = /run/postgresql\n"
                   "engine = mysql\nkeep_connection = 5m\n"
                   "[target a.long-name_that.goes.far.beyond.what.libinih.itself.would.keep]\n"
                   "secret = prod/orders/db\nmatch = Orders.internal., 10.0.0.7\n"
                   "match = [fe80::1]:6432\nallow = %s\nallow = @root\nhost = 127.0.0.1\n"
                   "port = 6432\ntls = disable\nreplication = yes\nmd5 = no\ndbname = x\n",
                   me->pw_name);
    assert_int_equal(config_parse(&how, sm_bytes_of(text), &config, &problems), SMCRED_OK);
    config_problems_done(&problems);
    assert_int_equal(config->ttl_ms, 300000);
    assert_int_equal(config->stale_ms, 0);
    assert_int_equal(config->max_secrets, 7);
    assert_int_equal(config->section_count, 1);
    assert_string_equal(config->sections[0].settings.list[0].value, "eu-west-1");
    assert_int_equal(config->target_count, 2);
    const struct config_target *target = &config->targets[0];
    assert_ptr_equal(config_find(config, "b"), &config->targets[1]);
    assert_null(config_find(config, "c"));
    assert_string_equal(target->name,
                        "a.long-name_that.goes.far.beyond.what.libinih.itself.would.keep");
    assert_int_equal(target->match_count, 3);
    assert_string_equal(target->matches[0].host, "orders.internal");
    assert_string_equal(target->matches[2].host, "fe80::1");
    assert_int_equal(target->matches[2].port, 6432);
    assert_int_equal(target->allow.count, 2);
    assert_int_equal(target->allow.list[0].id, getuid());
    assert_true(target->allow.list[1].group);
    assert_true(target->replication);
    assert_int_equal(target->keep_connection_ms, 0);
    assert_int_equal(config->targets[1].keep_connection_ms, 300000);
    assert_false(target->md5);
    assert_int_equal(target->cleartext, CONFIG_CLEARTEXT_UNSAID);
    config_unref(config_ref(config));
    config_unref(config);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void believes_only_files_that_others_cannot_write(void **state)
{
    (void)state;
    char directory[] = "/tmp/smcred-config-XXXXXX", path[64], fragments[64], fragment[80];
    struct config *config = NULL;
    struct config_problems problems;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/smcred.conf", directory);
    (void)snprintf(fragments, sizeof fragments, "%s/conf.d", directory);
    (void)snprintf(fragment, sizeof fragment, "%s/conf.d/10-a.conf", directory);
    struct config_options how = options();
    how.file = path;

    write_file(path, "[keeper]\nttl = 9\n", 0622);
    assert_int_equal(config_load(&how, &config, &problems), SMCRED_INVALID);
    assert_non_null(strstr(problems.lines[0], "can be written by group or others"));
    config_problems_done(&problems);

    write_file(path, "[keeper]\nttl = 9\n", 0600);
    assert_int_equal(mkdir(fragments, 0700), 0);
    write_file(fragment, "[target a]\nsecret = s\ntls = disable\n", 0600);
    assert_int_equal(config_load(&how, &config, &problems), SMCRED_OK);
    assert_int_equal(config->target_count, 1);
    config_unref(config);

    write_file(fragment, "secret = s\n", 0600); /* the section before ended with its file */
    assert_int_equal(config_load(&how, &config, &problems), SMCRED_INVALID);
    assert_non_null(strstr(problems.lines[0], "10-a.conf:1: [] secret: stands before"));
    config_problems_done(&problems);

    assert_int_equal(chmod(fragments, 0777), 0);
    assert_int_equal(config_load(&how, &config, &problems), SMCRED_INVALID);
    assert_non_null(strstr(problems.lines[0], "conf.d: can be written"));
    config_problems_done(&problems);

    how.owner = getuid() + 1;
    if (getuid() != 0) {
        assert_int_equal(config_load(&how, &config, &problems), SMCRED_INVALID);
        assert_non_null(strstr(problems.lines[0], "does not belong to root"));
        config_problems_done(&problems);
    }
    assert_int_equal(unlink(fragment) | rmdir(fragments) | unlink(path), 0);
    assert_int_equal(config_load(&how, &config, &problems), SMCRED_INVALID);
    assert_non_null(strstr(problems.lines[0], "No such file"));
    config_problems_done(&problems);
    assert_int_equal(rmdir(directory), 0);
}

static void a_pam_service_takes_what_it_does_not_say_from_pam(void **state)
{
    (void)state;
    static const char text[] = "[pam sshd]\ntries = 3\nsecrets = a b\n"
                               "[pam]\nsecrets = c\nallow = root\nend_sessions = yes\n"
                               "hours = Mon 08:00-09:00, Sat\nhours = Sun\n"
                               "[pam cron]\nend_sessions = no\n";
    struct config_options how = options();
    struct config *config;
    struct config_problems problems;
    assert_int_equal(config_parse(&how, sm_bytes_of(text), &config, &problems), SMCRED_OK);
    const struct config_pam *sshd = config_pam(config, "sshd"), *cron = config_pam(config, "cron"),
                            *other = config_pam(config, "login");
    assert_int_equal(sshd->tries, 3);
    assert_int_equal(sshd->secrets.count, 2);
    assert_true(sshd->end_sessions);
    assert_int_equal(sshd->allow.count, 1);
    assert_int_equal(sshd->hours.count, 3);
    assert_int_equal(cron->tries, 5);
    assert_false(cron->end_sessions);
    assert_string_equal(cron->secrets.text, "c");
    assert_string_equal(other->service, "");
    assert_int_equal(other->tries_window_ms, 600 * 1000);
    config_unref(config);
    assert_int_equal(config_parse(&how, sm_bytes_of("[keeper]\n"), &config, &problems), SMCRED_OK);
    assert_null(config_pam(config, "sshd"));
    config_unref(config);
}

SM_TEST_MAIN(cmocka_unit_test(names_every_mistake_with_its_place),
             cmocka_unit_test(reports_all_mistakes_at_once),
             cmocka_unit_test(names_a_line_that_is_too_long),
             cmocka_unit_test(who_does_not_exist_is_granted_nothing_and_named),
             cmocka_unit_test(refuses_a_nul_byte), cmocka_unit_test(understands_a_whole_one),
             cmocka_unit_test(a_pam_service_takes_what_it_does_not_say_from_pam),
             cmocka_unit_test(believes_only_files_that_others_cannot_write))
