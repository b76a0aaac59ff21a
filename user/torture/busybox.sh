#!/bin/busybox sh
SH="busybox sh"
PATH=/bin
. /torture.sh
