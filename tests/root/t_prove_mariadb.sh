#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_prove_mariadb.sh - t_prove.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_prove.sh"
