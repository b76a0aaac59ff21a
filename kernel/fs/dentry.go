package fs

import "sync/atomic"

// Dentry is a name in a directory; Linux's struct dentry. It always has an
// inode.
type Dentry struct {
	// Inode is the file. Constant.
	Inode *Inode

	// place is where the dentry is. Written under the Lock of the directories
	// concerned; replaced by a rename.
	place atomic.Pointer[place]
	// kids are the names in a directory, nil if there are none yet. Written
	// under Inode.Lock.
	kids atomic.Pointer[childTable]
	// moves is odd while names are between two tables. Written under Inode.Lock.
	moves atomic.Uint32
	// mounts is the number of mounts on it. Written under namespaceLock.
	mounts atomic.Int32
	// unhashed is set when the name is taken away.
	unhashed atomic.Bool
}

// place is the directory and the name of a dentry. A root has no parent.
type place struct {
	parent *Dentry
	name   string
}

// newDentry returns a dentry that is not in its parent's table.
func newDentry(parent *Dentry, name string, i *Inode) *Dentry {
	d := &Dentry{Inode: i}
	d.place.Store(&place{parent, name})
	return d
}

// Name returns the dentry's name; that of a root is "/".
func (d *Dentry) Name() string { return d.place.Load().name }

// Parent returns the directory, of a root nil.
func (d *Dentry) Parent() *Dentry { return d.place.Load().parent }

// child is one name in a childTable.
type child struct {
	qname
	d    *Dentry
	next atomic.Pointer[child] // in its chain
	// before and after are the neighbours in order of cookies. Inode.Lock.
	before, after *child
	cookie        int64 // its position in a listing. Constant
}

// childTable is a hash table that is read without a lock. A reader never finds
// a wrong name; while the table grows it may miss one, which Dentry.moves shows.
type childTable struct {
	chains []atomic.Pointer[child] // a power of two
	count  int
	// The same names in order of cookies, for listings.
	first, last *child
}

// The first cookies of a listing belong to "." and "..".
const firstCookie = 2

// lookup finds a name among the children. If it finds nothing, sure tells that
// there is nothing rather than that a change may have hidden it.
func (d *Dentry) lookup(q *qname) (found *Dentry, sure bool) {
	moves := d.moves.Load()
	t := d.kids.Load()
	if t == nil {
		return nil, true
	}
	c := t.chains[q.hash&uint32(len(t.chains)-1)].Load()
	for ; c != nil; c = c.next.Load() {
		if c.is(q) {
			return c.d, true
		}
	}
	return nil, moves&1 == 0 && moves == d.moves.Load()
}

// insert makes child known under its name.
//
// Preconditions: d.Inode.Lock held for writing, the name is not there.
func (d *Dentry) insert(dentry *Dentry) {
	t := d.kids.Load()
	if t == nil || t.count >= 2*len(t.chains) {
		t = d.grow(t)
	}
	c := &child{qname: makeName(dentry.Name()), d: dentry, before: t.last, cookie: firstCookie}
	if t.last != nil {
		c.cookie = t.last.cookie + 1
		t.last.after = c
	} else {
		t.first = c
	}
	t.last = c
	t.count++
	t.chain(c)
	dentry.unhashed.Store(false)
}

// grow replaces the table t, which may be nil, by a larger one.
func (d *Dentry) grow(t *childTable) *childTable {
	if t == nil {
		t = &childTable{chains: make([]atomic.Pointer[child], 4)}
		d.kids.Store(t)
		return t
	}
	n := &childTable{chains: make([]atomic.Pointer[child], 4*len(t.chains)), count: t.count, first: t.first, last: t.last}
	d.moves.Add(1) // readers of t may now stray into other chains
	for c := t.first; c != nil; c = c.after {
		n.chain(c)
	}
	d.kids.Store(n)
	d.moves.Add(1)
	return n
}

// chain enters c into its chain.
func (t *childTable) chain(c *child) {
	head := &t.chains[c.hash&uint32(len(t.chains)-1)]
	c.next.Store(head.Load())
	head.Store(c)
}

// remove takes child away. It keeps its place, for who still has it open.
//
// Preconditions: d.Inode.Lock held for writing.
func (d *Dentry) remove(dentry *Dentry) {
	t := d.kids.Load()
	at := &t.chains[makeName(dentry.Name()).hash&uint32(len(t.chains)-1)]
	for c := at.Load(); c != nil; at, c = &c.next, c.next.Load() {
		if c.d != dentry {
			continue
		}
		at.Store(c.next.Load())
		if c.before != nil {
			c.before.after = c.after
		} else {
			t.first = c.after
		}
		if c.after != nil {
			c.after.before = c.before
		} else {
			t.last = c.before
		}
		t.count--
		dentry.unhashed.Store(true)
		return
	}
}

// empty reports whether the directory has no names.
//
// Preconditions: d.Inode.Lock held.
func (d *Dentry) empty() bool {
	t := d.kids.Load()
	return t == nil || t.count == 0
}

// isBelow reports whether d is dir or in it, at any depth.
//
// Preconditions: the file system's rename lock held.
func (d *Dentry) isBelow(dir *Dentry) bool {
	for ; d != nil; d = d.Parent() {
		if d == dir {
			return true
		}
	}
	return false
}

// children calls emit with the dentries from position pos on, in order, until it
// returns false.
//
// Preconditions: d.Inode.Lock held.
func (d *Dentry) children(pos int64, emit func(*Dentry, int64) bool) {
	t := d.kids.Load()
	if t == nil {
		return
	}
	// Listings mostly go on near the end of what was listed last.
	c := t.first
	if t.last != nil && pos > t.last.cookie {
		return
	}
	for c != nil && c.cookie < pos {
		c = c.after
	}
	for ; c != nil && emit(c.d, c.cookie); c = c.after {
	}
}
