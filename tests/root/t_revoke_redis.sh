#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_revoke_redis.sh - t_revoke.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_revoke.sh"
