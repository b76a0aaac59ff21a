// Package initramfs reads the initramfs image that the boot loader passes:
// cpio archives in the "newc" format, each plain or compressed with gzip, one
// after the other with zeros between them, as Linux defines it in
// Documentation/driver-api/early-userspace/buffer-format.rst.
//
// Records are decoded by u-root's pkg/cpio. This package finds the archives,
// and checks of every record what that one takes on trust, before it does: a
// damaged image gives an error that says where and what, and never a panic or
// an allocation out of proportion to the image.
//
// Linux skips some damage in silence (a missing end, names that are too long).
// Here it is an error: an image that is not whole should not half work.
package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/u-root/u-root/pkg/cpio"
)

// ErrEmpty says that an image holds no archive.
var ErrEmpty = errors.New("initramfs: the image is empty")

// Summary tells what an image holds.
type Summary struct {
	Archives int
	Files    int    // and directories, links, devices
	Bytes    uint64 // of contents
	Method   string // the last archive's compression, empty if it is plain
}

// Verify reads an image to its end.
func Verify(image []byte) (Summary, error) {
	return Walk(image, func(cpio.Record) error { return nil })
}

// Walk calls f for every record in an image, in order, until f or the image
// gives an error. A record's contents can be read until f returns, from start
// to end. Names have no leading slash.
func Walk(image []byte, f func(cpio.Record) error) (Summary, error) {
	return WalkArchives(image, f, func() {})
}

// WalkArchives is Walk that also calls end after every archive: what links
// records, the inode number, is good for one archive only.
func WalkArchives(image []byte, f func(cpio.Record) error, end func()) (Summary, error) {
	w := &walker{f: f, end: end}
	err := w.image(image)
	if err == nil && w.sum.Archives == 0 {
		err = ErrEmpty
	}
	return w.sum, err
}

// walker is the state of one Walk.
type walker struct {
	f   func(cpio.Record) error
	end func()
	sum Summary
}

// image reads plain archives, compressed ones and zeros in any order, like
// Linux's unpack_to_rootfs. Plain archives start at multiples of 4, where any
// other byte than "0" and zero begins compressed data.
func (w *walker) image(b []byte) error {
	for at := 0; at < len(b); {
		switch {
		case b[at] == 0:
			at++
		case b[at] == '0' && at%4 == 0:
			end, err := w.archive(bytes.NewReader(b), int64(at))
			if err != nil {
				return fmt.Errorf("initramfs: %w", err)
			}
			w.sum.Method = ""
			at = int(end)
		default:
			n, err := w.compressed(b[at:])
			if err != nil {
				return fmt.Errorf("initramfs: data at %#x: %w", at, err)
			}
			at += n
		}
	}
	return nil
}

// compressed reads one stream of compressed archives and returns its length.
func (w *walker) compressed(b []byte) (length int, err error) {
	m := methodOf(b)
	if m == nil {
		return 0, fmt.Errorf("%w: neither a cpio archive nor compressed (starts with % x)", errCorrupt, b[:min(len(b), 6)])
	}
	if m.open == nil {
		return 0, fmt.Errorf("compressed with %s, which is not supported", m.name)
	}
	source := bytes.NewReader(b)
	r, err := m.open(source)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", errCorrupt, m.name, noEOF(err))
	}
	if err := w.stream(newForward(r)); err != nil {
		return 0, fmt.Errorf("%s: %w", m.name, err)
	}
	w.sum.Method = m.name
	return len(b) - source.Len(), nil
}

// stream reads archives with zeros between them until the end.
func (w *walker) stream(r io.ReaderAt) error {
	for at := int64(0); ; {
		var b [1]byte
		_, err := r.ReadAt(b[:], at)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return corrupt(at, err)
		case b[0] == 0:
			at++
		case b[0] == '0' && at%4 == 0:
			if at, err = w.archive(r, at); err != nil {
				return err
			}
		default:
			return corrupt(at, fmt.Errorf("junk after an archive (%#02x)", b[0]))
		}
	}
}

// archive reads one archive, which starts at an offset of r, and returns the
// offset of its end.
func (w *walker) archive(r io.ReaderAt, at int64) (end int64, err error) {
	const all = 1 << 62
	records := cpio.Newc.Reader(io.NewSectionReader(r, at, all))
	for start := at; ; {
		next, err := checkRecord(r, at)
		if err != nil {
			return 0, corrupt(at, err)
		}
		record, err := records.ReadRecord()
		if err == io.EOF { // the trailer
			w.sum.Archives++
			w.end()
			return next, nil
		}
		if err != nil {
			return 0, corrupt(at, err)
		}
		record.RecPos, record.FilePos = record.RecPos+start, record.FilePos+start
		w.sum.Files++
		w.sum.Bytes += record.FileSize
		if err := w.f(record); err != nil {
			return 0, fmt.Errorf("%s: %w", record.Name, err)
		}
		at = next
	}
}

var errCorrupt = errors.New("corrupt image")

// corrupt says where an image is damaged: at which offset of the image or of
// what was compressed.
func corrupt(at int64, err error) error {
	return fmt.Errorf("%w: at %#x: %w", errCorrupt, at, err)
}

// noEOF turns an end where none should be into an error that says so.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
