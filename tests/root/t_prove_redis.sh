#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_prove_redis.sh - t_prove.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_prove.sh"
