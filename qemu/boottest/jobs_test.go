package boottest

import (
	"fmt"
	"path/filepath"
	"testing"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

const (
	ctrlC         = "\x03"
	ctrlD         = "\x04"
	ctrlBackslash = "\x1c"
	ctrlZ         = "\x1a"
	enter         = "\r"
)

// untilStopped waits for the only job to stop.
const untilStopped = "until jobs | busybox grep -q Stopped; do busybox usleep 10000; done; echo is-$((1+1))"

// interrupted is what comes of ctrlC. Linux now and then loses its echo on a pseudo
// terminal; user/tests/events.c compares how it is echoed.
const interrupted = `(\^C)?[\r\n]*ready> `

// jobControl is what is typed at bash, and what comes then. A prompt comes
// before every line.
var jobControl = []struct{ typed, want string }{
	// A program in front is interrupted, and quits.
	{"job number-1" + enter, `number-1 is here\r\n`},
	{ctrlC, interrupted},
	{"echo was-$?" + enter, `was-130\r\nready> `},
	{"job number-2" + enter, `number-2 is here\r\n`},
	{ctrlBackslash, `\^\\(Quit)?.*\r\nready> `},
	{"echo was-$?" + enter, `was-131\r\nready> `},
	{"job number-3 | busybox cat" + enter, `number-3 is here\r\n`},
	{ctrlC, interrupted},
	{"echo was-${PIPESTATUS[*]}" + enter, `was-130 130\r\nready> `},
	// It stops, goes on behind and in front.
	{"job number-4" + enter, `number-4 is here\r\n`},
	{ctrlZ, `\^Z\r\n\[1\]\+\s+Stopped .*\r\nready> `},
	{"echo was-$?" + enter, `was-148\r\nready> `},
	{"jobs" + enter, `\[1\]\+\s+Stopped\s+job number-4\r\nready> `},
	{"busybox grep State /proc/$(jobs -p)/status" + enter, `State:\s+T \(stopped\)\r\nready> `},
	{"bg" + enter, `\[1\]\+ job number-4 &\r\nready> `},
	{"jobs" + enter, `\[1\]\+\s+Running\s+job number-4 &\r\nready> `},
	{"fg" + enter, `number-4 is here\r\n`},
	{ctrlZ, `\^Z\r\n\[1\]\+\s+Stopped .*\r\nready> `},
	{"fg %1" + enter, `number-4 is here\r\n`},
	{ctrlC, interrupted},
	{"echo was-$?" + enter, `was-130\r\nready> `},
	// Jobs are killed, one behind and one that is stopped.
	{"job behind &" + enter, `\[1\] \d+\r\nready> `},
	{"kill %1; wait %1; echo was-$?" + enter, `was-143\r\nready> `},
	{"job number-5" + enter, `number-5 is here\r\n`},
	{ctrlZ, `Stopped .*\r\nready> `},
	{"kill %1; while jobs %1 >/dev/null 2>&1; do busybox usleep 10000; done; echo gone-$((1+1))" + enter, `gone-2\r\nready> `},
	// Who reads behind is stopped, and reads in front.
	{"busybox cat &" + enter, `\[1\] \d+\r\n`},
	{untilStopped + enter, `is-2\r\nready> `},
	{"fg" + enter, `\r\nbusybox cat\r\n`},
	{"some text" + enter, `some text\r\nsome text\r\n`},
	{ctrlD, `ready> `},
	{"echo was-$?" + enter, `was-0\r\nready> `},
	// So is who writes behind, if that is asked for.
	{"busybox stty tostop" + enter, `ready> `},
	{"busybox printf 'wrote-%d\\n' 07 &" + enter, `\[1\] \d+\r\n`},
	{untilStopped + enter, `is-2\r\nready> `},
	{"fg" + enter, `wrote-7\r\nready> `},
	{"busybox stty -tostop" + enter, `ready> `},
	// The size changes.
	{`busybox sh -c 'trap "echo now-\$((40+4)); exit" WINCH; busybox stty rows 31 cols 77; while :; do busybox usleep 1000; done'` + enter,
		`now-44\r\nready> `},
	{"busybox stty size" + enter, `31 77\r\nready> `},
	// The shell asks before it leaves a stopped job behind.
	{"job number-6" + enter, `number-6 is here\r\n`},
	{ctrlZ, `Stopped .*\r\nready> `},
	{"exit" + enter, `There are stopped jobs\.\r\nready> `},
	{"exit" + enter, `exit\r\n`},
}

// Debian's bash has job control on a serial port and on a pseudo terminal. What
// it shows there under Linux is what the test wants.
func TestJobControl(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(fmt.Sprintf("%s,linux", arch), func(t *testing.T) {
			t.Parallel()
			testJobControl(t, qemutest.Linux(t, arch))
		})
		for _, cpus := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s,%d", arch, cpus), func(t *testing.T) {
				t.Parallel()
				m := qemutest.Kernel(t, arch)
				m.CPUs = cpus
				m.Append = append(m.Append, "quiet")
				testJobControl(t, m)
			})
		}
	}
}

func testJobControl(t *testing.T, m qemu.Config) {
	m.Initrd = filepath.Join(qemutest.Root(t), "build", "user", string(m.Arch), "jobs.cpio")
	g := qemutest.Boot(t, m)
	for _, terminal := range []string{"serial port", "pseudo terminal"} {
		g.ExpectText(`ready> `)
		for _, j := range jobControl {
			g.Type([]byte(j.typed))
			g.ExpectText(j.want)
		}
		g.Expect(`nothing is left on the ` + terminal)
	}
	g.Exit(qemu.PoweredOff)
}
