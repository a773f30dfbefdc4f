#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_hang_redis.sh - t_hang.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_hang.sh"
