package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
)

// step prints one line of progress.
func step(what, file string) {
	fmt.Printf("  %-7s %s\n", what, file)
}

// A counter passes on what "go build -v" prints, but for the names of the
// packages it compiles: instead it counts them, on one line that stays.
type counter struct {
	out   io.Writer
	line  []byte // incomplete
	count int
}

// packageName is a line with nothing but an import path.
var packageName = regexp.MustCompile(`^[A-Za-z0-9_./~+-]+\n$`)

func (c *counter) Write(text []byte) (int, error) {
	c.line = append(c.line, text...)
	for {
		i := bytes.IndexByte(c.line, '\n') + 1
		if i == 0 {
			return len(text), nil
		}
		if err := c.show(c.line[:i]); err != nil {
			return 0, err
		}
		c.line = c.line[i:]
	}
}

func (c *counter) show(line []byte) (err error) {
	if !packageName.Match(line) {
		c.clear()
		_, err = c.out.Write(line)
		return err
	}
	c.count++
	_, err = fmt.Fprintf(c.out, "\r          packages compiled: %d\x1b[K", c.count)
	return err
}

// clear takes the line of progress away.
func (c *counter) clear() {
	if c.count > 0 {
		fmt.Fprint(c.out, "\r\x1b[K")
	}
}

// terminal reports whether f is one.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
