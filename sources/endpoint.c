/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * endpoint.c - the order of overrides, and AWS's partitions.
 */
#include "sources/endpoint.h"

#include <stdio.h>
#include <strings.h>

#define SERVICE     "secretsmanager"
#define SERVICE_KEY "secrets_manager" /* in a `services` section */

static const struct partition {
    const char *region_prefix;
    const char *suffix;
    const char *dual_suffix;      /* secretsmanager's, dual stack */
    const char *fips_dual_suffix; /* both */
} partitions[] = {
    {"cn-", "amazonaws.com.cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "amazonaws.com", "amazonaws.com", "amazonaws.com"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "amazonaws.com", "amazonaws.com", "amazonaws.com"}, /* aws: everything else */
};

static const struct partition *partition_of(const char *region)
{
    const struct partition *partition = partitions;
    while (strncmp(region, partition->region_prefix, strlen(partition->region_prefix)) != 0)
        partition++;
    return partition;
}

bool endpoint_region_is_sane(const char *region)
{
    size_t len = strlen(region);
    return len > 0 && len < REGION_MAX &&
           strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Environment first, then the profile; NULL if neither says. */
static const char *look_up(const struct endpoint_wishes *wishes, const char *variable,
                           const char *key)
{
    const char *value = wishes->env(variable);
    if (value && value[0])
        return value;
    return aws_profiles_text(wishes->profiles, AWS_PROFILE, wishes->profile, key);
}

static bool is_on(const struct endpoint_wishes *wishes, const char *variable, const char *key)
{
    const char *value = look_up(wishes, variable, key);
    return value && strcasecmp(value, "true") == 0;
}

/* The URL of the profile's `services` section; NULL if it says none. */
static enum smcred_status services_url(const struct endpoint_wishes *wishes, const char **out_url,
                                       struct sm_error *err)
{
    const char *name =
        aws_profiles_text(wishes->profiles, AWS_PROFILE, wishes->profile, "services");
    if (!name)
        return SMCRED_OK;
    if (!aws_profiles_has(wishes->profiles, AWS_SERVICES, name))
        return sm_error_set(err, SMCRED_INVALID, "profile %s: there is no section [services %s]",
                            wishes->profile, name);
    const struct sm_secret *url =
        aws_profiles_get(wishes->profiles, AWS_SERVICES, name, SERVICE_KEY, "endpoint_url");
    if (url && sm_secret_view(url).len > 0)
        *out_url = sm_secret_view(url).data; /* ends in NUL */
    return SMCRED_OK;
}

/* The first override that says something, and its name for errors. */
static enum smcred_status find_override(const struct endpoint_wishes *wishes, const char **out_url,
                                        const char **out_from, struct sm_error *err)
{
    static const char *const variables[] = {"AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"};
    *out_from = "endpoint_url";
    *out_url = wishes->url;
    if (*out_url ||
        is_on(wishes, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"))
        return SMCRED_OK;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = wishes->env(variables[i]);
        if (value && value[0]) {
            *out_url = value;
            *out_from = variables[i];
            return SMCRED_OK;
        }
    }
    *out_from = "the AWS profile's endpoint_url";
    enum smcred_status status = services_url(wishes, out_url, err);
    if (status == SMCRED_OK && !*out_url)
        *out_url =
            aws_profiles_text(wishes->profiles, AWS_PROFILE, wishes->profile, "endpoint_url");
    return status;
}

/* "127.0.0.1", "localhost", "[::1]": what cannot leave this host. */
static bool is_loopback(const char *host, size_t len)
{
    char name[256];
    if (len >= sizeof name)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    unsigned a, b, c, d;
    char more;
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (sscanf(name, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &more) == 4 && a == 127);
}

/* True for "", or ':' and a port. */
static bool is_port(const char *text, size_t len)
{
    if (len == 0)
        return true;
    return text[0] == ':' && len >= 2 && len <= 6 && strspn(text + 1, "0123456789") >= len - 1;
}

/* Cuts a URL of the form SCHEME://HOST[:PORT][/PATH]; nothing else is one of ours. */
static enum smcred_status cut_url(const char *url, const char *from, struct endpoint *out_endpoint,
                                  struct sm_error *err)
{
    bool secure = strncasecmp(url, "https://", 8) == 0;
    bool plain = strncasecmp(url, "http://", 7) == 0;
    const char *host = url + (secure ? 8 : 7);
    for (const char *at = url; *at; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("?#@\\\"<>", *at))
            plain = secure = false;
    if ((!secure && !plain) || strlen(url) >= sizeof out_endpoint->url)
        return sm_error_set(err, SMCRED_INVALID, "%s is not https://HOST[:PORT][/PATH]", from);
    size_t len = strcspn(host, "/");
    size_t name_len = host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
    const char *path = host[len] ? host + len : "/";
    if (name_len == 0 || name_len > len || !is_port(host + name_len, len - name_len) ||
        len >= sizeof out_endpoint->host || strlen(path) >= sizeof out_endpoint->path)
        return sm_error_set(err, SMCRED_INVALID, "%s has no usable host, port or path", from);
    if (plain && !is_loopback(host, name_len))
        return sm_error_set(err, SMCRED_INVALID,
                            "%s is http: secrets would cross the network in the clear", from);
    const char *usual = secure ? ":443" : ":80";
    bool is_usual =
        len - name_len == strlen(usual) && memcmp(host + name_len, usual, len - name_len) == 0;
    memcpy(out_endpoint->url, url, strlen(url) + 1);
    memcpy(out_endpoint->path, path, strlen(path) + 1);
    (void)snprintf(out_endpoint->host, sizeof out_endpoint->host, "%.*s",
                   (int)(is_usual ? name_len : len), host); /* fits, see above */
    return SMCRED_OK;
}

static enum smcred_status usual_endpoint(const struct endpoint_wishes *wishes, bool fips, bool dual,
                                         struct endpoint *out_endpoint)
{
    const struct partition *partition = partition_of(wishes->region);
    const char *suffix = fips && dual ? partition->fips_dual_suffix
                         : dual       ? partition->dual_suffix
                                      : partition->suffix;
    *out_endpoint = (struct endpoint){.path = "/"};
    (void)snprintf(out_endpoint->host, sizeof out_endpoint->host, "%s%s.%s.%s", SERVICE,
                   fips ? "-fips" : "", wishes->region, suffix); /* fits: a region has a maximum */
    (void)snprintf(out_endpoint->url, sizeof out_endpoint->url, "https://%s/",
                   out_endpoint->host); /* fits likewise */
    return SMCRED_OK;
}

enum smcred_status endpoint_resolve(const struct endpoint_wishes *wishes,
                                    struct endpoint *out_endpoint, struct sm_error *err)
{
    const char *url = NULL, *from;
    struct endpoint endpoint;
    if (!endpoint_region_is_sane(wishes->region))
        return sm_error_set(err, SMCRED_INVALID, "the region is not one (a-z, 0-9, -)");
    enum smcred_status status = find_override(wishes, &url, &from, err);
    if (status != SMCRED_OK)
        return status;
    bool fips = is_on(wishes, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    bool dual = is_on(wishes, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    if (url && (fips || dual))
        return sm_error_set(err, SMCRED_INVALID, "%s and %s endpoints exclude each other", from,
                            fips ? "FIPS" : "dual-stack");
    status =
        url ? cut_url(url, from, &endpoint, err) : usual_endpoint(wishes, fips, dual, &endpoint);
    if (status == SMCRED_OK)
        *out_endpoint = endpoint;
    return status;
}
