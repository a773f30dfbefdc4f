/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_tickets.c - whom a TLS session is resumed with, how often, and until when.
 */
#include "tests/lib/sm_test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "relay/endpoint.h"

#define HOST        "db.internal"
#define PRIVATE_MAX 4096 /* bytes of a certificate and its key in PEM */

/* A server with a certificate for HOST that vouches for itself. */
static struct {
    SSL_CTX *context;
    int pem_fd; /* certificate and key, as CA and as a client's identity */
} server;

static X509 *certificate_for(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)HOST, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:" HOST);
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static int pem_of(X509 *certificate, EVP_PKEY *key)
{
    char text[PRIVATE_MAX];
    BIO *pem = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(pem, certificate), 1);
    assert_int_equal(PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL), 1);
    int len = BIO_read(pem, text, sizeof text);
    BIO_free(pem);
    int fd = memfd_create("pem", MFD_CLOEXEC);
    assert_int_equal(write(fd, text, (size_t)len), len);
    return fd;
}

static int setup(void **state)
{
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = certificate_for(key);
    server.context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server.context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server.context, key), 1);
    server.pem_fd = pem_of(certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    SSL_CTX_free(server.context);
    sm_close_fd(&server.pem_fd);
    return 0;
}

static struct relay_endpoint *endpoint_of(int identity_fd)
{
    struct relay_endpoint *endpoint;
    struct relay_error error;
    struct relay_endpoint_files files = {server.pem_fd, identity_fd};
    assert_int_equal(relay_endpoint_new(1, HOST, ORC_TLS_VERIFY_FULL, files, &endpoint, &error),
                     SMCRED_OK);
    return endpoint;
}

/* A connection up to its tickets; was it resumed?  Ends without a word, as broken ones do. */
static bool resumes(struct relay_endpoint *endpoint)
{
    bool offers = false;
    char byte;
    BIO *ours, *theirs;
    SSL *ssl = relay_endpoint_session(endpoint, &offers), *peer = SSL_new(server.context);
    assert_int_equal(BIO_new_bio_pair(&ours, 0, &theirs, 0), 1);
    SSL_set_bio(ssl, ours, ours);
    SSL_set_bio(peer, theirs, theirs);
    SSL_set_accept_state(peer);
    for (int i = 0; i < 10; i++) {
        (void)SSL_do_handshake(ssl); /* until both are content */
        (void)SSL_do_handshake(peer);
    }
    assert_int_equal(SSL_read(ssl, &byte, 1), -1); /* there were tickets, and nothing else */
    assert_true(SSL_is_init_finished(ssl));
    assert_int_equal(SSL_get_verify_result(ssl), X509_V_OK);
    assert_non_null(SSL_get0_peer_certificate(ssl));
    bool resumed = SSL_session_reused(ssl);
    assert_int_equal(resumed, offers);
    SSL_free(ssl);
    SSL_free(peer);
    return resumed;
}

static void a_server_that_was_verified_is_resumed_with(void **state)
{
    (void)state;
    struct relay_endpoint *endpoint = endpoint_of(-1);
    assert_false(resumes(endpoint));
    for (int i = 0; i < 50; i++)
        assert_true(resumes(endpoint));
    relay_endpoint_free(endpoint);
}

static void another_endpoint_verifies_by_itself(void **state)
{
    (void)state;
    struct relay_endpoint *one = endpoint_of(-1), *other = endpoint_of(-1);
    assert_false(resumes(one));
    assert_false(resumes(other));
    relay_endpoint_free(one);
    relay_endpoint_free(other);
}

static void a_certificate_of_our_own_is_shown_each_time(void **state)
{
    (void)state;
    struct relay_endpoint *endpoint = endpoint_of(server.pem_fd);
    assert_false(resumes(endpoint));
    assert_false(resumes(endpoint));
    relay_endpoint_free(endpoint);
}

static void a_ticket_is_used_once(void **state)
{
    (void)state;
    struct relay_endpoint *endpoint = endpoint_of(-1);
    SSL_CTX_set_num_tickets(server.context, 1);
    assert_false(resumes(endpoint));
    SSL_CTX_set_num_tickets(server.context, 0);
    assert_true(resumes(endpoint));
    assert_false(resumes(endpoint));
    relay_endpoint_free(endpoint);
}

static void a_ticket_grows_old(void **state)
{
    (void)state;
    struct relay_endpoint *endpoint = endpoint_of(-1);
    SSL *ssl = SSL_new(endpoint->context);
    assert_false(resumes(endpoint));
    int64_t now_ms = sm_boot_ms();
    assert_false(relay_tickets_use(&endpoint->tickets, ssl, now_ms + RELAY_TICKETS_AGE_MAX_MS));
    assert_int_equal(endpoint->tickets.count, 0);
    assert_false(resumes(endpoint));
    assert_true(relay_tickets_use(&endpoint->tickets, ssl, now_ms + RELAY_TICKETS_AGE_MAX_MS - 1));
    SSL_free(ssl);
    relay_endpoint_free(endpoint);
}

static void not_more_than_a_few_are_kept(void **state)
{
    (void)state;
    struct relay_endpoint *endpoint = endpoint_of(-1);
    SSL_CTX_set_num_tickets(server.context, RELAY_TICKETS_MAX + 5);
    assert_false(resumes(endpoint));
    assert_int_equal(endpoint->tickets.count, RELAY_TICKETS_MAX);
    assert_true(resumes(endpoint));
    relay_endpoint_free(endpoint);
}

static void after_a_failure_there_is_no_more(void **state)
{
    (void)state;
    struct relay_endpoint *endpoint = endpoint_of(-1);
    assert_false(resumes(endpoint));
    relay_tickets_close(&endpoint->tickets);
    assert_false(resumes(endpoint));
    assert_false(resumes(endpoint));
    relay_endpoint_free(endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_that_was_verified_is_resumed_with, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_endpoint_verifies_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_of_our_own_is_shown_each_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_ticket_is_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ticket_grows_old, setup, teardown),
        cmocka_unit_test_setup_teardown(not_more_than_a_few_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_failure_there_is_no_more, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
