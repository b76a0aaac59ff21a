package initramfs

import (
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Layout of a record (cpio(5), "New ASCII Format"): the magic, 13 fields of 8
// hexadecimal digits, the name with a NUL at its end, the contents. Name and
// contents end at a multiple of 4.
const (
	headerSize = 6 + 13*8

	magicNewc = "070701"
	magicCRC  = "070702" // the same with a checksum
	magicOld  = "070707"

	sizeField = 6 + 6*8  // of the contents
	nameField = 6 + 11*8 // of the name, with its NUL

	maxName = 4096 // PATH_MAX
)

var errTruncated = errors.New("the archive ends too early (truncated image?)")

// checkRecord checks the record at an offset and returns the offset of the
// next one. After that pkg/cpio can neither be made to allocate more than
// maxName bytes, nor take the end of r for the end of the archive.
func checkRecord(r io.ReaderAt, at int64) (next int64, err error) {
	var header [headerSize]byte
	if err := readFull(r, header[:], at); err != nil {
		return 0, err
	}
	switch magic := string(header[:6]); magic {
	case magicNewc:
	case magicCRC:
		return 0, errors.New("cpio format newc with checksums is not supported (use -H newc)")
	case magicOld:
		return 0, errors.New("old cpio format is not supported (use -H newc)")
	default:
		return 0, fmt.Errorf("no cpio record (starts with %q)", magic)
	}
	for field := 6; field < headerSize; field += 8 {
		if _, err := hexField(header[:], field); err != nil {
			return 0, err
		}
	}
	size, _ := hexField(header[:], sizeField)
	nameSize, _ := hexField(header[:], nameField)
	if nameSize < 1 || nameSize > maxName {
		return 0, fmt.Errorf("name of %d bytes", nameSize)
	}
	name := make([]byte, nameSize)
	if err := readFull(r, name, at+headerSize); err != nil {
		return 0, err
	}
	if name[len(name)-1] != 0 {
		return 0, fmt.Errorf("name %q has no end", name)
	}
	contents := align4(at + headerSize + nameSize)
	next = align4(contents + size)
	if size > 0 {
		// The last byte must be there; what pads it need not.
		var last [1]byte
		if err := reach(r, last[:], contents+size-1); err != nil {
			return 0, fmt.Errorf("%s: %w", name[:len(name)-1], err)
		}
	}
	return next, nil
}

// hexField decodes a field of 8 hexadecimal digits.
func hexField(header []byte, at int) (int64, error) {
	v, err := strconv.ParseUint(string(header[at:at+8]), 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no hexadecimal number", header[at:at+8])
	}
	return int64(v), nil
}

func align4(n int64) int64 { return (n + 3) &^ 3 }

// readFull reads all of b; the end of r is errTruncated.
func readFull(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return errTruncated
	}
	return err
}

// reach checks that r has the byte at an offset, if that can be known without
// losing what comes before.
func reach(r io.ReaderAt, b []byte, at int64) error {
	if _, ok := r.(*forward); ok {
		return nil // it is noticed when the next record is read
	}
	return readFull(r, b, at)
}
