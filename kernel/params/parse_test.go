package params

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

var defaultEnv = []string{"HOME=/", "TERM=linux"}

// complaints returns the diagnostics that are not notices, as lines.
func complaints(r Result) []string {
	var lines []string
	for _, d := range r.Diagnostics {
		if !d.Notice {
			lines = append(lines, d.String())
		}
	}
	return lines
}

func TestParseInit(t *testing.T) {
	var sink string
	table := []Setup{
		String("root=", &sink),
		{Name: "init=", Parse: String("init=", &sink).Parse, DropsInitArgs: true},
		Word("quiet", func() {}),
	}
	tests := []struct {
		line      string
		args, env []string
	}{
		{"", nil, nil},
		{"   ", nil, nil},
		{"quiet root=/dev/vda", nil, nil},
		{"single", []string{"single"}, nil},
		{"FOO=bar 3", []string{"3"}, []string{"FOO=bar"}},
		{"FOO=bar FOO=baz", nil, []string{"FOO=baz"}},
		{"FOO=1 FOOD=2", nil, []string{"FOO=1", "FOOD=2"}},
		{"TERM=vt100", nil, []string{"TERM=vt100"}},
		{`FOO="a b" "c d"`, []string{"c d"}, []string{"FOO=a b"}},

		// A module's parameter is for no one; a dot in the value is no matter.
		{"usbcore.autosuspend=5 foo.bar", nil, nil},
		{"FOO=a.b", nil, []string{"FOO=a.b"}},

		// A word that needs a value is init's without one.
		{"root quiet", []string{"root"}, nil},

		// init= drops the arguments in front of it, not the environment.
		{"auto A=1 init=/bin/sh -c", []string{"-c"}, []string{"A=1"}},
		{"auto init= b", []string{"auto", "b"}, nil},

		// Everything behind -- is an argument; a second -- ends the line.
		{"a -- b quiet C=d usb.core", []string{"a", "b", "quiet", "C=d", "usb.core"}, nil},
		{`-- "x y" --z z="1 2"`, []string{"x y", "--z", "z=1 2"}, nil},
		{"-- a -- b", []string{"a"}, nil},
		{"--=1 b", []string{"b"}, []string{"--=1"}},
		{"--", nil, nil},
		{`-- ""`, []string{""}, nil},
	}
	for _, tt := range tests {
		r := Parse(tt.line, table)
		env := slices.Clone(defaultEnv)
		for _, e := range tt.env {
			if strings.HasPrefix(e, "TERM=") {
				env[1] = e
			} else {
				env = append(env, e)
			}
		}
		if !slices.Equal(r.InitArgs, tt.args) || !slices.Equal(r.InitEnv, env) {
			t.Errorf("%q: args %q env %q; want %q, %q", tt.line, r.InitArgs, r.InitEnv, tt.args, env)
		}
	}
}

func TestParseDiagnostics(t *testing.T) {
	n := 3
	table := []Setup{Int("num", &n, 0, 9)}
	tests := []struct {
		line string
		want string // the only diagnostic
		n    int
	}{
		{"num=5", "", 5},
		{"num=0x5", "", 5},
		{"num=x", `command line: "num=x": not a number; ignored`, 3},
		{"num=10", `command line: "num=10": not between 0 and 9; ignored`, 3},
		{"num", `command line: "num": needs a value; ignored`, 3},
		{"num=", `command line: "num=": not a number; ignored`, 3},
		{"num=4 num=x", `command line: "num=x": not a number; ignored`, 4},
		{"mod.par=1", `command line: "mod.par=1": no module has this parameter; ignored`, 3},
		{"A=1 b num=4", `command line: "A=1 b": unknown; passed to init`, 4},
		{"num=6 -- quiet", "", 6},
		{"num=\x1b[31m", `command line: "num=\x1b[31m": not a number; ignored`, 3},
		{`-- "a b`, `command line: "a b": quotes are not closed; the word goes to the end of the line`, 3},
	}
	for _, tt := range tests {
		n = 3
		r := Parse(tt.line, table)
		got := ""
		for _, d := range r.Diagnostics {
			got += d.String()
		}
		if got != tt.want || n != tt.n {
			t.Errorf("%q: %q, num = %d; want %q, %d", tt.line, got, n, tt.want, tt.n)
		}
	}
}

func TestParseTwoTables(t *testing.T) {
	var a, b int
	r := Parse("x-y=4", []Setup{Int("x_y", &a, 0, 9)}, []Setup{Int("x-y", &b, 0, 9)})
	if a != 4 || b != 4 || len(r.Diagnostics) != 0 {
		t.Errorf("a = %d, b = %d, %v", a, b, r.Diagnostics)
	}
}

func TestParseLimits(t *testing.T) {
	line := func(format string) string {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	r := Parse(line("E%d=x "))
	if len(r.InitEnv) != MaxInitEnvs || len(complaints(r)) != 40-MaxInitEnvs+len(defaultEnv) {
		t.Errorf("environment: %d, complaints %q", len(r.InitEnv), complaints(r))
	}
	r = Parse(line("a%d "))
	if len(r.InitArgs) != MaxInitArgs || len(complaints(r)) != 40-MaxInitArgs {
		t.Errorf("arguments: %d, complaints %q", len(r.InitArgs), complaints(r))
	}
}

func TestParseTooLong(t *testing.T) {
	pad := func(n int) string { return "-- " + strings.Repeat("x", n-3) }
	tests := []struct {
		name, line string
		want       int // bytes kept
		complaint  string
	}{
		{"just fits", pad(MaxLen), MaxLen, ""},
		{"ends at the limit", pad(MaxLen) + " y", MaxLen, `"y"`},
		{"word across the limit", pad(MaxLen-4) + " mem=512M z", MaxLen - 4, `"mem=512M"`},
		{"quoted word across the limit", pad(MaxLen-9) + ` a="b c d e" z`, MaxLen - 9, `"a=\"b"`},
		{"one endless word", strings.Repeat("w", 2*MaxLen), 0, `"` + strings.Repeat("w", 40) + `"`},
		{"only spaces", strings.Repeat(" ", 2*MaxLen), 0, `""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Parse(tt.line)
			if len(r.CommandLine) != tt.want {
				t.Errorf("kept %d bytes, want %d", len(r.CommandLine), tt.want)
			}
			want := ""
			if tt.complaint != "" {
				want = "command line: " + tt.complaint + ": the line is longer than 4096 bytes; ignored from here on"
			}
			if got := strings.Join(complaints(r), "\n"); got != want {
				t.Errorf("complaints:\n got %q\nwant %q", got, want)
			}
		})
	}
}

func TestParseStopsAtNUL(t *testing.T) {
	if r := Parse("a\x00b"); !slices.Equal(r.InitArgs, []string{"a"}) || r.CommandLine != "a" {
		t.Errorf("%+v", r)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`console=ttyS0,115200n8 quiet root="/dev/v da" mem=512M isolcpus=nohz,1-3 -- sh -c "a b"`)
	f.Add(`"a=b c" x" "y=" = == "" -- --`)
	f.Add(strings.Repeat("loglevel=3 ", 400))
	f.Fuzz(func(t *testing.T, line string) {
		p := ParseCommandLine(line)
		if len(p.CommandLine) > MaxLen || !strings.HasPrefix(line, p.CommandLine) {
			t.Fatal("the line is not the front of what was given")
		}
		if len(p.InitArgs) > MaxInitArgs || len(p.InitEnv) > MaxInitEnvs {
			t.Fatal("too much for init")
		}
		for _, env := range p.InitEnv {
			if env == "" || !strings.Contains(env[1:], "=") { // a name may start with =
				t.Errorf("environment has %q", env)
			}
		}
		if p.Mem == 0 || p.NrCPUs < 1 || p.MaxCPUs < 0 || p.LogLevel < 0 || p.LogLevel > logLevelMax {
			t.Errorf("a value is out of its range: %+v", p)
		}
		for _, d := range p.Diagnostics {
			for _, c := range d.String() {
				if c < ' ' || c == 0x7f {
					t.Errorf("unprintable diagnostic %q", d.String())
				}
			}
		}
	})
}
