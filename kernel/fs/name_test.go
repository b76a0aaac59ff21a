package fs

import (
	"strings"
	"testing"
)

func checkCut(t *testing.T, path string) {
	t.Helper()
	name, _, _ := strings.Cut(path, "/")
	q, rest := cutName(path)
	if q.name != name || rest != path[len(name):] {
		t.Errorf("%q: %q and %q", path, q.name, rest)
	}
	// What lies behind a name has no part in it.
	for _, behind := range []string{"", "x", "/////////", strings.Repeat("y", 20)} {
		alone := makeName((name + behind)[:len(name)])
		if alone != q {
			t.Errorf("%q before %q: %+v, want %+v", name, behind, alone, q)
		}
	}
	if c := (&child{qname: makeName(strings.Clone(name))}); !c.is(&q) {
		t.Errorf("%q is not itself", name)
	}
	if other := makeName(name + "z"); (&child{qname: other}).is(&q) {
		t.Errorf("%q is %q", other.name, name)
	}
}

func TestCutName(t *testing.T) {
	for n := range 30 {
		name := "abcdefghijklmnopqrstuvwxyz0123456789"[:n]
		for _, after := range []string{"", "/", "//", "/x", "/longer/path/with/names"} {
			checkCut(t, name+after)
		}
	}
	checkCut(t, "\x80\xaf\x2e\x30\xff/\x00")
}

func FuzzCutName(f *testing.F) {
	f.Add("name/rest")
	f.Add("a name of more than 8 bytes")
	f.Fuzz(func(t *testing.T, path string) {
		if strings.IndexByte(path, 0) < 0 {
			checkCut(t, path)
		}
	})
}
