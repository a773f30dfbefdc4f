#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_drift_mariadb.sh - t_drift.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_drift.sh"
