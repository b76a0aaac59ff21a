package oops

import "onsen/kernel/oops/x86dis"

// Native is the ISA of the machine this program is built for. Only its
// disassembler is linked into the kernel.
var Native = ISA{MaxLen: x86dis.MaxLen, Len: x86dis.Len, Text: x86dis.Text}
