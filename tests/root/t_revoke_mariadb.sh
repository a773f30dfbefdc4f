#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_revoke_mariadb.sh - t_revoke.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_revoke.sh"
