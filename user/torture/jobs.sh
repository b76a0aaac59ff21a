#!/bin/busybox sh
# An interactive bash for a test that types at it: first on the serial port, then
# on a pseudo terminal, whose master copies to and from the serial port.
export PATH=/bin PS1='ready> ' TERM=dumb HISTFILE= INPUTRC=/inputrc
busybox mkdir -p /dev /proc
busybox mount -t proc proc /proc
busybox mount -t devtmpfs devtmpfs /dev 2>/dev/null
busybox mkdir -p /dev/pts
busybox mount -t devpts devpts /dev/pts
# /dev/console has no job control.
tty=/dev/ttyS0
[ -c /dev/ttyAMA0 ] && tty=/dev/ttyAMA0
echo 'set enable-bracketed-paste off' >/inputrc

# gone waits until nothing is left of what a shell had started.
gone() {
	while busybox ps | busybox grep -q '[j]ob number'; do busybox usleep 10000; done
	echo "nothing is left on the $1"
}

busybox setsid -c bash --norc --noprofile -i <$tty >$tty 2>&1
gone "serial port"
onpty bash --norc --noprofile -i <$tty >$tty 2>&1
gone "pseudo terminal"
busybox poweroff -f
