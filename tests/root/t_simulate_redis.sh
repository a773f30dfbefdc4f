#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_simulate_redis.sh - t_simulate.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_simulate.sh"
