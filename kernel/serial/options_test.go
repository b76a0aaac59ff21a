package serial

import "testing"

func TestParseConsole(t *testing.T) {
	tests := []struct {
		value string
		want  ConsoleOptions
		ok    bool
	}{
		{"ttyS0", ConsoleOptions{Name: "ttyS0"}, true},
		{"ttyS0,115200n8", ConsoleOptions{"ttyS0", LineOptions{Baud: 115200, Parity: 'n', Bits: 8}}, true},
		{"ttyAMA1,9600", ConsoleOptions{"ttyAMA1", LineOptions{Baud: 9600}}, true},
		{"ttyS1,57600e7r", ConsoleOptions{"ttyS1", LineOptions{Baud: 57600, Parity: 'e', Bits: 7, RTS: true}}, true},
		{"ttyS,300o", ConsoleOptions{"ttyS0", LineOptions{Baud: 300, Parity: 'o'}}, true},
		{"ttyS0,", ConsoleOptions{Name: "ttyS0"}, true},
		{"1", ConsoleOptions{Name: "ttyS1"}, true},
		{"tty0", ConsoleOptions{Name: "tty0"}, true},
		{"hvc", ConsoleOptions{Name: "hvc0"}, true},
		{"", ConsoleOptions{}, true},
		{"null", ConsoleOptions{}, true},
		{"ttynull", ConsoleOptions{}, true},

		{"ttyS0,fast", ConsoleOptions{}, false},
		{"ttyS0,n8", ConsoleOptions{}, false},
		{"ttyS0,49", ConsoleOptions{}, false},
		{"ttyS0,4000001", ConsoleOptions{}, false},
		{"ttyS0,99999999999999999999", ConsoleOptions{}, false},
		{"ttyS0,115200x8", ConsoleOptions{}, false},
		{"ttyS0,115200n9", ConsoleOptions{}, false},
		{"ttyS0,115200n4", ConsoleOptions{}, false},
		{"ttyS0,115200n8x", ConsoleOptions{}, false},
		{"ttyS0,115200n8rr", ConsoleOptions{}, false},
		{"ttyS0,115200n8,more", ConsoleOptions{}, false},
	}
	for _, tt := range tests {
		got, err := ParseConsole(tt.value)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: %+v, %v; want %+v, ok %v", tt.value, got, err, tt.want, tt.ok)
		}
	}
}

func TestLineOptionsString(t *testing.T) {
	for _, s := range []string{"115200n8", "9600e7r", "300o5"} {
		o, err := ParseLine(s)
		if err != nil || o.String() != s {
			t.Errorf("%s becomes %s, %v", s, o, err)
		}
	}
	if got := (LineOptions{Baud: 9600}).String(); got != "9600n8" {
		t.Errorf("default is %s", got)
	}
}

func FuzzParseConsole(f *testing.F) {
	f.Add("ttyS0,115200n8r")
	f.Add(",")
	f.Fuzz(func(t *testing.T, value string) {
		o, err := ParseConsole(value)
		if err != nil {
			if o != (ConsoleOptions{}) {
				t.Errorf("%q: %v, and %+v", value, err, o)
			}
			return
		}
		if o.Line == (LineOptions{}) {
			return
		}
		again, err := ParseLine(o.Line.String())
		if err != nil || again.String() != o.Line.String() {
			t.Errorf("%q: options %s become %s, %v", value, o.Line, again, err)
		}
	})
}
