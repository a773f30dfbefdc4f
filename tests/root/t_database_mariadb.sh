#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_database_mariadb.sh - t_database.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_database.sh"
