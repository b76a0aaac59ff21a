package seccomp

import "strings"

// Action is what becomes of a system call: SECCOMP_RET_*. It is in the upper half
// of what a filter returns. Of several filters' actions the one counts that is
// least as a number with a sign.
type Action uint32

const (
	KillProcess Action = 0x8000_0000
	KillThread  Action = 0x0000_0000
	Trap        Action = 0x0003_0000
	Errno       Action = 0x0005_0000
	UserNotif   Action = 0x7fc0_0000
	Trace       Action = 0x7ff0_0000
	Log         Action = 0x7ffc_0000
	Allow       Action = 0x7fff_0000

	actionMask = 0xffff_0000
	dataMask   = 0x0000_ffff
)

// Split divides what a filter has returned.
func Split(ret uint32) (a Action, data uint16) {
	return Action(ret & actionMask), uint16(ret & dataMask)
}

// actions are the actions, strictest first, with their names in
// /proc/sys/kernel/seccomp.
var actions = [...]struct {
	action Action
	name   string
}{
	{KillProcess, "kill_process"}, {KillThread, "kill_thread"}, {Trap, "trap"}, {Errno, "errno"},
	{UserNotif, "user_notif"}, {Trace, "trace"}, {Log, "log"}, {Allow, "allow"},
}

// Exists reports whether there is such an action. A filter may return others: they
// are KillProcess.
func (a Action) Exists() bool { return a.set() != 0 }

// ActionSet is a set of actions.
type ActionSet uint32

// AllActions has every action.
const AllActions ActionSet = 1<<len(actions) - 1

// set returns the set of one action, the empty one if it does not exist.
func (a Action) set() ActionSet {
	for i := range actions {
		if actions[i].action == a {
			return 1 << i
		}
	}
	return 0
}

// SetOf returns the set of some actions.
func SetOf(as ...Action) (s ActionSet) {
	for _, a := range as {
		s |= a.set()
	}
	return s
}

// Has reports whether an action is in the set. One that does not exist counts as
// KillProcess.
func (s ActionSet) Has(a Action) bool {
	if !a.Exists() {
		a = KillProcess
	}
	return s&a.set() != 0
}

// String returns the names of the set's actions, strictest first.
func (s ActionSet) String() string {
	var names []string
	for i := range actions {
		if s>>i&1 != 0 {
			names = append(names, actions[i].name)
		}
	}
	return strings.Join(names, " ")
}

// ParseActions reads what String writes, in any order. Two blanks in a row are the
// end, as they are for Linux. It reports false if a name is not known.
func ParseActions(text string) (s ActionSet, ok bool) {
	for text != "" && text[0] != ' ' {
		var name string
		name, text, _ = strings.Cut(text, " ")
		a := actionOf(name)
		if a == 0 {
			return 0, false
		}
		s |= a
	}
	return s, true
}

func actionOf(name string) ActionSet {
	for i := range actions {
		if actions[i].name == name {
			return 1 << i
		}
	}
	return 0
}
