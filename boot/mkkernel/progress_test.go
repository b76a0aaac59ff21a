package main

import (
	"strings"
	"testing"
)

func TestCounter(t *testing.T) {
	const clear = "\r\x1b[K"
	tests := []struct {
		name  string
		write []string
		want  string
	}{
		{"nothing", nil, ""},
		{"packages", []string{"internal/goarch\nruntime\n"}, "\r          packages compiled: 1\x1b[K\r          packages compiled: 2\x1b[K" + clear},
		{"in pieces", []string{"run", "time", "\n"}, "\r          packages compiled: 1\x1b[K" + clear},
		{"a module", []string{"github.com/u-root/u-root/pkg/dt\n"}, "\r          packages compiled: 1\x1b[K" + clear},
		{"an error", []string{"# onsen/kernel\nkernel/a.go:1:1: syntax error\n"}, "# onsen/kernel\nkernel/a.go:1:1: syntax error\n"},
		{"an error after a package", []string{"runtime\n# onsen\n"}, "\r          packages compiled: 1\x1b[K" + clear + "# onsen\n" + clear},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			c := &counter{out: &out}
			for _, text := range test.write {
				if n, err := c.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("Write(%q) = %d, %v", text, n, err)
				}
			}
			c.clear()
			if out.String() != test.want {
				t.Errorf("shows %q, want %q", out.String(), test.want)
			}
		})
	}
}
