#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotation_by_hand_redis.sh - t_rotation_by_hand.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_rotation_by_hand.sh"
