#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_drift_redis.sh - t_drift.sh, with Redis.
export engine=redis
. "$(dirname "$0")/t_drift.sh"
