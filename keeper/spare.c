/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spare.c - one pair, and when the next is made.
 */
#include "keeper/spare.h"

#include <event2/event.h>

#include "keeper/listen.h"

#define NEXT_MS 5 /* after one was taken: its client's login comes first */

struct spare {
    struct event *timer;
    int client, server; /* -1: none */
};

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct spare *spare = arg;
    (void)fd;
    (void)events;
    if (spare->client < 0 && listen_tcp_pair(&spare->client, &spare->server) != SMCRED_OK)
        return; /* who wants one tries again */
}

enum smcred_status spare_new(struct event_base *base, struct spare **out_spare)
{
    struct spare *spare = calloc(1, sizeof *spare);
    if (spare) {
        spare->client = spare->server = -1;
        spare->timer = evtimer_new(base, on_timer, spare);
    }
    if (!spare || !spare->timer) {
        spare_free(spare);
        return SMCRED_NO_MEMORY;
    }
    *out_spare = spare;
    return SMCRED_OK;
}

void spare_free(struct spare *spare)
{
    if (!spare)
        return;
    if (spare->timer)
        event_free(spare->timer);
    sm_close_fd(&spare->client);
    sm_close_fd(&spare->server);
    free(spare);
}

enum smcred_status spare_take(struct spare *spare, int *out_client, int *out_server)
{
    static const struct timeval soon = {0, NEXT_MS * 1000};
    if (!evtimer_pending(spare->timer, NULL))
        (void)event_add(spare->timer, &soon); /* without it the next one takes longer */
    if (spare->client < 0)
        return listen_tcp_pair(out_client, out_server);
    *out_client = sm_take_fd(&spare->client);
    *out_server = sm_take_fd(&spare->server);
    return SMCRED_OK;
}
