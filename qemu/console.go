package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

// The reasons for which Expect gives up before its deadline.
var (
	ErrEnded = errors.New("the machine ended")
	ErrFatal = errors.New("the kernel gave up")
)

// Console is a machine's serial port: everything the guest has written so far,
// a reading position for Expect, and the way in.
//
// Its methods may be called from any goroutine, but two Expects at the same
// time steal each other's lines.
type Console struct {
	// Fatal makes Expect fail at once, instead of at its deadline, when a
	// line matches it that the caller did not ask for. Nil matches nothing.
	// To be set before the first Expect.
	Fatal *regexp.Regexp

	in io.Writer

	mu      sync.Mutex
	out     []byte        // all bytes received; mu
	next    int           // start of the first line no Expect has consumed; mu
	ended   bool          // no more bytes will come; mu
	changed chan struct{} // closed and replaced when out or ended change; mu
}

// NewConsole returns a console whose Write calls feed input to in. The guest's
// output arrives through Receive.
func NewConsole(in io.Writer) *Console {
	return &Console{in: in, changed: make(chan struct{})}
}

// Receive adds bytes that the guest has written.
func (c *Console) Receive(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, p...)
	c.wakeLocked()
}

// End says that no more bytes will come.
func (c *Console) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.wakeLocked()
}

func (c *Console) wakeLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Write types p on the guest's serial port. It blocks while the guest does not
// read.
func (c *Console) Write(p []byte) (int, error) { return c.in.Write(p) }

// Expect waits for a complete line that matches re and returns its
// submatches. Lines are matched as Lines returns them. The line and all before
// it are consumed; if Expect fails, nothing is.
func (c *Console) Expect(ctx context.Context, re *regexp.Regexp) ([]string, error) {
	seen := 0
	for {
		c.mu.Lock()
		if seen == 0 {
			seen = c.next
		}
		for {
			line, end, ok := nextLine(c.out, seen, c.ended)
			if !ok {
				break
			}
			seen = end
			if m := re.FindStringSubmatch(line); m != nil {
				c.next = end
				c.mu.Unlock()
				return m, nil
			}
			if c.Fatal != nil && c.Fatal.MatchString(line) {
				c.mu.Unlock()
				return nil, fmt.Errorf("%w: %q, while waiting for a line matching %q", ErrFatal, line, re)
			}
		}
		ended, changed := c.ended, c.changed
		c.mu.Unlock()
		if ended {
			return nil, fmt.Errorf("%w without a line matching %q", ErrEnded, re)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("no line matching %q: %w", re, ctx.Err())
		}
	}
}

// ExpectText waits for text that matches re anywhere, whether its line is
// complete or not, and unchanged as Bytes returns it. That and all before it are
// consumed; if ExpectText fails, nothing is.
func (c *Console) ExpectText(ctx context.Context, re *regexp.Regexp) ([]byte, error) {
	for {
		c.mu.Lock()
		at := re.FindIndex(c.out[c.next:])
		if at != nil {
			text := c.out[c.next+at[0] : c.next+at[1]]
			c.next += at[1]
			c.mu.Unlock()
			return text, nil
		}
		rest, ended, changed := c.out[c.next:], c.ended, c.changed
		c.mu.Unlock()
		if ended {
			return nil, fmt.Errorf("%w without text matching %q", ErrEnded, re)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("no text matching %q in %q: %w", re, rest, ctx.Err())
		}
	}
}

// Lines returns what the guest has written so far, as lines without carriage
// returns, terminal escape sequences and the kernel's time stamps. The last one
// may be incomplete.
func (c *Console) Lines() []string {
	out := c.Bytes()
	var lines []string
	for pos := 0; ; {
		line, end, ok := nextLine(out, pos, true)
		if !ok {
			return lines
		}
		lines, pos = append(lines, line), end
	}
}

// Bytes returns all that the guest has written so far, unchanged. The caller
// must not modify it.
func (c *Console) Bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out[:len(c.out):len(c.out)]
}

// nextLine returns the clean line that starts at pos and the position behind
// it. Without a newline there is a line only if the output has ended.
func nextLine(out []byte, pos int, ended bool) (line string, end int, ok bool) {
	rest := out[pos:]
	n := bytes.IndexByte(rest, '\n')
	switch {
	case n >= 0:
		return cleanLine(rest[:n]), pos + n + 1, true
	case ended && len(rest) != 0:
		return cleanLine(rest), len(out), true
	}
	return "", pos, false
}

var (
	// ECMA-48 5.4: control sequences start with ESC [ and end with a byte
	// from 0x40 to 0x7e; other escapes of interest are two bytes long.
	escape = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|[^\\[])")
	stamp  = regexp.MustCompile(`^\[ *\d+\.\d+\] ?`)
)

func cleanLine(raw []byte) string {
	s := escape.ReplaceAllString(string(raw), "")
	return stamp.ReplaceAllString(strings.ReplaceAll(s, "\r", ""), "")
}
