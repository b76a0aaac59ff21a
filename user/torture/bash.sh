#!/bin/bash
SH=bash
PATH=/bin
busybox mkdir -p /dev /proc
busybox mount -t devtmpfs devtmpfs /dev 2>/dev/null
busybox mount -t proc proc /proc
[ -e /dev/fd ] || busybox ln -s /proc/self/fd /dev/fd

# What only bash has: job control, coprocesses, process substitution.
set -m
busybox sleep 100 &
until busybox grep -q busybox /proc/$!/comm; do busybox usleep 1000; done
echo "check jobs $(jobs | busybox awk '{print $1, $2}')"
pid=$!
kill %1
wait $pid
echo "check job's status $?"
set +m
echo "check process substitution $(busybox cat <(echo one) <(echo two) | busybox tr '\n' ' ')"
coproc busybox cat
echo to the coprocess >&"${COPROC[1]}"
read -r line <&"${COPROC[0]}"
echo "check coprocess $line"
eval "exec ${COPROC[1]}>&-"
wait
read -r -t 0.05 nothing < <(busybox sleep 1)
echo "check read with a timeout $?"
echo "check PIPESTATUS $(true | false | (exit 3); echo ${PIPESTATUS[@]})"
ulimit -n 20
echo "check ulimit $(ulimit -n)"
ulimit -n 1024 2>/dev/null
. /torture.sh
