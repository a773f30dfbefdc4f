/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_localtls.c - the CA of this host vouches for the names of the configuration and for nothing
 * else, keeps its key to itself, and what it signed is made anew in time.
 */
#define FREED_CANARY "-----BEGIN PRIVATE KEY"
#include "tests/lib/freed.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "keeper/localca.h"
#include "keeper/localtls.h"

#define NOON 1900000000 /* of some day, in seconds */
#define HOUR 3600
#define DAY  (24 * HOUR)

static char directory[] = "/tmp/smcred-localtls-XXXXXX";
static char key_path[64], cert_path[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory + sizeof directory - 7, "XXXXXX");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(key_path, sizeof key_path, "%s/" LOCALCA_KEY_FILE, directory);
    (void)snprintf(cert_path, sizeof cert_path, "%s/" LOCALCA_CERT_FILE, directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(key_path);
    (void)unlink(cert_path);
    return rmdir(directory);
}

/* ---- a world ---- */

static struct config_match matches[8];
static struct config_target targets[3];
static struct config config;

/* Targets orders, billing and quiet, which has no local TLS; `hosts` are orders'. */
static const struct config *configured(const char *const *hosts, size_t count)
{
    static char names[3][16] = {"billing", "orders", "quiet"};
    static char billing[] = "billing-db.internal", quiet[] = "quiet-db.internal";
    memset(targets, 0, sizeof targets);
    for (size_t i = 0; i < 3; i++)
        targets[i].name = names[i];
    matches[0].host = billing;
    matches[1].host = quiet;
    for (size_t i = 0; i < count; i++)
        matches[2 + i].host = (char *)(uintptr_t)hosts[i];
    targets[0].matches = &matches[0];
    targets[1].matches = &matches[2];
    targets[2].matches = &matches[1];
    targets[0].match_count = targets[2].match_count = 1;
    targets[1].match_count = count;
    targets[0].local_tls = targets[1].local_tls = true;
    config = (struct config){.targets = targets, .target_count = 3};
    return &config;
}

static const struct config *usual(void)
{
    static const char *const hosts[] = {"orders-db.internal", "replica.orders-db.internal",
                                        "10.1.2.3", "orders-db.internal", "fd00::7"};
    return configured(hosts, 5);
}

static struct localtls *updated(struct localtls *localtls, int64_t now_s)
{
    struct sm_error err = {0};
    if (!localtls)
        assert_int_equal(localtls_new(&localtls), SMCRED_OK);
    assert_int_equal(localtls_update(localtls, directory, directory, &config, now_s, &err),
                     SMCRED_OK);
    return localtls;
}

static struct localtls_identity identity(struct localtls *localtls, size_t target, int64_t now_s)
{
    struct localtls_identity it = {0};
    struct sm_error err = {0};
    assert_int_equal(localtls_identity(localtls, &targets[target], now_s, &it, &err), SMCRED_OK);
    return it;
}

static X509 *read_certificate(FILE *file)
{
    assert_non_null(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    assert_non_null(certificate);
    assert_int_equal(fclose(file), 0);
    return certificate;
}

static X509 *certificate_of(int fd)
{
    FILE *file = fdopen(dup(fd), "r");
    rewind(file);
    return read_certificate(file);
}

static X509 *published(void)
{
    return read_certificate(fopen(cert_path, "r"));
}

/* What a client makes of a certificate, that wants it to be `host`'s: X509_V_OK or why not. */
static int verdict(X509 *ca, X509 *certificate, const char *host, int64_t now_s)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, certificate, NULL), 1);
    X509_VERIFY_PARAM *wants = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(wants, (time_t)now_s);
    X509_VERIFY_PARAM_set_flags(wants, X509_V_FLAG_X509_STRICT);
    assert_int_equal(X509_VERIFY_PARAM_set_purpose(wants, X509_PURPOSE_SSL_SERVER), 1);
    if (X509_VERIFY_PARAM_set1_ip_asc(wants, host) != 1)
        assert_int_equal(X509_VERIFY_PARAM_set1_host(wants, host, 0), 1);
    int verified = X509_verify_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    assert_int_equal(verified == 1, error == X509_V_OK);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
}

static int verdict_of(int fd, const char *host, int64_t now_s)
{
    X509 *ca = published(), *certificate = certificate_of(fd);
    int error = verdict(ca, certificate, host, now_s);
    X509_free(certificate);
    X509_free(ca);
    return error;
}

static bool breaks_constraints(int error)
{
    return error == X509_V_ERR_PERMITTED_VIOLATION || error == X509_V_ERR_EXCLUDED_VIOLATION;
}

/* ---- tests ---- */

static void a_certificate_is_for_its_targets_names(void **state)
{
    (void)state;
    usual();
    struct localtls *localtls = updated(NULL, NOON);
    struct localtls_identity orders = identity(localtls, 1, NOON);
    struct localtls_identity billing = identity(localtls, 0, NOON);
    static const char *const good[] = {"orders-db.internal", "replica.orders-db.internal",
                                       "10.1.2.3", "fd00::7", "localhost"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(verdict_of(orders.fd, good[i], NOON), X509_V_OK);
    assert_int_equal(verdict_of(orders.fd, "billing-db.internal", NOON),
                     X509_V_ERR_HOSTNAME_MISMATCH);
    assert_int_equal(verdict_of(orders.fd, "10.1.2.4", NOON), X509_V_ERR_IP_ADDRESS_MISMATCH);
    assert_int_equal(verdict_of(billing.fd, "billing-db.internal", NOON), X509_V_OK);
    assert_int_not_equal(orders.number, billing.number);
    localtls_free(localtls);
}

static void a_target_may_do_without(void **state)
{
    (void)state;
    usual();
    struct localtls *localtls = updated(NULL, NOON);
    struct localtls_identity it;
    struct sm_error err = {0};
    assert_int_equal(localtls_identity(localtls, &targets[2], NOON, &it, &err), SMCRED_NOT_FOUND);
    localtls_free(localtls);
}

/* Whoever had the CA's key could not be anybody else: this is the CA asked to vouch for strangers.
 */
static void the_ca_cannot_vouch_for_other_names(void **state)
{
    (void)state;
    static const char *const strangers[] = {"bank.example",
                                            "sub.orders-db.internal.example",
                                            "orders-db.internal.bank.example",
                                            "internal",
                                            "a.billing-db.internal",
                                            "a.replica.orders-db.internal",
                                            "quiet-db.internal",
                                            "a.localhost",
                                            "10.1.2.4",
                                            "127.0.0.1",
                                            "::1"};
    struct sm_error err = {0};
    struct localca *ca;
    usual();
    localtls_free(updated(NULL, NOON));
    assert_int_equal(localca_new(directory, directory, &ca, &err), SMCRED_OK);
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        struct certificate_names names = {&strangers[i], 1};
        struct pemfile file;
        assert_int_equal(localca_issue(ca, "evil", names, NOON, &file, &err), SMCRED_OK);
        assert_true(breaks_constraints(verdict_of(file.fd, strangers[i], NOON)));
        pemfile_done(&file);
    }
    localca_free(ca);
}

static void without_any_name_only_localhost_is_left(void **state)
{
    (void)state;
    static const char *const stranger = "10.1.2.3";
    struct sm_error err = {0};
    struct localca *ca;
    struct pemfile file;
    struct certificate_names names = {&stranger, 1};
    configured(NULL, 0);
    targets[0].local_tls = false;
    localtls_free(updated(NULL, NOON));
    assert_int_equal(localca_new(directory, directory, &ca, &err), SMCRED_OK);
    assert_int_equal(localca_issue(ca, "evil", names, NOON, &file, &err), SMCRED_OK);
    assert_true(breaks_constraints(verdict_of(file.fd, stranger, NOON)));
    pemfile_done(&file);
    localca_free(ca);
}

static void another_configuration_is_another_certificate_of_the_same_key(void **state)
{
    (void)state;
    static const char *const moved[] = {"orders.example"};
    usual();
    struct localtls *localtls = updated(NULL, NOON);
    X509 *before = published();
    struct localtls_identity old = identity(localtls, 1, NOON);
    int kept = dup(old.fd);
    X509 *old_certificate = certificate_of(kept);
    updated(localtls, NOON + HOUR);
    X509 *same = published();
    assert_int_equal(X509_cmp(before, same), 0);
    configured(moved, 1);
    updated(localtls, NOON + HOUR);
    X509 *after = published();
    assert_int_not_equal(X509_cmp(before, after), 0);
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(before), X509_get_subject_name(after)), 0);
    assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(before), X509_get0_pubkey(after)), 1);
    struct localtls_identity fresh = identity(localtls, 1, NOON + HOUR);
    assert_true(fresh.fresh);
    assert_int_equal(fresh.number, old.number);
    assert_int_equal(verdict_of(fresh.fd, "orders.example", NOON + HOUR), X509_V_OK);
    assert_true(breaks_constraints(verdict(after, old_certificate, "orders-db.internal", NOON)));
    close(kept);
    X509_free(old_certificate);
    X509_free(before);
    X509_free(same);
    X509_free(after);
    localtls_free(localtls);
}

static void a_certificate_is_made_anew_in_time(void **state)
{
    (void)state;
    usual();
    struct localtls *localtls = updated(NULL, NOON);
    assert_true(identity(localtls, 1, NOON).fresh);
    assert_false(identity(localtls, 1, NOON + 1).fresh);
    assert_false(identity(localtls, 1, NOON + 11 * HOUR).fresh);
    assert_int_equal(verdict_of(identity(localtls, 1, NOON + 1).fd, "localhost", NOON + 23 * HOUR),
                     X509_V_OK);
    assert_int_equal(verdict_of(identity(localtls, 1, NOON + 1).fd, "localhost", NOON + 25 * HOUR),
                     X509_V_ERR_CERT_HAS_EXPIRED);
    struct localtls_identity second = identity(localtls, 1, NOON + 13 * HOUR);
    assert_true(second.fresh);
    assert_int_equal(verdict_of(second.fd, "localhost", NOON + 25 * HOUR), X509_V_OK);
    struct localtls_identity back = identity(localtls, 1, NOON); /* the clock was set back */
    assert_true(back.fresh);
    assert_int_equal(verdict_of(back.fd, "localhost", NOON), X509_V_OK);
    localtls_free(localtls);
}

static void the_ca_is_made_anew_a_year_before_its_end(void **state)
{
    (void)state;
    const int64_t late = NOON + (int64_t)(CERTIFICATE_CA_DAYS - CERTIFICATE_CA_SPARE + 1) * DAY;
    usual();
    struct localtls *localtls = updated(NULL, NOON);
    X509 *before = published();
    updated(localtls, late - 2 * (int64_t)DAY);
    X509 *same = published();
    assert_int_equal(X509_cmp(before, same), 0);
    updated(localtls, late);
    X509 *after = published();
    assert_int_not_equal(X509_cmp(before, after), 0);
    X509_free(before);
    X509_free(same);
    X509_free(after);
    localtls_free(localtls);
}

static void the_key_stays_and_is_nobodys_to_read(void **state)
{
    (void)state;
    struct stat about;
    usual();
    localtls_free(updated(NULL, NOON));
    X509 *before = published();
    assert_int_equal(stat(key_path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(stat(cert_path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0444);
    localtls_free(updated(NULL, NOON + DAY)); /* another keeper */
    X509 *after = published();
    assert_int_equal(X509_cmp(before, after), 0);
    char text[8192];
    FILE *file = fopen(cert_path, "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_null(strstr(text, "PRIVATE"));
    X509_free(before);
    X509_free(after);
}

static void an_identity_is_sealed_and_has_its_own_key(void **state)
{
    (void)state;
    usual();
    struct localtls *localtls = updated(NULL, NOON);
    struct localtls_identity it = identity(localtls, 1, NOON);
    X509 *ca = published(), *certificate = certificate_of(it.fd);
    int seals = fcntl(it.fd, F_GET_SEALS);
    assert_true(seals & F_SEAL_WRITE && seals & F_SEAL_SHRINK && seals & F_SEAL_GROW);
    assert_int_not_equal(EVP_PKEY_eq(X509_get0_pubkey(ca), X509_get0_pubkey(certificate)), 1);
    FILE *file = fdopen(dup(it.fd), "r");
    rewind(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    assert_int_equal(X509_check_private_key(certificate, key), 1);
    fclose(file);
    EVP_PKEY_free(key);
    X509_free(certificate);
    X509_free(ca);
    localtls_free(localtls);
}

static void no_key_is_left_behind(void **state)
{
    (void)state;
    usual();
    freed_begin();
    struct localtls *localtls = updated(NULL, NOON);
    (void)identity(localtls, 1, NOON);
    (void)identity(localtls, 1, NOON + 13 * HOUR);
    localtls_free(localtls);
    localtls_free(updated(NULL, NOON)); /* which has read the file */
    freed_looks = false;
    assert_int_equal(freed_with_canary, 0);
}

static void no_key_is_made_for_nobody(void **state)
{
    (void)state;
    usual();
    targets[0].local_tls = targets[1].local_tls = false;
    localtls_free(updated(NULL, NOON));
    assert_int_equal(access(key_path, F_OK), -1);
    assert_int_equal(access(cert_path, F_OK), -1);
}

static void a_broken_file_is_not_written_over(void **state)
{
    (void)state;
    struct localtls *localtls;
    struct localtls_identity it;
    struct sm_error err = {0};
    char text[16] = "";
    usual();
    FILE *file = fopen(key_path, "w");
    fputs("mine\n", file);
    fclose(file);
    assert_int_equal(localtls_new(&localtls), SMCRED_OK);
    assert_int_equal(localtls_update(localtls, directory, directory, &config, NOON, &err),
                     SMCRED_INVALID);
    assert_non_null(strstr(err.text, LOCALCA_KEY_FILE));
    assert_int_equal(localtls_identity(localtls, &targets[1], NOON, &it, &err), SMCRED_NOT_FOUND);
    file = fopen(key_path, "r");
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "mine\n");
    assert_int_equal(access(cert_path, F_OK), -1);
    localtls_free(localtls);
}

#define IN_A_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

SM_TEST_MAIN(IN_A_DIRECTORY(a_certificate_is_for_its_targets_names),
             IN_A_DIRECTORY(a_target_may_do_without),
             IN_A_DIRECTORY(the_ca_cannot_vouch_for_other_names),
             IN_A_DIRECTORY(without_any_name_only_localhost_is_left),
             IN_A_DIRECTORY(another_configuration_is_another_certificate_of_the_same_key),
             IN_A_DIRECTORY(a_certificate_is_made_anew_in_time),
             IN_A_DIRECTORY(the_ca_is_made_anew_a_year_before_its_end),
             IN_A_DIRECTORY(the_key_stays_and_is_nobodys_to_read),
             IN_A_DIRECTORY(an_identity_is_sealed_and_has_its_own_key),
             IN_A_DIRECTORY(no_key_is_left_behind), IN_A_DIRECTORY(no_key_is_made_for_nobody),
             IN_A_DIRECTORY(a_broken_file_is_not_written_over))
