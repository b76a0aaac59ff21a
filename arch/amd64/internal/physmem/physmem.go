// Package physmem fakes physical memory for tests: an empty one to be filled,
// or what a real machine's firmware left for the kernel.
package physmem

import (
	"embed"
	"encoding/binary"
	"fmt"
)

//go:embed testdata/*.mem
var dumps embed.FS

// Image is a sparse physical memory. The zero value is empty.
type Image struct {
	pieces []piece
}

type piece struct {
	address uint64
	bytes   []byte
}

// Machines lists the machines that Load knows, and the address of the PVH
// start information in their memory. See testdata/README.md.
var Machines = map[string]uint64{
	"pc":             0x21e0,
	"q35":            0x21e0,
	"microvm":        0xf31e0,
	"pc-noacpi":      0x21e0,
	"microvm-noacpi": 0xf31e0,
}

// Load returns the memory of a machine at the kernel's entry, as far as the
// firmware's information is concerned.
func Load(machine string) (*Image, error) {
	b, err := dumps.ReadFile("testdata/" + machine + ".mem")
	if err != nil {
		return nil, err
	}
	return Decode(b)
}

// Decode reads the format of the dumps: pieces, each with address and length
// in 8 bytes, little endian. The image shares memory with b.
func Decode(b []byte) (*Image, error) {
	image := &Image{}
	for len(b) > 0 {
		if len(b) < 16 {
			return nil, fmt.Errorf("%d bytes left", len(b))
		}
		address, length := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		if b = b[16:]; length > uint64(len(b)) {
			return nil, fmt.Errorf("piece at %#x has %d of %d bytes", address, len(b), length)
		}
		image.Put(address, b[:length])
		b = b[length:]
	}
	return image, nil
}

// Put places bytes at an address, over what may be there. It keeps b.
func (image *Image) Put(address uint64, b []byte) {
	image.pieces = append([]piece{{address, b}}, image.pieces...)
}

// Find returns the memory from an address to the end of its piece, which the
// caller may change; nil if there is none.
func (image *Image) Find(address uint64) []byte {
	for _, p := range image.pieces {
		if offset := address - p.address; address >= p.address && offset < uint64(len(p.bytes)) {
			return p.bytes[offset:]
		}
	}
	return nil
}

// Read is a bootinfo.Reader. As on a machine, where memory is whole pages,
// the rest of a page that a piece touches reads as zeros.
func (image *Image) Read(pa uint64, n int) ([]byte, bool) {
	const page = 4096
	if n < 0 || n > 1<<24 || pa+uint64(n) < pa {
		return nil, false
	}
	for at := pa &^ (page - 1); at < pa+uint64(n); at += page {
		if !image.touches(at, page) {
			return nil, false
		}
	}
	out := make([]byte, n)
	for i := len(image.pieces) - 1; i >= 0; i-- {
		p := image.pieces[i]
		switch {
		case p.address >= pa && p.address-pa < uint64(n):
			copy(out[p.address-pa:], p.bytes)
		case p.address < pa && pa-p.address < uint64(len(p.bytes)):
			copy(out, p.bytes[pa-p.address:])
		}
	}
	return out, true
}

// touches reports whether a piece has bytes in [at, at+length).
func (image *Image) touches(at, length uint64) bool {
	for _, p := range image.pieces {
		if len(p.bytes) > 0 && p.address < at+length && at < p.address+uint64(len(p.bytes)) {
			return true
		}
	}
	return false
}
