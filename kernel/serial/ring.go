package serial

// ringSize is a power of two.
const ringSize = 4096

// A ring is a queue of bytes. Its counters only grow, and wrap. Two CPUs may
// get them out of step when one of them panics and takes no lock; then the
// content is wrong, but no length is.
type ring struct {
	buf        [ringSize]byte
	head, tail uint32
}

func (r *ring) len() int {
	return int(min(r.tail-r.head, ringSize))
}

func (r *ring) room() int {
	return ringSize - r.len()
}

// put adds a byte. Precondition: there is room.
func (r *ring) put(b byte) {
	r.buf[r.tail%ringSize] = b
	r.tail++
}

// get takes the oldest byte. Precondition: there is one.
func (r *ring) get() byte {
	b := r.buf[r.head%ringSize]
	r.head++
	return b
}

// write adds as much of p as there is room for.
func (r *ring) write(p []byte) int {
	n := min(len(p), r.room())
	for _, b := range p[:n] {
		r.put(b)
	}
	return n
}

// read takes as much as there is and p can hold.
func (r *ring) read(p []byte) int {
	n := min(len(p), r.len())
	for i := range p[:n] {
		p[i] = r.get()
	}
	return n
}
