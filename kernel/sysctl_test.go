package kernel

import (
	"slices"
	"strings"
	"syscall"
	"testing"

	"onsen/kernel/fs/procfs"
)

func TestWriteSysctlInts(t *testing.T) {
	tests := []struct {
		text string
		pos  int64
		n    int
		want []int
		err  error
	}{
		{"1\n", 0, 2, []int{1}, nil},
		{" \t-7 \n", 0, 6, []int{-7}, nil},
		{"0x10 010 3", 0, 9, []int{16, 8}, nil},
		{"5 x", 0, 0, []int{5}, syscall.EINVAL},
		{"", 0, 0, nil, nil},
		{" ", 0, 0, nil, syscall.EINVAL},
		{"+1", 0, 0, nil, syscall.EINVAL},
		{"1,2", 0, 0, nil, syscall.EINVAL},
		{"1\r\n", 0, 0, nil, syscall.EINVAL},
		{"1\x00", 0, 0, nil, syscall.EINVAL},
		{"-2147483648", 0, 11, []int{-1 << 31}, nil},
		{"2147483648", 0, 0, nil, syscall.EINVAL},
		{strings.Repeat("0", 19) + "1", 0, 20, []int{1}, nil},
		{strings.Repeat("0", 20) + "1", 0, 0, nil, syscall.EINVAL},
		{"99", 0, 0, nil, syscall.EINVAL}, // refused by set
		{"1", 1, 1, nil, nil},
		{"x", 9, 1, nil, nil},
	}
	for _, tt := range tests {
		var got []int
		w := &procfs.Write{Text: []byte(tt.text), Len: len(tt.text), Pos: tt.pos}
		n, err := writeSysctlInts(w, 2, func(i, v int) error {
			if v == 99 {
				return syscall.EINVAL
			}
			if i != len(got) {
				t.Errorf("%q: number %d comes after %d", tt.text, i, len(got))
			}
			got = append(got, v)
			return nil
		})
		if n != tt.n || err != tt.err || !slices.Equal(got, tt.want) || w.Pos != tt.pos+int64(n) {
			t.Errorf("%q at %d: %d, %v, %v, then at %d; want %d, %v, %v", tt.text, tt.pos, n, err, got, w.Pos, tt.n, tt.err, tt.want)
		}
	}
}

func TestWriteSysctlString(t *testing.T) {
	tests := []struct {
		text string
		pos  int64
		want string
	}{
		{"new\nline", 0, "new"},
		{"\n", 0, ""},
		{"a\x00b", 0, "a"},
		{"er", 3, "older"},
		{"x", 1, "ox"},
		{"x", 4, "old"},
		{"", 0, "old"},
	}
	for _, tt := range tests {
		got := "old"
		w := &procfs.Write{Text: []byte(tt.text), Len: len(tt.text), Pos: tt.pos}
		if n, err := writeSysctlString(w, got, func(s string) { got = s }); n != len(tt.text) || err != nil || got != tt.want {
			t.Errorf("%q at %d: %d, %v, %q; want %q", tt.text, tt.pos, n, err, got, tt.want)
		}
	}
}

// FuzzWriteSysctl has a write take no more than there is, and set no more numbers
// than the file has.
func FuzzWriteSysctl(f *testing.F) {
	f.Add([]byte("7 4 1 7\n"), int64(0), 8)
	f.Add([]byte("-0x7fffffff  "), int64(0), 5<<20)
	f.Fuzz(func(t *testing.T, text []byte, pos int64, size int) {
		w := procfs.Write{Text: text[:min(len(text), procfs.MaxText)], Pos: max(pos, 0)}
		w.Len = max(len(w.Text), size)
		ints, lines := w, w
		count := 0
		n, err := writeSysctlInts(&ints, 4, func(i, v int) error {
			if count++; i >= 4 || int(int32(v)) != v {
				t.Errorf("%q: number %d is %d", text, i, v)
			}
			return nil
		})
		if n < 0 || n > w.Len || err != nil && n != 0 || err == nil && w.Pos == 0 && w.Len > 0 && count == 0 {
			t.Errorf("%q: %d of %d, %v, %d numbers", text, n, w.Len, err, count)
		}
		_, _ = writeSysctlString(&lines, "old", func(s string) {
			if strings.ContainsAny(s, "\n\x00") {
				t.Errorf("%q: a line of %q", text, s)
			}
		})
	})
}
