#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_mend_mariadb.sh - t_mend.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_mend.sh"
