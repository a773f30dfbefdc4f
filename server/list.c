/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list.c - ListSecrets.
 */
#include "server/filters.h"
#include "server/json.h"
#include "server/operations.h"
#include "server/page.h"
#include "server/secrets.h"

#define PAGE_DEFAULT 100

struct secret_list {
    struct server_call *call;
    cJSON *array;
    enum server_order order;
    bool with_deleted;
    int64_t at;   /* where the next page begins: a row, or a count */
    int64_t left; /* how many still fit on this one */
    bool more;
    enum smcred_status status;
};

static bool list_secret(void *context, const struct server_secret *secret)
{
    struct secret_list *list = context;
    bool wanted = false;
    if (secret->deleted_ms == 0 || list->with_deleted)
        list->status = server_filters_match(list->call, secret, &wanted);
    if (wanted && list->left == 0) {
        list->more = true;
        return false;
    }
    list->at = list->order == SERVER_ORDER_CREATED ? secret->row : list->at + 1;
    if (wanted) {
        list->left--;
        list->status = server_secret_describe(list->call, secret, "SecretVersionsToStages",
                                              server_json_append_object(list->array));
    }
    return list->status == SMCRED_OK;
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
    struct secret_list list = {
        .call = call,
        .order = order_of(server_json_text(call->input, "SortBy")),
        .with_deleted = server_json_is_true(call->input, "IncludePlannedDeletion"),
        .left = server_json_number(call->input, "MaxResults", PAGE_DEFAULT),
    };
    enum server_error error = server_filters_check(call);
    if (error == SERVER_OK)
        error = server_page_read(call, &list.at);
    if (error != SERVER_OK)
        return error;
    list.array = server_json_add_array(call->output, "SecretList");
    enum smcred_status status = server_store_secrets(call->server->store, list.order,
                                                     sort_order && strcmp(sort_order, "desc") == 0,
                                                     list.at, list_secret, &list);
    if (list.more)
        server_page_add(call, list.at);
    return server_fail_status(call, status == SMCRED_OK ? list.status : status);
}
