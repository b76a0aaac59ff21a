package virtio

import (
	"sync/atomic"
	"unsafe"
)

// queueSize is the number of buffers that can wait for the device at once.
const queueSize = 16

// Layout of a split virtqueue within its page (2.7).
const (
	descSize   = 16 // struct virtq_desc: addr u64, len u32, flags u16, next u16
	availStart = queueSize * descSize
	availRing  = availStart + 4 // after flags and idx
	usedStart  = 1024
)

// A queue gives buffers to the device for reading, in order. All of it is in one
// page, which the device reads: words that both sides write are accessed
// atomically.
type queue struct {
	r     Registers
	index uint32 // constant
	page  unsafe.Pointer
	next  uint16 // the next avail index. Owned by the writer
}

// initQueue makes the page at a virtual and physical address, all zero, the
// device's queue of that index.
func (q *queue) initQueue(r Registers, index uint32, page unsafe.Pointer, pa uint64) error {
	q.r, q.index, q.page = r, index, page
	r.Write(regQueueSel, index)
	if r.Read(regQueueReady) != 0 || r.Read(regQueueNumMax) < queueSize {
		return ErrDevice
	}
	r.Write(regQueueNum, queueSize)
	write64(r, regQueueDesc, pa)
	write64(r, regQueueDriver, pa+availStart)
	write64(r, regQueueDevice, pa+usedStart)
	r.Write(regQueueReady, 1)
	return nil
}

func write64(r Registers, reg uintptr, v uint64) {
	r.Write(reg, uint32(v))
	r.Write(reg+4, uint32(v>>32))
}

// room reports whether another buffer can be given.
func (q *queue) room() bool { return q.next-q.used() < queueSize }

// used returns how many buffers the device has given back, modulo 2^16.
func (q *queue) used() uint16 {
	return uint16(atomic.LoadUint32((*uint32)(unsafe.Add(q.page, usedStart))) >> 16)
}

// slot returns which descriptor the next buffer gets.
func (q *queue) slot() int { return int(q.next % queueSize) }

// give lets the device read n bytes at a physical address. There is room.
func (q *queue) give(pa uint64, n uint32) {
	slot := q.slot()
	desc := unsafe.Add(q.page, slot*descSize)
	*(*uint64)(desc) = pa
	*(*uint32)(unsafe.Add(desc, 8)) = n
	*(*uint32)(unsafe.Add(desc, 12)) = 0 // no flags: to be read, the only one
	*(*uint16)(unsafe.Add(q.page, availRing+2*slot)) = uint16(slot)
	q.next++
	// flags and idx are one word; idx is what the device looks at first.
	atomic.StoreUint32((*uint32)(unsafe.Add(q.page, availStart)), uint32(q.next)<<16)
	q.r.Write(regQueueNotify, q.index)
}
