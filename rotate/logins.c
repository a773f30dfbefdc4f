/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * logins.c - where the database is, whether TLS is wanted, and one attempt to log in.
 *
 * Called by versions.c and the steps.
 */
#include "rotate/logins.h"

#include <arpa/inet.h>

#include "common/log.h"
#include "rotate/engine.h"
#include "rotate/options.h"
#include "rotate/secret_value.h"

static enum smcred_status find_engine(struct logins *logins, struct sm_error *err)
{
    const char *spelt = logins->current->engine;
    const struct engine *named = spelt ? engine_find(spelt) : NULL;
    const struct engine *wanted = logins->options->engine;
    if (spelt && wanted && named != wanted)
        return sm_error_set(err, SMCRED_INVALID,
                            "Database engine must be set to '%s' in order to use this rotation "
                            "function, and the secret says %s",
                            wanted->name, log_quote(spelt));
    if (spelt && !named)
        return sm_error_set(err, SMCRED_INVALID, "the secret's engine, %s, cannot be rotated here",
                            log_quote(spelt));
    if (!named && !wanted)
        return sm_error_set(err, SMCRED_INVALID,
                            "engine key is missing from secret JSON; say it before the options");
    logins->engine = named ? named : wanted;
    return SMCRED_OK;
}

static enum smcred_status find_host(struct logins *logins, struct sm_error *err)
{
    const char *said = logins->options->host, *own = logins->current->host;
    if (!said && !own)
        return sm_error_set(err, SMCRED_INVALID, "host key is missing from secret JSON");
    if (said && own && strcasecmp(said, own) != 0)
        return sm_error_set(err, SMCRED_INVALID, "the secret's host is %s, not that of --host",
                            log_quote(own));
    logins->host = own ? own : said;
    return SMCRED_OK;
}

static bool is_of_this_machine(const char *host, const char *hostaddr)
{
    struct in6_addr six;
    struct in_addr four;
    const char *address = hostaddr ? hostaddr : host;
    if (*host == '/')
        return true; /* the directory of a Unix socket */
    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static const char *hostaddr_of(const struct logins *logins)
{
    return logins->options->hostaddr ? logins->options->hostaddr : logins->current->hostaddr;
}

static enum smcred_status check_tls(const struct logins *logins, struct sm_error *err)
{
    if (logins->current->ssl != SSL_OFF || logins->options->allow_plain ||
        is_of_this_machine(logins->host, hostaddr_of(logins)))
        return SMCRED_OK;
    return sm_error_set(err, SMCRED_INVALID,
                        "the secret says \"ssl\": false, and anybody between here and %s could "
                        "take part; take that out of the secret, or say --allow-plain",
                        log_quote(logins->host));
}

enum smcred_status logins_init(struct logins *logins, const struct options *options,
                               const struct secret_value *current, struct sm_error *err)
{
    *logins = (struct logins){.options = options, .current = current};
    enum smcred_status status = find_engine(logins, err);
    if (status == SMCRED_OK)
        status = find_host(logins, err);
    if (status != SMCRED_OK)
        return status;
    logins->port = *current->port ? current->port : logins->engine->port;
    return check_tls(logins, err);
}

/* NULL is what is not said, and equal to nothing but itself. */
static bool is_same(const char *a, const char *b)
{
    return a && b ? strcasecmp(a, b) == 0 : a == b;
}

static bool is_same_place(const struct logins *logins, const struct secret_value *version)
{
    const char *port = *version->port ? version->port : logins->engine->port;
    return is_same(version->host, logins->current->host) && strcmp(port, logins->port) == 0 &&
           is_same(version->hostaddr, logins->current->hostaddr);
}

enum smcred_status logins_agree(const struct logins *logins, const struct secret_value *version,
                                const char *label, struct sm_error *err)
{
    if (is_same_place(logins, version))
        return SMCRED_OK;
    return sm_error_set(err, SMCRED_INVALID,
                        "Attempting to modify user for host %s other than current host %s: version "
                        "%s names another host, hostaddr or port",
                        log_quote(version->host ? version->host : ""), log_quote(logins->host),
                        label);
}

enum smcred_status logins_agree_master(const struct logins *logins,
                                       const struct secret_value *master, struct sm_error *err)
{
    const char *host = master->host ? master->host : logins->options->host;
    const char *port = *master->port ? master->port : logins->engine->port;
    if (!host)
        return sm_error_set(err, SMCRED_INVALID,
                            "the master secret names no host, as RDS's own do not; say with --host "
                            "where its password may go");
    if (strcasecmp(host, logins->host) != 0 ||
        (strcmp(port, logins->port) != 0 && (master->host || *master->port)))
        return sm_error_set(err, SMCRED_INVALID,
                            "Current database host %s is not the same host as that of master %s, "
                            "or not the same port",
                            log_quote(logins->host), log_quote(host));
    if (master->hostaddr && !is_same(master->hostaddr, hostaddr_of(logins)))
        return sm_error_set(err, SMCRED_INVALID, "the master secret names another hostaddr");
    return SMCRED_OK;
}

enum smcred_status logins_try(const struct logins *logins, const struct secret_value *version,
                              struct session **out_session, struct sm_error *err)
{
    const struct options *options = logins->options;
    const char *dbname = logins->current->dbname;
    const struct login login = {
        .host = logins->host,
        .hostaddr = hostaddr_of(logins),
        .port = logins->port,
        .dbname = dbname ? dbname : logins->engine->dbname,
        .username = version->username,
        .password = version->password,
        .plain = logins->current->ssl == SSL_OFF,
        .ca_file = options->ca_file,
        .client_cert = options->client_cert,
        .client_key = options->client_key,
    };
    return logins->engine->log_in(&login, out_session, err);
}
