#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_hostile_mariadb.sh - t_hostile.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_hostile.sh"
