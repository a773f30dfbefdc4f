/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list.c - ListSecrets, and the walk through the secrets that other lists share.
 */
#include "server/list.h"

#include "server/filters.h"
#include "server/json.h"
#include "server/operations.h"
#include "server/page.h"
#include "server/secrets.h"

#define PAGE_DEFAULT 100

/* A walk under way. */
struct walk {
    struct server_call *call;
    const struct server_listing *listing;
    struct server_spot spot; /* the last one on this page */
    int64_t left;            /* how many still fit on it */
    bool more;
    enum server_error error;
};

static bool step(void *context, const struct server_secret *secret)
{
    struct walk *walk = context;
    const struct server_listing *listing = walk->listing;
    bool wanted = false;
    if (secret->deleted_ms == 0 || listing->with_deleted)
        walk->error =
            server_fail_status(walk->call, server_filters_match(walk->call, secret, &wanted));
    if (wanted && walk->left == 0) {
        walk->more = true;
        return false;
    }
    if (wanted) {
        server_spot_of(secret, listing->order, &walk->spot);
        walk->left--;
        walk->error = listing->add(walk->call, secret);
    }
    return walk->error == SERVER_OK;
}

enum server_error server_list(struct server_call *call, const struct server_listing *listing)
{
    struct walk walk = {.call = call,
                        .listing = listing,
                        .left = server_json_number(call->input, "MaxResults", listing->most)};
    enum server_error error = server_filters_check(call);
    if (error == SERVER_OK)
        error = server_page_read(call, &walk.spot);
    if (error != SERVER_OK)
        return error;
    enum smcred_status status =
        server_store_secrets(call->server->store, &call->place, listing->order, listing->descending,
                             &walk.spot, step, &walk);
    if (walk.more)
        server_page_add(call, &walk.spot);
    return status == SMCRED_OK ? walk.error : server_fail_status(call, status);
}

static enum server_error describe(struct server_call *call, const struct server_secret *secret)
{
    cJSON *list = server_json_get_own(call->output, "SecretList");
    return server_fail_status(call, server_secret_describe(call, secret, "SecretVersionsToStages",
                                                           server_json_append_object(list)));
}

static enum server_order order_of(const char *sort_by)
{
    static const struct {
        const char *name;
        enum server_order order;
    } orders[] = {{"name", SERVER_ORDER_NAME},
                  {"last-changed-date", SERVER_ORDER_CHANGED},
                  {"last-accessed-date", SERVER_ORDER_ACCESSED}};
    for (size_t i = 0; sort_by && i < sizeof orders / sizeof *orders; i++) {
        if (strcmp(orders[i].name, sort_by) == 0)
            return orders[i].order;
    }
    return SERVER_ORDER_CREATED;
}

enum server_error server_list_secrets(struct server_call *call)
{
    const char *sort_order = server_json_text(call->input, "SortOrder");
    (void)server_json_add_array(call->output, "SecretList"); /* server_json_failed() */
    return server_list(
        call, &(struct server_listing){
                  .order = order_of(server_json_text(call->input, "SortBy")),
                  .descending = sort_order && strcmp(sort_order, "desc") == 0,
                  .with_deleted = server_json_is_true(call->input, "IncludePlannedDeletion"),
                  .most = PAGE_DEFAULT,
                  .add = describe,
              });
}
