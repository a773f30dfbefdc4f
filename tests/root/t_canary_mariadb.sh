#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_canary_mariadb.sh - t_canary.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_canary.sh"
