package random

import (
	"bytes"
	"testing"
)

func TestRead(t *testing.T) {
	a, b := make([]byte, 100), make([]byte, 100)
	Read(a)
	Read(b)
	if bytes.Equal(a, b) || bytes.Equal(a, make([]byte, 100)) {
		t.Errorf("%x\n%x", a, b)
	}
	Read(make([]byte, 3*reseedBytes))
	if one, two := Uint64(), Uint64(); one == two {
		t.Error("twice the same word")
	}
}

func TestMix(t *testing.T) {
	Hardware = func() (uint64, bool) { return 1, true }
	for _, n := range []int{0, 1, 32, 33, 100} {
		Mix(make([]byte, n))
		if Uint64() == 0 {
			t.Errorf("zero after %d bytes", n)
		}
	}
}
