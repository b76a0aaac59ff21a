package runtime

import "internal/goarch"

// This file is added to package runtime. It holds what TamaGo's fork of the
// runtime exports beyond the stock one, as far as its drivers use it.

// MemRegion returns the addresses between which the Go heap lies. TamaGo's
// package dma refuses buffers there.
func MemRegion() (start, end uint64) {
	start = 0xffffc000<<32*goarch.IsAmd64 + 0xffff4000<<32*goarch.IsArm64
	return start, start + 1<<45
}

// TextRegion returns the start and end of the code.
func TextRegion() (start, end uint64) {
	return uint64(firstmoduledata.text), uint64(firstmoduledata.etext)
}

// CPU returns the name of the processor.
func CPU() string { return GOARCH }
