#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_killed_mariadb.sh - t_killed.sh, with MariaDB.
export world=mysql_world.sh
. "$top_srcdir/tests/rotate/t_killed.sh"
