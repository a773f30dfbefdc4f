#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_database_redis.sh - t_database.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_database.sh"
