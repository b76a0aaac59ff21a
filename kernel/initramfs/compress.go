package initramfs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// method is a way of compressing an archive. Those without open are only known
// by name, for the error message.
type method struct {
	name  string
	magic string
	open  func(*bytes.Reader) (io.Reader, error)
}

// methods are those of Linux's lib/decompress.c.
var methods = []method{
	{"gzip", "\x1f\x8b", openGzip},
	{"gzip", "\x1f\x9e", nil}, // an old gzip's, never seen
	{"bzip2", "BZ", nil},
	{"lzma", "\x5d\x00", nil},
	{"xz", "\xfd7", nil},
	{"lzo", "\x89L", nil},
	{"lz4", "\x02\x21", nil},
	{"zstd", "\x28\xb5", nil},
}

// methodOf returns the method whose magic number b starts with, or nil.
func methodOf(b []byte) *method {
	for i := range methods {
		if bytes.HasPrefix(b, []byte(methods[i].magic)) {
			return &methods[i]
		}
	}
	return nil
}

// openGzip reads one gzip member and nothing behind it.
func openGzip(b *bytes.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return z, nil
}

// forward makes a stream an io.ReaderAt for a reader that goes forward: of what
// was read, only the last lookBack bytes can be read again.
type forward struct {
	r   *bufio.Reader
	pos int64 // of what r reads next
}

const (
	// lookBack is more than a record's header and name.
	lookBack = 8 << 10
	// lookAhead is the size from which on a read is not kept for another.
	lookAhead = 8 << 10
)

var errBackward = errors.New("initramfs: contents were read backward or too late")

func newForward(r io.Reader) *forward {
	return &forward{r: bufio.NewReaderSize(r, lookBack+lookAhead)}
}

// ReadAt implements io.ReaderAt.
func (f *forward) ReadAt(b []byte, at int64) (int, error) {
	if at < f.pos {
		return 0, errBackward
	}
	if len(b) > lookAhead {
		if err := f.skip(at); err != nil {
			return 0, err
		}
		n, err := io.ReadFull(f.r, b)
		f.pos += int64(n)
		return n, err
	}
	if err := f.skip(at - lookBack); err != nil {
		return 0, err
	}
	behind := int(at - f.pos)
	seen, err := f.r.Peek(behind + len(b))
	if len(seen) < behind {
		return 0, err
	}
	return copy(b, seen[behind:]), err
}

// skip goes forward to an offset, if it is not behind.
func (f *forward) skip(to int64) error {
	for f.pos < to {
		n, err := f.r.Discard(int(min(to-f.pos, 1<<30)))
		f.pos += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}
