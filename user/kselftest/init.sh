#!/bin/busybox sh
# The first process: it runs Linux's own tests, each in its directory, and prints all
# they say as facts. The words of the kernel's command line say which: none is all,
# "quick" those that take no time, anything else is a pattern of names.
export PATH=/bin
/bin/busybox mkdir -p /proc /sys /dev /tmp
/bin/busybox --install -s /bin
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd

# What the Makefile of exec/ makes beside its programs.
cd /kselftest/exec
mkdir -p subdir
ln -s execveat execveat.symlink
cp execveat execveat.denatured
chmod a-x execveat.denatured
printf '#!/bin/sh\nexit $*\n' >script
chmod +x script

set -f
patterns=$*

# wanted PROGRAM WHEN
wanted() {
	[ -n "$patterns" ] || return 0
	for pattern in $patterns; do
		case $1:$2 in $pattern:* | *:$pattern) return 0 ;; esac
	done
	return 1
}

# Some never end when they fail, or never stop talking, and what a program prints
# need not be text.
while read -r program when; do
	wanted "$program" "$when" || continue
	echo "check $program: begins" # whoever reads this waits for a line, not for the end
	cd "/kselftest/${program%/*}"
	limit=50
	[ "$when" != slow ] || limit=150
	{
		timeout -s KILL $limit "./${program##*/}" </dev/null 2>&1
		echo "exit $?" >/tmp/status
	} | head -c 200000 | tr -c '\n\t -~' '?' | cut -c 1-300 | sed "s|^|check $program: |"
	echo "check $program: $(cat /tmp/status)"
done </programs
echo checks are through
poweroff -f
