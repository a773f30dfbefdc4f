#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotate_redis.sh - t_rotate.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_rotate.sh"
