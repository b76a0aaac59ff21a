#!/bin/bash
# Debian's strace and gdb at work. What they say, as far as it does not depend on
# chance, are facts like those of user/tests, so that Linux tells what they must be.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ TERM=dumb
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mount -t proc proc /proc
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
cd /tmp

# same NAME: the lines of standard input as facts, without addresses and numbers
# of processes and threads.
same() {
	sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/(process |LWP |\/proc\/)[0-9]+/\1N/g; s/ +/ /g' |
		while IFS= read -r line; do echo "check $1: $line"; done
}

# trace COMMAND...: the calls that make and end processes. The order in which
# processes come is left to chance, so each line is shown once, sorted.
trace() {
	rm -f trace.*
	strace -ff -o trace -e trace=execve,clone,clone3,vfork,pipe,pipe2,wait4,exit_group "$@"
	echo "status $?"
	set -- trace.*
	echo "processes $#"
	sed -E -e 's/0x[0-9a-f]+/ADDRESS/g; s/^(clone3?|vfork|wait4)\>.* = [0-9]+$/\1 = PID/' \
		-e '/^---/d; /ERESTART/d; /WNOHANG/d' "$@" | sort -u
}
trace sh -c 'echo a | cat | wc -c' | same pipeline
trace --seccomp-bpf sh -c 'echo a | cat | wc -c' | same 'pipeline with a filter'
trace bash -c 'sleep 0 & wait; (exit 3)' | same bash
sleep 1000 &
victim=$!
until grep -q sleep /proc/$victim/comm; do sleep 0.1; done
strace -o attached -p $victim 2>/dev/null &
until grep -q '^TracerPid:.[1-9]' /proc/$victim/status; do sleep 0.1; done
kill $victim
wait
grep '^[-+]' attached | sed -E 's/si_pid=[0-9]+/si_pid=PID/' | same "strace -p"

# debug NAME COMMAND... -- ARGUMENT: a session of gdb with the debuggee.
debug() {
	name=$1
	shift
	commands=()
	while [ "$1" != -- ]; do
		commands+=(-ex "$1")
		shift
	done
	shift
	gdb -nx -q -batch -iex 'set width 0' -ex 'handle SIGUSR1 nostop noprint pass' "${commands[@]}" "$@" </dev/null 2>&1 |
		grep -Ev '^(\[New |\[Thread |\[Switching |Using host libthread_db|Signal  |SIGUSR1  |$)' | same "$name"
}
debug calls 'break area' 'run calls' 'print p' 'finish' 'next' 'print a' 'print $_siginfo.si_signo' \
	'watch watched' 'continue' 'continue' 'delete' 'print area(corner)' 'break handler' 'continue' \
	'backtrace' 'print caught' 'next' 'next' 'print caught' 'finish' 'stepi' 'next' 'kill' -- debuggee
debug 'fork, parent' 'set follow-fork-mode parent' 'break inParent' 'break inChild' 'run forks' \
	'print status' 'continue' -- debuggee
debug 'fork, child' 'set follow-fork-mode child' 'break inChild' 'run forks' \
	'backtrace' 'continue' -- debuggee
debug 'fork, both' 'set detach-on-fork off' 'break inParent' 'break inChild' 'catch fork' 'run forks' 'next' \
	'inferior 2' 'continue' 'info inferiors' 'continue' 'inferior 1' 'continue' 'continue' -- debuggee
debug 'vfork, child' 'set follow-fork-mode child' 'run spawns' 'break area' 'run spawns' \
	'backtrace' 'finish' 'info inferiors' 'kill' -- debuggee
debug gcore 'break area' 'run calls' 'generate-core-file made' 'kill' -- debuggee
debug 'gcore, read' 'backtrace' 'print p' 'print corner' 'info symbol $pc' -- debuggee made
debug 'gcore, threads' 'break allReady' 'run threads' 'generate-core-file made' 'kill' -- debuggee
debug 'gcore, threads, read' 'backtrace' 'print $_gthread' 'thread apply all -q frame function allReady' 'print barrier.__size[8]' -- debuggee made
rm -f made
debug 'exec' 'catch vfork' 'catch exec' 'run -c "exec true"' 'continue' -- sh
debug threads 'break allReady' 'run threads' 'info threads' 'thread apply all print $_thread' 'continue' -- debuggee |
	sed -E 's/(Thread ADDRESS \(LWP N\) "[a-z]*").*/\1/'
debuggee waits &
victim=$!
until grep -q '^State:.S' /proc/$victim/status && grep -q debuggee /proc/$victim/comm; do sleep 0.1; done
debug attach "attach $victim" 'up' 'up' 'backtrace' 'set var go=4' 'detach' -- debuggee
kill -USR1 $victim
wait $victim
echo "check attached ends with $?"
ulimit -c unlimited
debuggee aborts
echo "check status $?"
debug core 'backtrace' 'up 3' 'info args' -- debuggee core
echo checks are through
busybox poweroff -f
