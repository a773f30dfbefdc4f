#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# t_rotation_by_hand_mariadb.sh - t_rotation_by_hand.sh, with MariaDB.
export engine=mariadb
. "$(dirname "$0")/t_rotation_by_hand.sh"
