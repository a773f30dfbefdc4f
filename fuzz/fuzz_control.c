/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fuzz_control.c - a request that is accepted has what its verb needs; one that is not, a reason.
 */
#include "keeper/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_request request;
    const char *why = NULL;
    enum smcred_status status = control_parse(sm_bytes(data, size), &request, &why);
    if ((status == SMCRED_OK) != (why == NULL))
        abort();
    if (status != SMCRED_OK)
        return 0;
    bool named = request.verb == CTL_CONNECT || request.verb == CTL_RESOLVE;
    if ((named && !request.name[0]) || (request.verb == CTL_EXPLAIN && !request.host[0]) ||
        request.port > UINT16_MAX)
        abort();
    bool checks = request.verb == CTL_PAM_CHECK || request.verb == CTL_PAM_CHANGE;
    bool says_who = checks || (request.verb >= CTL_PAM_CHECK && request.verb <= CTL_PAM_ROTATE &&
                               request.verb != CTL_PAM_CLOSE);
    if ((says_who && (!request.service[0] || !request.user[0])) ||
        (request.verb == CTL_PAM_CLOSE && request.session == 0))
        abort();
    const uint8_t *typed = request.password.data;
    if (checks && (typed < data || typed + request.password.len > data + size ||
                   request.password.len > CTL_PAM_PASSWORD_MAX))
        abort();
    return 0;
}
