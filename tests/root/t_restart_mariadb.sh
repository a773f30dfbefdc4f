#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_restart_mariadb.sh - t_restart.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_restart.sh"
