#!/bin/sh
# Makes ./configure.  Run once after a clone, and after a change of configure.ac.
cd "$(dirname "$0")" && exec autoreconf -fi
