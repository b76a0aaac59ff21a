package random

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestPermute is the example of RFC 8439, section 2.3.2.
func TestPermute(t *testing.T) {
	s := [16]uint32{
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
		0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
		0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c,
		0x00000001, 0x09000000, 0x4a000000, 0x00000000,
	}
	want, _ := hex.DecodeString("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e" +
		"d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e")
	var out [blockSize]byte
	permute(&out, &s)
	if !bytes.Equal(out[:], want) {
		t.Errorf("%x", out)
	}
}

// TestBlock is test vector 1 of RFC 8439, appendix A.1: a key of zeros.
func TestBlock(t *testing.T) {
	want, _ := hex.DecodeString("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7" +
		"da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586")
	var out [blockSize]byte
	block(&out, new([keySize]byte), 0)
	if !bytes.Equal(out[:], want) {
		t.Errorf("%x", out)
	}
}

func TestStreamForgets(t *testing.T) {
	key := [keySize]byte{1, 2, 3}
	long, short := make([]byte, 200), make([]byte, 70)
	again := key
	stream(long, &key)
	stream(short, &again)
	if !bytes.HasPrefix(long, short) {
		t.Error("not the same stream")
	}
	if key != [keySize]byte{} {
		t.Error("the key is still there")
	}
}

func TestKeyChanges(t *testing.T) {
	seen := map[[keySize]byte]bool{}
	for n := range 100 {
		Read(make([]byte, n))
		if seen[source.key] {
			t.Fatal("a key was used twice")
		}
		seen[source.key] = true
	}
}
