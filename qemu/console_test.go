package qemu

import (
	"context"
	"errors"
	"io"
	"reflect"
	"regexp"
	"testing"
	"time"
)

// past is a context whose deadline has been reached: Expect looks once.
func past(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		out  string
		want []string
	}{
		{"", nil},
		{"a\nb\n", []string{"a", "b"}},
		{"a\r\nb", []string{"a", "b"}},
		{"\n\nx\n", []string{"", "", "x"}},
		{"[    0.123456] smp: 4 CPUs online\n", []string{"smp: 4 CPUs online"}},
		{"[   12.000001]\n", []string{""}},
		{"[not a stamp] x\n", []string{"[not a stamp] x"}},
		{"\x1bc\x1b[?7l\x1b[2J\x1b[1;31mred\x1b[0m\r\n", []string{"red"}},
	} {
		c := NewConsole(io.Discard)
		c.Receive([]byte(tt.out))
		if got := c.Lines(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Lines of %q = %q, want %q", tt.out, got, tt.want)
		}
	}
}

func TestExpect(t *testing.T) {
	const out = "Onsen 0.1 on amd64\nsmp: 4 CPUs online\nsmp: 2 CPUs online\necho: 64 bytes crc32 12"
	for _, tt := range []struct {
		name  string
		ended bool
		steps []string
		want  []string // submatches of the last step; nil is a failure
		err   error
	}{
		{"first line", false, []string{`^Onsen (\S+)`}, []string{"Onsen 0.1", "0.1"}, nil},
		{"skips lines", false, []string{`online`}, []string{"online"}, nil},
		{"goes on behind the match", false, []string{`(\d) CPUs`, `(\d) CPUs`}, []string{"2 CPUs", "2"}, nil},
		{"never goes back", false, []string{`(\d) CPUs`, `Onsen`}, nil, context.Canceled},
		{"anchors are the line's", false, []string{`^smp.*online$`}, []string{"smp: 4 CPUs online"}, nil},
		{"an incomplete line is no line", false, []string{`crc32 (\d+)`}, nil, context.Canceled},
		{"the end completes it", true, []string{`crc32 (\d+)`}, []string{"crc32 12", "12"}, nil},
		{"ended without", true, []string{`nothing`}, nil, ErrEnded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewConsole(io.Discard)
			c.Receive([]byte(out))
			if tt.ended {
				c.End()
			}
			var got []string
			var err error
			for _, re := range tt.steps {
				got, err = c.Expect(past(t), regexp.MustCompile(re))
			}
			if !errors.Is(err, tt.err) || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// A failed Expect leaves the lines to the next one.
func TestExpectFailureConsumesNothing(t *testing.T) {
	c := NewConsole(io.Discard)
	c.Receive([]byte("one\ntwo\n"))
	if _, err := c.Expect(past(t), regexp.MustCompile("three")); err == nil {
		t.Fatal("found three")
	}
	if _, err := c.Expect(past(t), regexp.MustCompile("one")); err != nil {
		t.Error(err)
	}
}

func TestExpectFatal(t *testing.T) {
	newConsole := func() *Console {
		c := NewConsole(io.Discard)
		c.Fatal = regexp.MustCompile(`^Kernel panic`)
		c.Receive([]byte("Kernel panic - not syncing\n"))
		return c
	}
	if _, err := newConsole().Expect(t.Context(), regexp.MustCompile("never")); !errors.Is(err, ErrFatal) {
		t.Errorf("error %v, want %v", err, ErrFatal)
	}
	if _, err := newConsole().Expect(t.Context(), regexp.MustCompile("not syncing")); err != nil {
		t.Errorf("the asked-for line is fatal: %v", err)
	}
}

// Bytes that arrive while Expect waits are seen, wherever a line is cut.
func TestExpectWaits(t *testing.T) {
	c := NewConsole(io.Discard)
	go func() {
		for _, part := range []string{"smp: ", "4 CPUs", " online\r", "\nx"} {
			time.Sleep(time.Millisecond)
			c.Receive([]byte(part))
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m, err := c.Expect(ctx, regexp.MustCompile(`^smp: (\d+) CPUs online$`))
	if err != nil || m[1] != "4" {
		t.Errorf("%q, %v", m, err)
	}
}

func TestExpectDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := NewConsole(io.Discard).Expect(ctx, regexp.MustCompile("x"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("[ 1.0] \x1b[0mx\r\n"))
	f.Add([]byte("\x1b"))
	f.Fuzz(func(t *testing.T, out []byte) {
		c := NewConsole(io.Discard)
		c.Receive(out)
		newlines := 0
		for _, b := range out {
			if b == '\n' {
				newlines++
			}
		}
		if n := len(c.Lines()); n != newlines && n != newlines+1 {
			t.Errorf("%d lines from %d newlines", n, newlines)
		}
	})
}
