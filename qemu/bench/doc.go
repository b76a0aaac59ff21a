// Bench boots the kernel with onsen.bench on a machine that counts instructions
// and writes down what the kernel measured, next to what it is to reach.
//
// The kernel prints, and then powers off:
//
//	bench: <name> <instructions> insn/op
//	bench: entry-to-init <nanoseconds>
//
// One nanosecond of virtual time is one instruction. The counts see neither
// caches nor the TLB, but they repeat.
//
// Then user/bench and user/soak tell in the same way what programs pay, and how
// much memory tasks take, under the kernel and under Linux.
package main
