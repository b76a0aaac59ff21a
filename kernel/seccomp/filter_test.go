package seccomp

import (
	"syscall"
	"testing"
)

// returning returns a filter that always says the same.
func returning(t *testing.T, v uint32) *Filter {
	p, err := Compile([]Insn{stmt(opRetK, v)})
	if err != nil {
		t.Fatal(err)
	}
	return NewFilter(p, sample.Arch)
}

// attach puts filters one on top of the other and returns the topmost.
func attach(t *testing.T, filters ...*Filter) (top *Filter) {
	for _, f := range filters {
		if err := f.MayAttach(top); err != nil {
			t.Fatal(err)
		}
		f.Attach(top)
		top = f
	}
	return top
}

// The strictest filter counts, and of equals the one that was attached last.
func TestPrecedence(t *testing.T) {
	order := []Action{KillProcess, 0xffff_0000, KillThread, 0x0001_0000, Trap, Errno, UserNotif, Trace, Log, Allow}
	for i, strict := range order {
		for _, mild := range order[i:] {
			for _, swap := range []bool{false, true} {
				a, b := returning(t, uint32(strict)|1), returning(t, uint32(mild)|2)
				top := attach(t, a, b)
				want, data := a, uint16(1)
				if swap {
					a, b = returning(t, uint32(strict)|1), returning(t, uint32(mild)|2)
					top, want = attach(t, b, a), a
				} else if strict == mild {
					want, data = b, 2
				}
				if strict == Allow {
					want, data = nil, 0
				}
				ret, match := top.Run(&sample)
				if action, got := Split(ret); action != strict || got != data || match != want {
					t.Errorf("%#x and %#x, swapped %v: %#x %d", strict, mild, swap, action, got)
				}
			}
		}
	}
}

func TestAllowed(t *testing.T) {
	p, err := Compile(allowList(3))
	if err != nil {
		t.Fatal(err)
	}
	list := NewFilter(p, sample.Arch)
	args, err := Compile([]Insn{stmt(opLoadWord, 0), jump(opJgtK, 0, 0, 1), stmt(opLoadWord, 16), stmt(opRetK, uint32(Allow))})
	if err != nil {
		t.Fatal(err)
	}
	top := attach(t, list, NewFilter(args, sample.Arch))
	for nr, want := range map[int]bool{0: true, 1: false, 2: false, 3: false, -1: false, cachedCalls: false} {
		if got := top.AlwaysAllows(nr); got != want {
			t.Errorf("%d: %v", nr, got)
		}
		if got := list.AlwaysAllows(nr); got != (nr >= 0 && nr < 3) {
			t.Errorf("%d of the list: %v", nr, got)
		}
	}
	if NewFilter(p, sample.Arch+1).AlwaysAllows(0) {
		t.Error("allowed for another architecture")
	}
}

// Linux's own test of the limit: as many filters of the largest size as fit.
func TestMaxPath(t *testing.T) {
	code := make([]Insn, MaxInsns)
	for i := range code {
		code[i] = stmt(opRetK, uint32(Allow))
	}
	p, err := Compile(code)
	if err != nil {
		t.Fatal(err)
	}
	if want := 2*MaxInsns + 3; p.size != want {
		t.Fatalf("size %d, want %d", p.size, want)
	}
	var top *Filter
	n := 0
	for ; ; n++ {
		f := NewFilter(p, sample.Arch)
		if err := f.MayAttach(top); err != nil {
			if err != syscall.ENOMEM {
				t.Error(err)
			}
			break
		}
		f.Attach(top)
		top = f
	}
	if n != 3 {
		t.Errorf("%d filters of %d", n, p.size)
	}
}

func TestLinuxSize(t *testing.T) {
	for name, tt := range map[string]struct {
		i    Insn
		want int
	}{
		"load":                {stmt(opLoadWord, 0), 1},
		"divide by X":         {stmt(opDivX, 0), 5},
		"divide by K":         {stmt(opDivK, 1), 1},
		"return A":            {stmt(opRetA, 0), 1},
		"return K":            {stmt(opRetK, 0), 2},
		"jump":                {stmt(opJump, 0), 1},
		"else next":           {jump(opJeqK, 1, 1, 0), 1},
		"then next":           {jump(opJeqK, 1, 0, 1), 1},
		"neither next":        {jump(opJeqK, 1, 1, 1), 2},
		"bits, then next":     {jump(opJsetX, 1, 0, 1), 2},
		"bits, else next":     {jump(opJsetX, 1, 1, 0), 1},
		"negative":            {jump(opJgtK, 1<<31, 1, 0), 2},
		"negative, neither":   {jump(opJgeK, 1<<31, 1, 1), 3},
		"X, K does not count": {jump(opJgeX, 1<<31, 1, 1), 2},
	} {
		if got := tt.i.linuxSize(); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestTree(t *testing.T) {
	a, b, c := returning(t, 1), returning(t, 2), returning(t, 3)
	top := attach(t, a, b, c)
	side := returning(t, 4)
	b.Use()
	side.Attach(b)
	for i, want := range []*Filter{a, b, c, nil} {
		if got := top.Nth(uint64(i)); got != want {
			t.Errorf("filter %d", i)
		}
	}
	var none *Filter
	if none.Depth() != 0 || none.Nth(0) != nil || none.HasListener() || top.Depth() != 3 || side.Depth() != 3 {
		t.Error("depth")
	}
	for _, tt := range []struct {
		f, g *Filter
		want bool
	}{{a, top, true}, {top, top, true}, {nil, top, true}, {nil, nil, true}, {side, top, false}, {top, nil, false}, {b, side, true}} {
		if tt.f.Below(tt.g) != tt.want {
			t.Errorf("below: %v", tt)
		}
	}
	b.Notifier = NewNotifier(1, false)
	if !top.HasListener() || a.HasListener() {
		t.Error("listeners")
	}
	second := returning(t, 5)
	second.Notifier = NewNotifier(1, false)
	if second.MayAttach(top) != syscall.EBUSY || second.MayAttach(a) != nil {
		t.Error("second listener")
	}
	top.Unuse()
	if b.Notifier.orphaned {
		t.Error("orphaned with a user left")
	}
	side.Unuse()
	if !b.Notifier.orphaned {
		t.Error("not orphaned")
	}
	none.Use()
	none.Unuse()
}

func TestActions(t *testing.T) {
	const all = "kill_process kill_thread trap errno user_notif trace log allow"
	if got := AllActions.String(); got != all {
		t.Error(got)
	}
	for text, want := range map[string]ActionSet{
		all: AllActions, "": 0, "log": SetOf(Log), "log trap": SetOf(Log, Trap), "log  trap": SetOf(Log),
		" log": 0, "log ": SetOf(Log),
	} {
		if got, ok := ParseActions(text); got != want || !ok {
			t.Errorf("%q: %x %v", text, got, ok)
		}
	}
	if _, ok := ParseActions("log nothing"); ok {
		t.Error("nothing is an action")
	}
	if !AllActions.Has(0x1234_0000) || SetOf(Allow).Has(0x1234_0000) || Action(0x1234_0000).Exists() {
		t.Error("unknown actions")
	}
}

func FuzzParseActions(f *testing.F) {
	f.Add("kill_process log")
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := ParseActions(text); ok {
			if again, ok := ParseActions(s.String()); !ok || again != s {
				t.Errorf("%q is %x, which is %q", text, s, s.String())
			}
		}
	})
}
