package virtio

import "unsafe"

// Queues of a console without VIRTIO_CONSOLE_F_MULTIPORT (5.3.2).
const transmitQueue = 1

// BufferSize is the most that one write to a Console takes.
const BufferSize = 256

// Console is the first port of a console device, to be written to. It may be
// used by one task at a time.
type Console struct {
	q       queue
	buffers unsafe.Pointer // a page: BufferSize bytes for every slot
	pa      uint64
}

// ConsoleMemory is what a Console shares with its device: two zeroed pages.
type ConsoleMemory struct {
	Queue, Buffers     unsafe.Pointer
	QueuePA, BuffersPA uint64
}

// OpenConsole starts the console device behind r. Errors: those of Probe, and
// ErrDevice.
func OpenConsole(r Registers, m ConsoleMemory) (*Console, error) {
	id, err := Probe(r)
	switch {
	case err != nil:
		return nil, err
	case id != IDConsole:
		return nil, ErrNoDevice
	}
	if err := negotiate(r); err != nil {
		return nil, err
	}
	c := &Console{buffers: m.Buffers, pa: m.BuffersPA}
	if err := c.q.initQueue(r, transmitQueue, m.Queue, m.QueuePA); err != nil {
		return nil, err
	}
	r.Write(regStatus, statusAcknowledge|statusDriver|statusFeaturesOK|statusDriverOK)
	return c, nil
}

// Write gives up to BufferSize bytes of p to the device and returns how many:
// none as long as the device has not taken what it got before.
func (c *Console) Write(p []byte) int {
	if len(p) == 0 || !c.q.room() {
		return 0
	}
	offset := c.q.slot() * BufferSize
	n := copy(unsafe.Slice((*byte)(unsafe.Add(c.buffers, offset)), BufferSize), p)
	c.q.give(c.pa+uint64(offset), uint32(n))
	return n
}
