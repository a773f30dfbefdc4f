#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_hang_mariadb.sh - t_hang.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_hang.sh"
