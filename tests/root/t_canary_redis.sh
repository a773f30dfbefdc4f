#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_canary_redis.sh - t_canary.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_canary.sh"
