//go:build metal && arm64

package arm64

import "unsafe"

// The build fails here if a size that stands in assembly is wrong.
var (
	_ [frameSize - unsafe.Sizeof(Frame{})]byte
	_ [unsafe.Sizeof(Frame{}) - frameSize]byte
	_ [switchRecordSize - unsafe.Sizeof(switchRecord{})]byte
	_ [unsafe.Sizeof(switchRecord{}) - switchRecordSize]byte
	_ [userRecordSize - unsafe.Sizeof(userRecord{})]byte
	_ [unsafe.Sizeof(userRecord{}) - userRecordSize]byte
)
