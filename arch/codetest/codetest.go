// Package codetest compares machine code that stands in Go files with what the
// comments beside it say. For tests.
package codetest

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// line is a line of a Go file that holds machine code: bytes, and the comment
// behind them.
type line struct {
	code []byte
	text string
}

var lineOfCode = regexp.MustCompile(`(?m)^\t((?:0x[0-9a-f]+, ?)+)\s*// (.*)$`)

// codeLines reads such lines of a file.
func codeLines(t *testing.T, file string) (lines []line) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range lineOfCode.FindAllSubmatch(src, -1) {
		var code []byte
		for _, n := range strings.FieldsFunc(string(m[1]), func(r rune) bool { return r == ',' || r == ' ' }) {
			b, err := strconv.ParseUint(n, 0, 8)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, byte(b))
		}
		lines = append(lines, line{code, string(m[2])})
	}
	return lines
}

// Check compares each instruction of code, which stands in file, with the comment
// behind it. disassemble returns the text of the instruction at pc and its length. A
// comment "pad" stands for bytes that are none.
func Check(t *testing.T, file string, code []byte, disassemble func(code []byte, pc uint64) (string, int, error)) {
	t.Helper()
	pc := 0
	for _, want := range codeLines(t, file) {
		if !bytes.HasPrefix(code[pc:], want.code) {
			t.Fatalf("%#x: the lines are not the code", pc)
		}
		if want.text != "pad" {
			got, n, err := disassemble(want.code, uint64(pc))
			if err != nil {
				t.Fatalf("%#x: %v", pc, err)
			}
			if got != want.text || n != len(want.code) {
				t.Errorf("%#x: %s, the comment says %s", pc, got, want.text)
			}
		}
		pc += len(want.code)
	}
	if pc != len(code) {
		t.Errorf("%d bytes of %d were read", pc, len(code))
	}
}
