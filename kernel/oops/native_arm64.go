package oops

import "onsen/kernel/oops/arm64dis"

// Native is the ISA of the machine this program is built for. Only its
// disassembler is linked into the kernel.
var Native = ISA{MaxLen: arm64dis.MaxLen, Fixed: true, Len: arm64dis.Len, Text: arm64dis.Text}
