package cred

import (
	"slices"
	"syscall"
	"testing"
)

const x = Unchanged

// user returns credentials of a user without capabilities.
func user(r, e, s uint32) *Cred {
	return &Cred{UID: r, EUID: e, SUID: s, FSUID: e, GID: r, EGID: e, SGID: s, FSGID: e, Bounding: CapFull}
}

func TestSetIDs(t *testing.T) {
	setuid := func(id uint32) func(*Cred) (*Cred, error) {
		return func(c *Cred) (*Cred, error) { return c.SetUID(id) }
	}
	setreuid := func(r, e uint32) func(*Cred) (*Cred, error) {
		return func(c *Cred) (*Cred, error) { return c.SetREUID(r, e) }
	}
	setresuid := func(r, e, s uint32) func(*Cred) (*Cred, error) {
		return func(c *Cred) (*Cred, error) { return c.SetRESUID(r, e, s) }
	}
	for _, tt := range []struct {
		name string
		from *Cred
		set  func(*Cred) (*Cred, error)
		want ids
		err  error
	}{
		{"setuid of root", Root(), setuid(5), ids{5, 5, 5, 5}, nil},
		{"setuid to the real ID", user(1, 2, 3), setuid(1), ids{1, 1, 3, 1}, nil},
		{"setuid to the saved ID", user(1, 2, 3), setuid(3), ids{1, 3, 3, 3}, nil},
		{"setuid to the effective ID", user(1, 2, 3), setuid(2), ids{}, syscall.EPERM},
		{"setuid to another", user(1, 2, 3), setuid(4), ids{}, syscall.EPERM},
		{"setuid to -1", Root(), setuid(x), ids{}, syscall.EINVAL},
		{"setreuid swaps", user(1, 2, 2), setreuid(2, 1), ids{2, 1, 1, 1}, nil},
		{"setreuid real to effective", user(1, 2, 3), setreuid(2, x), ids{2, 2, 2, 2}, nil},
		{"setreuid real to saved", user(1, 2, 3), setreuid(3, x), ids{}, syscall.EPERM},
		{"setreuid effective to saved", user(1, 2, 3), setreuid(x, 3), ids{1, 3, 3, 3}, nil},
		{"setreuid effective to real", user(1, 2, 3), setreuid(x, 1), ids{1, 1, 3, 1}, nil},
		{"setreuid of nothing", user(1, 2, 3), setreuid(x, x), ids{1, 2, 3, 2}, nil},
		{"setreuid of root", Root(), setreuid(7, 8), ids{7, 8, 8, 8}, nil},
		{"setresuid rotates", user(1, 2, 3), setresuid(2, 3, 1), ids{2, 3, 1, 3}, nil},
		{"setresuid to another", user(1, 2, 3), setresuid(x, x, 4), ids{}, syscall.EPERM},
		{"setresuid of the saved ID", user(1, 2, 3), setresuid(x, x, 1), ids{1, 2, 1, 2}, nil},
		{"setresuid of root", Root(), setresuid(7, 8, 9), ids{7, 8, 9, 8}, nil},
	} {
		got, err := tt.set(tt.from)
		if err != tt.err || err == nil && got.uids() != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

func TestSetFSUID(t *testing.T) {
	c := Root()
	c.EUID = 5 // fsuid of a server that is still 0
	n := c.SetFSUID(5)
	if n.FSUID != 5 || n.Effective&capFS != 0 || n.Effective&^capFS != CapFull&^capFS {
		t.Errorf("from root: %+v", n)
	}
	if n = n.SetFSUID(0); n.FSUID != 0 || n.Effective != CapFull {
		t.Errorf("back to root: %+v", n)
	}
	u := user(1, 2, 3)
	for id, want := range map[uint32]uint32{1: 1, 2: 2, 3: 3, 4: 2, x: 2} {
		if n := u.SetFSUID(id); n.FSUID != want {
			t.Errorf("setfsuid(%d): %d, want %d", id, n.FSUID, want)
		}
	}
}

func TestCapsFollowUID(t *testing.T) {
	root := Root()
	root.Inheritable, root.Ambient = 1<<CAP_KILL, 1<<CAP_KILL
	n, _ := root.SetUID(5)
	if n.Permitted != 0 || n.Effective != 0 || n.Ambient != 0 || n.Inheritable == 0 {
		t.Errorf("root to user: %+v", n)
	}
	if n, _ = root.SetRESUID(x, 5, x); n.Permitted != CapFull || n.Effective != 0 {
		t.Errorf("effective ID only: %+v", n)
	}
	if n, _ = n.SetRESUID(x, 0, x); n.Effective != CapFull {
		t.Errorf("and back: %+v", n)
	}
	keep, _ := root.SetKeepCaps(true)
	if n, _ = keep.SetUID(5); n.Permitted != CapFull || n.Effective != 0 || n.Ambient != 0 {
		t.Errorf("KEEP_CAPS: %+v", n)
	}
	fixed, _ := root.SetSecurebits(SECURE_NO_SETUID_FIXUP)
	if n, _ = fixed.SetUID(5); n.Effective != CapFull || n.Ambient == 0 {
		t.Errorf("NO_SETUID_FIXUP: %+v", n)
	}
}

func TestSetCaps(t *testing.T) {
	const a, b = CapSet(1 << CAP_KILL), CapSet(1 << CAP_CHOWN)
	c := &Cred{Permitted: a, Effective: a, Bounding: CapFull}
	for _, tt := range []struct {
		name    string
		e, p, i CapSet
		err     error
	}{
		{"drop all", 0, 0, 0, nil},
		{"inherit", a, a, a, nil},
		{"gain", a, a | b, 0, syscall.EPERM},
		{"effective but not permitted", a, 0, 0, syscall.EPERM},
		{"inherit more", 0, a, b, syscall.EPERM},
	} {
		if _, err := c.SetCaps(tt.e, tt.p, tt.i); err != tt.err {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
	root := Root()
	root.Permitted = CapFull &^ a
	if _, err := root.SetCaps(0, 0, a); err != nil {
		t.Errorf("CAP_SETPCAP inherits from the bounding set: %v", err)
	}
}

func TestSetGroups(t *testing.T) {
	c, err := Root().SetGroups([]uint32{9, 3, 7})
	if err != nil || !slices.Equal(c.Groups, []uint32{3, 7, 9}) {
		t.Errorf("%v, %v", c, err)
	}
	for gid, want := range map[uint32]bool{0: true, 3: true, 4: false, 9: true} {
		if c.InGroup(gid) != want || c.InEGroup(gid) != want {
			t.Errorf("in group %d: want %v", gid, want)
		}
	}
	if _, err := Root().SetGroups([]uint32{x}); err != syscall.EINVAL {
		t.Errorf("group -1: %v", err)
	}
	if _, err := user(1, 1, 1).SetGroups(nil); err != syscall.EPERM {
		t.Errorf("without capability: %v", err)
	}
}

func TestExec(t *testing.T) {
	for _, tt := range []struct {
		name   string
		from   *Cred
		file   ExecFile
		euid   uint32
		caps   CapSet // permitted and effective
		secure bool
	}{
		{"user", user(5, 5, 5), ExecFile{}, 5, 0, false},
		{"root", Root(), ExecFile{}, 0, CapFull, false},
		{"setuid root", user(5, 5, 5), ExecFile{SetUID: true}, 0, CapFull, true},
		{"setuid user", user(5, 5, 5), ExecFile{SetUID: true, UID: 6}, 6, 0, true},
		{"setuid self", user(5, 5, 5), ExecFile{SetUID: true, UID: 5}, 5, 0, false},
		{"setuid root, no new privileges", user(5, 5, 5), ExecFile{SetUID: true, NoNewPrivs: true}, 5, 0, false},
		{"setuid root, shared", user(5, 5, 5), ExecFile{SetUID: true, Shared: true}, 5, 0, true},
		{"setgid", user(5, 5, 5), ExecFile{SetGID: true, GID: 6}, 5, 0, true},
		{"effective differs", user(5, 6, 5), ExecFile{}, 6, 0, true},
	} {
		n, secure := tt.from.Exec(tt.file)
		if n.EUID != tt.euid || n.SUID != tt.euid || n.FSUID != tt.euid || n.Permitted != tt.caps || n.Effective != tt.caps || secure != tt.secure {
			t.Errorf("%s: %+v, secure %v", tt.name, n, secure)
		}
	}
	// Ambient capabilities survive an ordinary program, not one with set-ID.
	c := user(5, 5, 5)
	c.Permitted, c.Inheritable, c.Ambient = 2, 2, 2
	if n, secure := c.Exec(ExecFile{}); n.Permitted != 2 || n.Effective != 2 || secure {
		t.Errorf("ambient: %+v", n)
	}
	if n, _ := c.Exec(ExecFile{SetUID: true, UID: 6}); n.Ambient != 0 || n.Permitted != 0 {
		t.Errorf("ambient and set-ID: %+v", n)
	}
}
