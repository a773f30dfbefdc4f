#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mend_redis.sh - t_mend.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_mend.sh"
