package initramfs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"github.com/u-root/u-root/pkg/cpio"
)

// archive writes files into one archive, with its trailer.
func archive(t testing.TB, files ...cpio.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	if err := cpio.WriteRecords(w, files); err != nil {
		t.Fatal(err)
	}
	if err := cpio.WriteTrailer(w); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zip(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for _, p := range parts {
		if _, err := z.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func zeros(n int) []byte { return make([]byte, n) }

// noise is contents that do not compress.
func noise(n int) string {
	b := make([]byte, n)
	rand.New(rand.NewSource(1)).Read(b)
	return string(b)
}

// list walks an image and returns what it holds, contents included.
func list(image []byte) (names []string, sum Summary, err error) {
	sum, err = Walk(image, func(r cpio.Record) error {
		contents, err := io.ReadAll(io.NewSectionReader(r, 0, int64(r.FileSize)))
		if err != nil {
			return err
		}
		if uint64(len(contents)) != r.FileSize {
			return fmt.Errorf("%d of %d bytes", len(contents), r.FileSize)
		}
		text := string(contents)
		if len(text) > 8 {
			text = fmt.Sprintf("%d bytes", len(text))
		}
		names = append(names, r.Name+"="+text)
		return nil
	})
	return names, sum, err
}

func TestWalk(t *testing.T) {
	a := archive(t, cpio.Directory("bin", 0o755), cpio.StaticFile("bin/sh", "shell", 0o755), cpio.Symlink("init", "bin/sh"))
	big := archive(t, cpio.StaticFile("big", noise(100_000), 0o644), cpio.StaticFile("after", "x", 0o644))
	c := archive(t, cpio.StaticFile("etc/motd", "hi", 0o644))
	pad := func(b []byte) []byte { return join(b, zeros(512-len(b)%512)) }
	listA, listBig, listC := "bin= bin/sh=shell init=bin/sh", "big=100000 bytes after=x", "etc/motd=hi"
	for _, test := range []struct {
		name   string
		image  []byte
		want   string
		method string
	}{
		{"plain", a, listA, ""},
		{"as cpio writes it, in blocks of 512", pad(a), listA, ""},
		{"plain, concatenated", join(a, big, c), listA + " " + listBig + " " + listC, ""},
		{"plain, zeros between", join(pad(a), zeros(4096), pad(c)), listA + " " + listC, ""},
		{"zeros first", join(zeros(8), a), listA, ""},
		{"gzip", zip(t, a), listA, "gzip"},
		{"gzip, large file", zip(t, big), listBig, "gzip"},
		{"gzip of several archives", zip(t, pad(a), zeros(100), big), listA + " " + listBig, "gzip"},
		{"gzip, twice", join(zip(t, a), zip(t, c)), listA + " " + listC, "gzip"},
		{"gzip at an odd offset", join(zip(t, a), zeros(3), zip(t, c)), listA + " " + listC, "gzip"},
		{"microcode first, as distributions do", join(pad(c), zip(t, a)), listC + " " + listA, "gzip"},
		{"plain after gzip", align(zip(t, a), c), listA + " " + listC, ""},
		{"no files", archive(t), "", ""},
	} {
		names, sum, err := list(test.image)
		if got := strings.Join(names, " "); got != test.want || err != nil {
			t.Errorf("%s: got %s, error %v", test.name, got, err)
		}
		if sum.Files != len(names) || sum.Method != test.method || sum.Archives == 0 {
			t.Errorf("%s: %+v", test.name, sum)
		}
		if again, err := Verify(test.image); again != sum || err != nil {
			t.Errorf("%s: Verify: %+v, %v", test.name, again, err)
		}
	}
}

// align puts b at a multiple of 4 behind a.
func align(a, b []byte) []byte { return join(a, zeros(-len(a)&3), b) }

// edit changes a field of the first record.
func edit(image []byte, at int, text string) []byte {
	image = bytes.Clone(image)
	copy(image[at:], text)
	return image
}

func TestDamage(t *testing.T) {
	a := archive(t, cpio.StaticFile("init", "program", 0o755), cpio.StaticFile("b", "", 0o644))
	zipped := zip(t, a)
	for _, c := range []struct {
		name  string
		image []byte
		want  string
	}{
		{"nothing", nil, "empty"},
		{"zeros", zeros(1000), "empty"},
		{"text", []byte("#!/bin/sh\n"), "data at 0x0: corrupt image: neither a cpio archive nor compressed (starts with 23 21"},
		{"junk after", join(a, []byte("junk")), "neither a cpio archive"},
		{"an archive at an odd offset", join(a, zeros(1), a), "neither a cpio archive"},
		{"junk in gzip", zip(t, a, []byte("junk")), "junk after an archive"},
		{"odd offset in gzip", zip(t, a, zeros(2), a), "junk after an archive"},
		{"gzip of something else", zip(t, []byte("hello")), "junk after an archive (0x68)"},
		{"gzip cut", zipped[:len(zipped)-20], "gzip: corrupt image: at 0x"},
		{"gzip's checksum", edit(zipped, len(zipped)-8, "\x00\x00\x00\x00"), "checksum"},
		{"gzip's header only", zipped[:5], "corrupt image: gzip: unexpected EOF"},
		{"old format", edit(a, 0, "070707"), "old cpio format"},
		{"with checksums", edit(a, 0, "070702"), "checksums is not supported"},
		{"almost a record", edit(a, 0, "0707zz"), `no cpio record (starts with "0707zz")`},
		{"no number", edit(a, 6, "0000000x"), `"0000000x" is no hexadecimal number`},
		{"signed number", edit(a, 6, "-0000001"), "no hexadecimal number"},
		{"giant name", edit(a, nameField, "ffffffff"), "name of 4294967295 bytes"},
		{"no name", edit(a, nameField, "00000000"), "name of 0 bytes"},
		{"name without end", edit(a, nameField, "00000004"), `name "init" has no end`},
		{"giant file", edit(a, sizeField, "ffffffff"), "init: the archive ends too early"},
		{"giant file in gzip", zip(t, edit(a, sizeField, "ffffffff")), "ends too early"},
		{"wrong size", edit(a, sizeField, "00000020"), "no cpio record"},
		{"xz", []byte("\xfd7zXZ\x00more"), "compressed with xz, which is not supported"},
		{"zstd", []byte("\x28\xb5\x2f\xfdmore"), "compressed with zstd"},
	} {
		if _, err := Verify(c.image); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestTruncated cuts an image after every byte.
func TestTruncated(t *testing.T) {
	a := archive(t, cpio.StaticFile("init", noise(1000), 0o755), cpio.StaticFile("b", "12345", 0o644))
	for name, image := range map[string][]byte{"plain": a, "gzip": zip(t, a)} {
		for length := range len(image) - 3 { // 3: the trailer's padding
			if _, err := Verify(image[:length]); err == nil {
				t.Errorf("%s image of %d bytes cut to %d: no error", name, len(image), length)
			}
		}
	}
}

func TestStop(t *testing.T) {
	stop := errors.New("stop")
	image := archive(t, cpio.StaticFile("a", "", 0o644), cpio.StaticFile("b", "", 0o644))
	calls := 0
	_, err := Walk(image, func(cpio.Record) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 || !strings.Contains(err.Error(), "a: ") {
		t.Errorf("%v after %d calls", err, calls)
	}
}

// TestLateRead reads contents when it is too late.
func TestLateRead(t *testing.T) {
	image := zip(t, archive(t, cpio.StaticFile("a", noise(100_000), 0o644), cpio.StaticFile("b", "b", 0o644)))
	var first cpio.Record
	_, err := Walk(image, func(r cpio.Record) error {
		if first.Name == "" {
			first = r
			return nil
		}
		_, err := first.ReadAt(make([]byte, 1), 0)
		return err
	})
	if !errors.Is(err, errBackward) {
		t.Errorf("error %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	a := archive(f, cpio.Directory("bin", 0o755), cpio.StaticFile("bin/sh", "shell", 0o755), cpio.Symlink("init", "bin/sh"))
	f.Add(a)
	f.Add(join(a, zeros(512), a))
	f.Add(zip(f, a))
	f.Add(join(a, zip(f, a, zeros(8), a)))
	f.Fuzz(func(t *testing.T, image []byte) {
		names, sum, err := list(image)
		again, errAgain := Verify(image)
		if (err == nil) != (errAgain == nil) || err == nil && sum != again {
			t.Errorf("read: %+v, %v; only verified: %+v, %v", sum, err, again, errAgain)
		}
		if err == nil && len(names) != sum.Files {
			t.Errorf("%d names, %+v", len(names), sum)
		}
	})
}
