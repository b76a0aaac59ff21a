package signal

import (
	"errors"
	"syscall"
	"testing"
)

// TestRead: how much of a siginfo is read depends on its code, and what has no
// layout must be 0.
func TestRead(t *testing.T) {
	fault := errors.New("fault")
	for _, tt := range []struct {
		name     string
		sig      int
		code     int32
		readable int // how many bytes there are
		tail     byte
		want     error
	}{
		{"known", SIGUSR1, SI_QUEUE, 48, 0, nil},
		{"known, more behind", SIGUSR1, SI_QUEUE, 128, 1, nil},
		{"too short", SIGUSR1, SI_QUEUE, 47, 0, fault},
		{"unknown", SIGUSR1, -100, 128, 0, nil},
		{"unknown, more behind", SIGUSR1, -100, 128, 1, syscall.E2BIG},
		{"unknown, short", SIGUSR1, -100, 127, 0, fault},
		{"own code", SIGSEGV, 9, 48, 0, nil},
		{"more than own codes", SIGSEGV, 10, 128, 1, syscall.E2BIG},
		{"own codes are not those of poll", SIGSYS, 3, 128, 1, syscall.E2BIG},
		{"code of poll", SIGUSR1, 6, 48, 0, nil},
		{"kernel", SIGUSR1, SI_KERNEL, 48, 0, nil},
		{"beyond the kernel", SIGUSR1, SI_KERNEL + 1, 128, 1, syscall.E2BIG},
		{"lookup", SIGUSR1, -60, 48, 0, nil},
		{"least known", SIGUSR1, -7, 48, 0, nil},
	} {
		user := make([]byte, InfoSize)
		copy(user, (&Info{Signo: 99, Errno: 3, Code: tt.code}).Bytes()[:])
		user[InfoSize-1] = tt.tail
		got, err := Read(tt.sig, func(b []byte, at uintptr) error {
			if int(at)+len(b) > tt.readable {
				return fault
			}
			copy(b, user[at:])
			return nil
		})
		if err != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err == nil && (int(got.Signo) != tt.sig || got.Errno != 3) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// FuzzRead: whatever a program has for a siginfo, what is taken over of it is what
// a layout has, and a program cannot pass for the kernel to others.
func FuzzRead(f *testing.F) {
	f.Add(SIGUSR1, []byte{10, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Add(KeepSigno, []byte{99})
	f.Fuzz(func(t *testing.T, sig int, memory []byte) {
		var user [InfoSize]byte
		copy(user[:], memory)
		i, err := Read(sig, func(b []byte, at uintptr) error {
			copy(b, user[at:])
			return nil
		})
		if err != nil && err != syscall.E2BIG {
			t.Fatal(err)
		}
		if sig != KeepSigno && i.Signo != int32(sig) {
			t.Fatalf("signal %d, not %d", i.Signo, sig)
		}
		if [infoUsed - 4]byte(i.Bytes()[4:]) != [infoUsed - 4]byte(user[4:]) {
			t.Fatal("other fields than the program's")
		}
		if l := i.Layout(); l > LayoutSys || (l == LayoutFault || l == LayoutChild || l == LayoutSys) && i.Code <= 0 {
			t.Fatalf("layout %d of signal %d code %d", l, i.Signo, i.Code)
		}
		if i.CheckQueued() == nil && i.Code >= 0 {
			t.Fatalf("others may get code %d", i.Code)
		}
	})
}

// FuzzClean: an action that a program sets has only flags that there are, and
// blocks nothing that cannot be.
func FuzzClean(f *testing.F) {
	f.Add(uint64(0), ^uint64(0), ^uint64(0), 9)
	f.Fuzz(func(t *testing.T, handler, flags, mask uint64, n int) {
		a := Action{Handler: uintptr(handler), Flags: flags, Mask: Set(mask)}
		a.Clean()
		b := a
		if b.Clean(); b != a {
			t.Fatalf("%v is not clean", a)
		}
		if a.Flags&^flags != 0 || a.Flags&SA_UNSUPPORTED != 0 || a.Mask.Has(SIGKILL) || a.Mask.Has(SIGSTOP) {
			t.Fatalf("kept %v", a)
		}
		if sig := n&63 + 1; a.Ignores(sig) && a.Fatal(sig) {
			t.Fatalf("signal %d is ignored and fatal", sig)
		}
	})
}
