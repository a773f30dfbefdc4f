#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_killed_redis.sh - t_killed.sh, with Redis.
export world=redis_world.sh
. "$top_srcdir/tests/rotate/t_killed.sh"
