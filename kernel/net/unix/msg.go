package unix

import (
	"math/bits"
	"sync/atomic"
	"syscall"

	"onsen/arch"
	"onsen/kernel/mm"
	"onsen/kernel/net"
	"onsen/kernel/uaccess"
)

// msg is a message in a queue; Linux's struct sk_buff. On a listening socket it stands
// for a connection.
type msg struct {
	next *msg // Sock.Lock of whose queue it is in
	// data is what is left to be read. The reader's.
	data []byte
	// full is how long it was. Constant.
	full int
	// from is whose buffer it is counted in, for charge bytes. Constant.
	from   *Sock
	charge int64
	// conn is the connection, which is not accepted yet. Constant.
	conn *Sock
	// scm is what the message carries, sent by a user who has uid. inflight.lock.
	scm net.Scm
	uid uint32
	// peeked says that somebody has seen it. The reader's.
	peeked bool
}

// The memory that Linux takes for a message: programs see it in how much they can
// send at once, and in SIOCOUTQ.
const (
	skbStruct = 256 // struct sk_buff, in whole cache lines
	skbInfo   = 320 // struct skb_shared_info, likewise
	pageSize  = arch.PageSize
	headMax   = 4096 - skbInfo  // what a small head holds
	allocMax  = 16384 - skbInfo // what a large head holds
	fragsMax  = 32768           // what a stream adds in pages
)

// truesize is what a message costs that has linear bytes beside its book-keeping, in a
// block of the next power of two, and paged ones in pages.
func truesize(linear, paged int) int64 {
	block := (linear+63)&^63 + skbInfo
	block = 1 << bits.Len(uint(block-1))
	pages := (paged + pageSize - 1) &^ (pageSize - 1)
	return int64(block + skbStruct + pages)
}

// streamChunk is how many of n bytes one message of a stream takes, and streamCharge
// what that costs: "Keep two messages in the pipe so it schedules better", says Linux,
// whose unix_stream_sendmsg these follow.
func streamChunk(n int, sndBuf int32) int {
	return min(n, int(sndBuf>>1)-64, headMax+fragsMax)
}

func streamCharge(n int) int64 {
	paged := min(n, (max(n-headMax, 0)+pageSize-1)&^(pageSize-1))
	return truesize(n-paged, paged)
}

// fragsDgram is what a datagram has in pages, and largestDgram the largest one for
// which there can be memory: what is not in pages is one block, of at most 4 MiB. Only
// who may use SO_SNDBUFFORCE comes so far.
const (
	fragsDgram   = 17 * pageSize
	largestDgram = 4<<20 - skbInfo + fragsDgram
)

// dgramCharge is what a datagram of n bytes costs.
func dgramCharge(n int) int64 {
	paged := 0
	if n > allocMax {
		paged = (min(n-allocMax, fragsDgram) + pageSize - 1) &^ (pageSize - 1)
		paged = min(paged, n)
	}
	return truesize(n-paged, paged)
}

// newMsg returns a message of the next n bytes of from, counted in the buffer of s:
// ENOBUFS if memory is short, EFAULT.
func (s *Sock) newMsg(from *uaccess.Iter, n int, charge int64) (*msg, error) {
	if mm.Scarce() {
		return nil, syscall.ENOBUFS
	}
	m := &msg{data: make([]byte, n), full: n, from: s, charge: charge}
	if _, err := from.CopyIn(m.data); err != nil {
		return nil, err
	}
	s.Wmem.Add(charge)
	return m, nil
}

// free ends a message: what it carries is given up, and its sender has room again.
func (m *msg) free() {
	if m.scm.Files != nil {
		scm := m.detach()
		dropFiles(scm.Files)
	}
	m.from.Wmem.Add(-m.charge)
	m.from.WriteSpace()
}

// msgQueue is a queue of messages. Its methods are called with the Lock of its socket.
type msgQueue struct {
	first, last *msg
	// len is how many there are, and pushed how many there ever were.
	len, pushed atomic.Uint32
}

func (q *msgQueue) push(m *msg) {
	if q.last == nil {
		q.first = m
	} else {
		q.last.next = m
	}
	q.last = m
	q.len.Store(q.len.Load() + 1)
	q.pushed.Store(q.pushed.Load() + 1)
}

// remove takes m out, which may have been taken out before, and reports whether it was
// there.
func (q *msgQueue) remove(m *msg) bool {
	var prev *msg
	for at := q.first; at != m; prev, at = at, at.next {
		if at == nil {
			return false
		}
	}
	if prev == nil {
		q.first = m.next
	} else {
		prev.next = m.next
	}
	if q.last == m {
		q.last = prev
	}
	m.next = nil
	q.len.Store(q.len.Load() - 1)
	return true
}

// takeAll empties the queue and returns the first message.
func (q *msgQueue) takeAll() *msg {
	m := q.first
	q.first, q.last = nil, nil
	q.len.Store(0)
	return m
}

// bytes returns how much can be read: of all messages or, if not, of the first.
func (q *msgQueue) bytes(all bool) (n int) {
	for m := q.first; m != nil; m = m.next {
		n += len(m.data)
		if !all {
			break
		}
	}
	return n
}
