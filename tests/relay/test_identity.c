/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_identity.c - what clients are shown: the last certificate of a number, and no key is left in
 * memory that was given back.
 */
#define FREED_CANARY "-----BEGIN PRIVATE KEY"
#include "tests/lib/freed.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "relay/identity.h"

/* A memfd with a certificate that is called `name`, and a key: its own, or another. */
static int pem_of(const char *name, bool own_key)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *other = own_key ? NULL : EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    FILE *file = fdopen(memfd_create("pem", MFD_CLOEXEC), "w");
    assert_non_null(file);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                                MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                                                0),
                     1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    assert_int_equal(PEM_write_PrivateKey(file, other ? other : key, NULL, NULL, 0, NULL, NULL), 1);
    int fd = dup(fileno(file));
    assert_int_equal(fclose(file), 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    return fd;
}

static enum smcred_status put(struct relay_identities *identities, uint32_t number,
                              const char *name, bool own_key)
{
    int fd = pem_of(name, own_key);
    enum smcred_status status = relay_identity_put(identities, number, fd);
    assert_int_equal(close(fd), 0);
    return status;
}

/* Both ends of a handshake, which is over. */
struct pair {
    SSL_CTX *context;
    SSL *client, *server;
    bool stands;
};

static void begin(struct pair *pair, const struct relay_identity *identity)
{
    BIO *client_end, *server_end;
    *pair = (struct pair){.context = SSL_CTX_new(TLS_client_method())};
    pair->client = SSL_new(pair->context);
    pair->server = relay_identity_session(identity);
    assert_int_equal(BIO_new_bio_pair(&client_end, 0, &server_end, 0), 1);
    SSL_set_bio(pair->client, client_end, client_end);
    SSL_set_bio(pair->server, server_end, server_end);
    SSL_set_connect_state(pair->client);
}

static void shake_hands(struct pair *pair)
{
    for (int i = 0; i < 20; i++) {
        (void)SSL_do_handshake(pair->client);
        (void)SSL_do_handshake(pair->server);
    }
    ERR_clear_error();
    pair->stands = SSL_is_init_finished(pair->client) && SSL_is_init_finished(pair->server);
}

static void end(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
    SSL_CTX_free(pair->context);
}

static void is_shown(const struct pair *pair, const char *name)
{
    char text[64] = "";
    X509 *certificate = SSL_get1_peer_certificate(pair->client);
    assert_non_null(certificate);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text,
                              sizeof text);
    assert_string_equal(text, name);
    X509_free(certificate);
}

static void shows_the_last_certificate_of_a_number(void **state)
{
    (void)state;
    struct relay_identities identities = {NULL, 0};
    struct pair before, after;
    assert_null(relay_identity_find(&identities, 7));
    assert_int_equal(put(&identities, 7, "first", true), SMCRED_OK);
    assert_int_equal(put(&identities, 8, "another", true), SMCRED_OK);
    const struct relay_identity *identity = relay_identity_find(&identities, 7);
    assert_non_null(identity);
    assert_null(relay_identity_find(&identities, 9));
    begin(&before, identity);
    assert_int_equal(put(&identities, 7, "second", true), SMCRED_OK);
    assert_ptr_equal(relay_identity_find(&identities, 7), identity);
    assert_int_equal(identities.count, 2);
    begin(&after, identity);
    shake_hands(&before);
    shake_hands(&after);
    assert_true(before.stands && after.stands);
    is_shown(&before, "first"); /* it had begun */
    is_shown(&after, "second");
    end(&before);
    end(&after);
    relay_identities_done(&identities);
}

static void keeps_the_one_before_if_there_is_no_better(void **state)
{
    (void)state;
    struct relay_identities identities = {NULL, 0};
    struct pair pair;
    int empty = memfd_create("empty", MFD_CLOEXEC);
    assert_int_equal(put(&identities, 7, "first", true), SMCRED_OK);
    assert_int_equal(put(&identities, 7, "second", false), SMCRED_INVALID);
    assert_int_equal(relay_identity_put(&identities, 7, empty), SMCRED_INVALID);
    assert_int_equal(put(&identities, 8, "third", false), SMCRED_INVALID);
    assert_null(relay_identity_find(&identities, 8));
    begin(&pair, relay_identity_find(&identities, 7));
    shake_hands(&pair);
    is_shown(&pair, "first");
    end(&pair);
    close(empty);
    relay_identities_done(&identities);
}

static void has_a_limit(void **state)
{
    (void)state;
    struct relay_identities identities = {NULL, 0};
    assert_int_equal(put(&identities, 7, "first", true), SMCRED_OK);
    identities.count = RELAY_IDENTITIES_MAX;
    assert_int_equal(put(&identities, 8, "second", true), SMCRED_LIMITED);
    assert_int_equal(put(&identities, 7, "second", true), SMCRED_OK);
    relay_identities_done(&identities);
}

/* With PostgreSQL's protocol if the client names it, and without any if it does not. */
static void names_the_protocol_that_is_asked_for(void **state)
{
    (void)state;
    static const unsigned char both[] = "\x02h2\x0apostgresql", none[] = "\x02h2";
    struct relay_identities identities = {NULL, 0};
    struct pair pair;
    const unsigned char *name;
    unsigned int len;
    assert_int_equal(put(&identities, 7, "first", true), SMCRED_OK);
    begin(&pair, relay_identity_find(&identities, 7));
    assert_int_equal(SSL_set_alpn_protos(pair.client, both, sizeof both - 1), 0);
    shake_hands(&pair);
    SSL_get0_alpn_selected(pair.client, &name, &len);
    assert_int_equal(len, 10);
    assert_memory_equal(name, "postgresql", 10);
    end(&pair);
    begin(&pair, relay_identity_find(&identities, 7));
    assert_int_equal(SSL_set_alpn_protos(pair.client, none, sizeof none - 1), 0);
    shake_hands(&pair);
    assert_true(pair.stands);
    SSL_get0_alpn_selected(pair.client, &name, &len);
    assert_int_equal(len, 0);
    end(&pair);
    relay_identities_done(&identities);
}

/* Nothing is given away to resume with: each session's handshake shows the certificate. */
static void resumes_nothing(void **state)
{
    (void)state;
    struct relay_identities identities = {NULL, 0};
    assert_int_equal(put(&identities, 7, "first", true), SMCRED_OK);
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct pair pair;
        char byte;
        begin(&pair, relay_identity_find(&identities, 7));
        assert_int_equal(SSL_set_max_proto_version(pair.client, versions[i]), 1);
        shake_hands(&pair);
        assert_true(pair.stands);
        assert_int_equal(SSL_version(pair.client), versions[i]);
        (void)SSL_read(pair.client, &byte, 1); /* where tickets would come */
        ERR_clear_error();
        assert_false(SSL_SESSION_has_ticket(SSL_get0_session(pair.client)));
        end(&pair);
    }
    relay_identities_done(&identities);
}

static void leaves_no_key_behind(void **state)
{
    (void)state;
    struct relay_identities identities = {NULL, 0};
    int good = pem_of("first", true), bad = pem_of("second", false);
    freed_begin();
    assert_int_equal(relay_identity_put(&identities, 7, good), SMCRED_OK);
    assert_int_equal(relay_identity_put(&identities, 7, bad), SMCRED_INVALID);
    relay_identities_done(&identities);
    freed_looks = false;
    assert_int_equal(freed_with_canary, 0);
    close(good);
    close(bad);
}

SM_TEST_MAIN(cmocka_unit_test(shows_the_last_certificate_of_a_number),
             cmocka_unit_test(keeps_the_one_before_if_there_is_no_better),
             cmocka_unit_test(has_a_limit), cmocka_unit_test(names_the_protocol_that_is_asked_for),
             cmocka_unit_test(resumes_nothing), cmocka_unit_test(leaves_no_key_behind))
