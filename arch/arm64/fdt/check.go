package fdt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of a tree we are willing to read. The largest trees in Linux's
// sources have about 3,000 nodes and 200 KiB.
const (
	MaxSize       = 2 << 20 // bytes; the limit of Linux's boot protocol
	maxDepth      = 64
	maxNodes      = 16 << 10
	maxProperties = 64 << 10
	maxNameLength = 255
)

// Layout of the format, DTSpec 5.2 and 5.4.
const (
	magic      = 0xd00dfeed
	headerSize = 40
	version    = 17

	tokenBeginNode = 1
	tokenEndNode   = 2
	tokenProp      = 3
	tokenNop       = 4
	tokenEnd       = 9
)

var be = binary.BigEndian

// ErrNoTree says that there is no device tree where one was expected.
var ErrNoTree = errors.New("device tree: no tree there (wrong magic number)")

// HeaderSize is how many bytes Size looks at.
const HeaderSize = headerSize

// Size returns the length of the tree whose first HeaderSize bytes are given:
// what must be mapped before Parse can be called. It returns ErrNoTree when
// they are not the start of a tree.
func Size(header []byte) (int, error) {
	if len(header) < headerSize || be.Uint32(header) != magic {
		return 0, ErrNoTree
	}
	size := be.Uint32(header[4:])
	if size < headerSize || size > MaxSize {
		return 0, fmt.Errorf("device tree: implausible size %d", size)
	}
	return int(size), nil
}

// pack checks the whole structure of a tree and returns a copy of it, free of
// gaps and in the order header, reservations, structure, strings. After that
// u-root's parser cannot be led to read outside the tree, to nest or allocate
// without bound, or to stumble over the order of the blocks.
func pack(blob []byte) ([]byte, error) {
	size, err := Size(blob)
	if err != nil {
		return nil, err
	}
	if size > len(blob) {
		return nil, fmt.Errorf("truncated: %d of %d bytes", len(blob), size)
	}
	blob = blob[:size]
	// Version 16 lacks size_dt_struct; dtc has written 17 since 2005.
	if v, compatible := be.Uint32(blob[20:]), be.Uint32(blob[24:]); v < version || compatible > version {
		return nil, fmt.Errorf("version %d (compatible with %d), need %d", v, compatible, version)
	}
	reservations, err := checkReservations(blob, be.Uint32(blob[16:]))
	if err != nil {
		return nil, err
	}
	names, err := block(blob, be.Uint32(blob[12:]), be.Uint32(blob[32:]), 1)
	if err != nil {
		return nil, fmt.Errorf("strings: %w", err)
	}
	structure, err := block(blob, be.Uint32(blob[8:]), be.Uint32(blob[36:]), 4)
	if err != nil {
		return nil, fmt.Errorf("structure: %w", err)
	}
	structure, err = checkStructure(structure, names)
	if err != nil {
		return nil, err
	}

	out := make([]byte, headerSize, headerSize+len(reservations)+len(structure)+len(names))
	out = append(out, reservations...)
	out = append(out, structure...)
	out = append(out, names...)
	for i, v := range []int{
		magic, len(out), headerSize + len(reservations),
		headerSize + len(reservations) + len(structure), headerSize,
		version, 16, int(be.Uint32(blob[28:])), len(names), len(structure),
	} {
		be.PutUint32(out[4*i:], uint32(v))
	}
	return out, nil
}

// block returns blob[offset:offset+size] if that exists and is aligned.
func block(blob []byte, offset, size, align uint32) ([]byte, error) {
	if offset%align != 0 {
		return nil, fmt.Errorf("offset %#x is not a multiple of %d", offset, align)
	}
	if uint64(offset)+uint64(size) > uint64(len(blob)) {
		return nil, fmt.Errorf("%d bytes at %#x lie outside the tree of %d bytes", size, offset, len(blob))
	}
	return blob[offset : offset+size], nil
}

// checkReservations returns the memory reservation block, DTSpec 5.3, with its
// terminating entry of zeros.
func checkReservations(blob []byte, offset uint32) ([]byte, error) {
	if _, err := block(blob, offset, 0, 8); err != nil {
		return nil, fmt.Errorf("memory reservations: %w", err)
	}
	for end := uint64(offset) + 16; end <= uint64(len(blob)); end += 16 {
		if bytes.Equal(blob[end-16:end], make([]byte, 16)) {
			return blob[offset:end], nil
		}
	}
	return nil, errors.New("memory reservations: no end")
}

// checkStructure walks the structure block, DTSpec 5.4, and returns it up to
// its end token.
func checkStructure(b, names []byte) ([]byte, error) {
	pos, depth, nodes, properties := 0, 0, 0, 0
	fail := func(format string, args ...any) ([]byte, error) {
		return nil, fmt.Errorf("structure: at %#x: %w", pos, fmt.Errorf(format, args...))
	}
	for {
		if len(b)-pos < 4 {
			return fail("no end token")
		}
		token := be.Uint32(b[pos:])
		rest := b[pos+4:]
		length := 0
		switch token {
		case tokenBeginNode:
			if depth == 0 && nodes > 0 {
				return fail("second root node")
			}
			if depth++; depth > maxDepth {
				return fail("nodes nested deeper than %d", maxDepth)
			}
			if nodes++; nodes > maxNodes {
				return fail("more than %d nodes", maxNodes)
			}
			n := nameLength(rest)
			if n < 0 {
				return fail("node name without end")
			}
			length = n + 1
		case tokenEndNode:
			if depth--; depth < 0 {
				return fail("end of a node that did not begin")
			}
		case tokenProp:
			if depth == 0 {
				return fail("property outside a node")
			}
			if properties++; properties > maxProperties {
				return fail("more than %d properties", maxProperties)
			}
			if len(rest) < 8 {
				return fail("truncated property")
			}
			size, name := be.Uint32(rest), be.Uint32(rest[4:])
			if uint64(size) > uint64(len(rest)-8) {
				return fail("property of %d bytes", size)
			}
			if uint64(name) >= uint64(len(names)) || nameLength(names[name:]) < 0 {
				return fail("property name at %#x", name)
			}
			length = 8 + int(size)
		case tokenNop:
		case tokenEnd:
			if depth != 0 || nodes == 0 {
				return fail("early end token")
			}
			return b[:pos+4], nil
		default:
			return fail("unknown token %#x", token)
		}
		pos += 4 + (length+3)&^3
		if pos > len(b) {
			pos = len(b)
		}
	}
}

// nameLength returns the length of the NUL-terminated name at the start of b,
// or -1 if it has no end or is too long.
func nameLength(b []byte) int {
	return bytes.IndexByte(b[:min(len(b), maxNameLength+1)], 0)
}
