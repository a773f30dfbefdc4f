#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotate_mariadb.sh - t_rotate.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_rotate.sh"
