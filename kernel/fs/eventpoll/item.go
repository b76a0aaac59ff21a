package eventpoll

import (
	"unsafe"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
	"onsen/kernel/spin"
)

// item is a file in an instance.
type item struct {
	ep    *Eventpoll // constant
	key              // constant
	event Event      // written under mu and lock
	watch fs.Watch   // watches
	// links are the item's places in the file's wait queues. mu.
	links []*link
	// gone says that the item was removed. mu.
	gone bool

	// The item's place in Eventpoll.ready. lock.
	next, prev *item
	isReady    bool
}

// link is a place in a wait queue.
type link struct {
	sched.WaitEntry // first field: see wake
	item            *item
	queue           *sched.WaitQueue
}

// watches protects the list of watches of every file.
var watches spin.Lock

func init() { fs.ReleaseWatches = releaseFile }

// insert adds a file.
//
// Preconditions: mu held, the file is not there.
func (ep *Eventpoll) insert(k key, e Event) {
	e.Events |= always
	it := &item{ep: ep, key: k, event: e}
	it.watch.Owner = it
	ep.items[k] = it
	watches.Lock()
	k.file.Watches.Add(&it.watch)
	watches.Unlock()
	it.check(it.poll(&fs.PollTable{Queue: it.join}))
}

// join adds the item to a wait queue of its file.
//
// Preconditions: mu held.
func (it *item) join(q *sched.WaitQueue) {
	l := &link{item: it, queue: q}
	l.Func = wake
	it.links = append(it.links, l)
	q.Add(&l.WaitEntry, it.event.Events&EPOLLEXCLUSIVE != 0)
}

// modify changes what is asked about a file.
//
// Preconditions: mu held.
func (ep *Eventpoll) modify(it *item, e Event) {
	e.Events |= always
	ep.lock.Lock()
	it.event = e
	ep.lock.Unlock()
	// What came before the change was not thought worth telling: look again.
	it.check(it.poll(nil))
}

// remove takes a file away.
//
// Preconditions: mu held.
func (ep *Eventpoll) remove(it *item) {
	if it.gone {
		return
	}
	it.gone = true
	for _, l := range it.links {
		l.queue.Remove(&l.WaitEntry)
	}
	ep.lock.Lock()
	if it.isReady {
		ep.ready.remove(it)
		ep.readyCount.Add(-1)
	}
	ep.lock.Unlock()
	watches.Lock()
	it.file.Watches.Remove(&it.watch)
	watches.Unlock()
	delete(ep.items, it.key)
}

// releaseFile takes a file that is closed for good out of all instances.
func releaseFile(f *fs.File) {
	for {
		watches.Lock()
		w := f.Watches.First()
		watches.Unlock()
		if w == nil {
			return
		}
		it := w.Owner.(*item)
		it.ep.mu.Lock()
		it.ep.remove(it)
		it.ep.mu.Unlock()
	}
}

// poll asks the file what of the item's events holds.
//
// Preconditions: mu held.
func (it *item) poll(t *fs.PollTable) fs.PollEvents {
	events := it.file.Ops.Poll(it.file, t)
	return events & fs.PollEvents(it.event.Events&^privateBits)
}

// check makes the item ready if events of it hold.
//
// Preconditions: mu held.
func (it *item) check(events fs.PollEvents) {
	if events == 0 {
		return
	}
	ep := it.ep
	ep.lock.Lock()
	fresh := ep.add(it)
	ep.lock.Unlock()
	if fresh {
		ep.wait.Wake()
		ep.pollWait.WakeAll()
	}
}

// wake is called by whoever wakes a wait queue of a file. It reports whether it
// has woken somebody, which matters for EPOLLEXCLUSIVE.
func wake(e *sched.WaitEntry) bool {
	it := (*link)(unsafe.Pointer(e)).item
	ep := it.ep
	ep.lock.Lock()
	events := it.event.Events
	if events&^privateBits == 0 { // EPOLLONESHOT has done its one
		ep.lock.Unlock()
		return false
	}
	ep.add(it)
	ep.lock.Unlock()
	waiting := !ep.wait.Empty()
	if waiting {
		ep.wait.Wake()
	}
	ep.pollWait.WakeAll()
	return waiting || events&EPOLLEXCLUSIVE == 0
}

// add puts an item at the end of the ready ones, and reports whether it was not
// there already.
//
// Preconditions: lock held.
func (ep *Eventpoll) add(it *item) bool {
	if it.isReady {
		return false
	}
	ep.ready.insert(it, ep.ready.last)
	ep.readyCount.Add(1)
	return true
}

// pop takes the first of the ready items, or returns nil. From then on the file
// can make it ready again.
func (ep *Eventpoll) pop() *item {
	ep.lock.Lock()
	defer ep.lock.Unlock()
	it := ep.ready.first
	if it != nil {
		ep.ready.remove(it)
		ep.readyCount.Add(-1)
	}
	return it
}

// putBack and putFront make an item ready again, as the last and as the first.
func (ep *Eventpoll) putBack(it *item) {
	ep.lock.Lock()
	ep.add(it)
	ep.lock.Unlock()
}

func (ep *Eventpoll) putFront(it *item) {
	ep.lock.Lock()
	if !it.isReady {
		ep.ready.insert(it, nil)
		ep.readyCount.Add(1)
	}
	ep.lock.Unlock()
}

// itemList is a list of ready items.
type itemList struct{ first, last *item }

// insert adds an item behind another, nil for the front.
func (l *itemList) insert(it, after *item) {
	it.isReady = true
	it.prev = after
	if after != nil {
		it.next, after.next = after.next, it
	} else {
		it.next, l.first = l.first, it
	}
	if it.next != nil {
		it.next.prev = it
	} else {
		l.last = it
	}
}

func (l *itemList) remove(it *item) {
	if it.prev != nil {
		it.prev.next = it.next
	} else {
		l.first = it.next
	}
	if it.next != nil {
		it.next.prev = it.prev
	} else {
		l.last = it.prev
	}
	it.next, it.prev, it.isReady = nil, nil, false
}
