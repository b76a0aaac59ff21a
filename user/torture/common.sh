# Process torture for a shell. It prints facts like user/tests, so that Linux
# tells what they must be. $SH is the shell under test, busybox has the rest.

check() { echo "check $*"; }

busybox mkdir -p /proc /tmp /dev
busybox mount -t proc proc /proc
busybox mount -t devtmpfs devtmpfs /dev 2>/dev/null

# Many children, one after the other and at once.
n=0
while [ $n -lt 100 ]; do
	(exit $((n % 7)))
	[ $? -eq $((n % 7)) ] || check "wrong status of child $n"
	n=$((n + 1))
done
check "children one after the other" $n
pids=
n=0
while [ $n -lt 50 ]; do
	(busybox usleep 1000; exit $n) &
	pids="$pids $!"
	n=$((n + 1))
done
sum=0
for p in $pids; do
	wait $p
	sum=$((sum + $?))
done
check "children at once, sum of statuses" $sum

# Pipelines.
check "pipeline" $(busybox seq 1 2000 | busybox sort -n | busybox uniq | busybox tail -n 1)
check "long pipeline" $(echo start | busybox cat | busybox cat | busybox cat | busybox cat | busybox cat | busybox cat | busybox cat | busybox cat)
check "pipeline with an early end" $(busybox yes | busybox head -n 5 | busybox wc -l)
check "status of a pipeline" $(true | false; echo $?)
check "substitution in substitution" $(echo $(echo $(echo $(echo deep))))
check "large data" $(busybox dd if=/dev/zero bs=64k count=64 2>/dev/null | busybox md5sum)
check "data through many" $(busybox dd if=/dev/zero bs=1k count=512 2>/dev/null | busybox tr '\000' a | busybox gzip | busybox gunzip | busybox wc -c)

# Signals.
trap 'check "trapped USR1"' USR1
kill -USR1 $$
trap - USR1
(busybox sleep 100) &
kill -9 $!
wait $!
check "killed" $?
(trap 'exit 5' TERM; while :; do busybox usleep 1000; done) &
busybox usleep 50000
kill $!
wait $!
check "handled" $?
busybox sleep 100 &
# bash loses signals to its child from before the child executes its program, on
# Linux, too.
until busybox grep -q busybox /proc/$!/comm; do busybox usleep 1000; done
kill -STOP $!
busybox usleep 10000
check "stopped" $(busybox awk '{print $3}' /proc/$!/stat)
kill -CONT $!
kill $!
wait $!
check "terminated" $?

# Nested shells, each of which is a new program.
check "nested shells" $($SH -c "$SH -c \"$SH -c 'exit 3'; exit \\\$?\"; echo \$?")
check "exec" $(exec busybox echo replaced)
echo 'echo script $0 $1' >/tmp/script
check "script by name" $($SH /tmp/script argument)
printf '#!/bin/busybox echo\n' >/tmp/interpreted
busybox chmod +x /tmp/interpreted
check "interpreted" $(/tmp/interpreted argument)

# Descriptors.
exec 5>/tmp/five
echo through five >&5
exec 5>&-
check "descriptor" $(busybox cat /tmp/five)
check "here document" $(busybox cat <<END
line $((1 + 1))
END
)
check "no such program" $($SH -c '/no/such/program' 2>/dev/null; echo $?)
check "not executable" $($SH -c '/tmp/five' 2>/dev/null; echo $?)

# Files and /proc.
busybox mkdir -p /tmp/tree/a/b /tmp/tree/c
busybox touch /tmp/tree/a/1 /tmp/tree/a/b/2 /tmp/tree/c/3
check "find" $(busybox find /tmp/tree -type f | busybox sort)
busybox cp -r /tmp/tree /tmp/copy
busybox rm -rf /tmp/tree
check "copied and removed" $(busybox find /tmp/copy | busybox wc -l) $(busybox ls /tmp/tree 2>&1 | busybox wc -l)
busybox tar -C /tmp -cf - copy | busybox tar -C /tmp -tf - | busybox sort >/tmp/list
check "tar" $(busybox cat /tmp/list)
check "own name" $(busybox cat /proc/self/comm) $(busybox readlink /proc/self/exe)
check "init" $(busybox awk '/^(Name|State|Pid|PPid|Tgid|Threads|Uid)/' /proc/1/status | busybox tr '\t' ' ' | busybox head -n 7)
check "ps sees itself" $(busybox ps | busybox grep -c '[b]usybox ps')
check "id" $(busybox id -u) $(busybox whoami 2>/dev/null)
check "kill nobody" $(kill -0 29999 2>/dev/null; echo $?)

# A burst: kill everything that was left.
n=0
while [ $n -lt 30 ]; do
	busybox sleep 1000 &
	n=$((n + 1))
done
busybox killall -9 sleep 2>/dev/null || busybox killall -9 busybox
wait
check "all killed" $(busybox ps | busybox grep -c '[s]leep 1000')
echo checks are through
busybox poweroff -f
