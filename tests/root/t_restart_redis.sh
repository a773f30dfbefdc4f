#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_restart_redis.sh - t_restart.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_restart.sh"
