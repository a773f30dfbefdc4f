/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mysql_guard.c - finding commands that are answered here, and the end of the server's answers.
 */
#include "relay/mysql_guard.h"

#include <assert.h>

#include "relay/mysql_packet.h"

#define OK_LEN           7      /* bytes of an OK without a text */
#define ROWS_END_LEN     5      /* bytes of the end of rows, as older clients know it */
#define HAS_MORE_RESULTS 0x0008 /* SERVER_MORE_RESULTS_EXISTS */

enum mysql_command mysql_command_of(struct sm_bytes words)
{
    const uint8_t *at = words.data;
    bool is_whole = words.len > MYSQL_HEADER && at[3] == 0 && mysql_packet_len(at) == words.len;
    return is_whole ? (enum mysql_command)at[MYSQL_HEADER] : MYSQL_COM_NONE;
}

/* Do these bytes end with a packet of so many bytes whose first is one of these? */
static bool ends_with(const uint8_t tail[RELAY_TAIL], uint8_t len, uint8_t kind, uint8_t or_kind)
{
    const uint8_t *packet = tail + RELAY_TAIL - MYSQL_HEADER - len;
    return packet[0] == len && packet[1] == 0 && packet[2] == 0 &&
           (packet[4] == kind || packet[4] == or_kind);
}

bool mysql_is_idle_after(const uint8_t tail[RELAY_TAIL])
{
    static_assert(RELAY_TAIL >= MYSQL_HEADER + OK_LEN, "an OK fits");
    const uint8_t *end = tail + RELAY_TAIL;
    if (ends_with(tail, OK_LEN, MYSQL_OK, MYSQL_SWITCH)) /* affected, insert id, status, warnings */
        return (end[-4] & HAS_MORE_RESULTS) == 0;
    if (ends_with(tail, ROWS_END_LEN, MYSQL_SWITCH, MYSQL_SWITCH)) /* warnings, status */
        return (end[-2] & HAS_MORE_RESULTS) == 0;
    return false;
}
