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
    return 0;
}
