#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_simulate_mariadb.sh - t_simulate.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_simulate.sh"
