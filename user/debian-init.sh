#!/bin/bash
# The first process of Debian's userland: it gives the console to an interactive
# bash, and ends with it.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ TERM=${TERM:-linux}
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t proc proc /proc
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
setsid -c -w bash <>/dev/console >&0 2>&1
exec busybox poweroff -f
