package fs

import (
	"strings"
	"syscall"
)

// Flags of renameat2(2).
const (
	RenameNoreplace = 1
	RenameExchange  = 2
	RenameWhiteout  = 4
)

// renaming is what a rename works on.
type renaming struct {
	old, new walk // at the directories
	from, to *Dentry
	flags    uint32
}

// Rename does renameat2(2).
func Rename(ctx *Context, oldDfd int, oldPath string, newDfd int, newPath string, flags uint32) error {
	if flags&^(RenameNoreplace|RenameExchange) != 0 || flags == RenameNoreplace|RenameExchange {
		return syscall.EINVAL // overlays, the only ones with whiteouts, do not exist here
	}
	r := renaming{flags: flags}
	r.old = walk{ctx: ctx, cred: ctx.Cred}
	r.new = r.old
	if err := r.old.startParent(oldDfd, oldPath); err != nil {
		return err
	}
	if err := r.new.startParent(newDfd, newPath); err != nil {
		return err
	}
	switch {
	case r.old.p.Mount != r.new.p.Mount:
		return syscall.EXDEV
	case r.old.kind != lastNorm:
		return syscall.EBUSY
	case r.new.kind != lastNorm && flags&RenameNoreplace != 0:
		return syscall.EEXIST
	case r.new.kind != lastNorm:
		return syscall.EBUSY
	case r.old.p.Mount == nil || r.old.p.Mount.Flags()&MsRdonly != 0:
		return syscall.EROFS
	}
	lost, err := r.locked()
	switch {
	case err != nil || lost == nil:
	case lost.Inode.IsDir():
		lost.Inode.Ops.Evict(lost.Inode)
	default:
		lost.Inode.evictUnused()
	}
	return err
}

// locked does the rename with the directories locked. It returns the dentry
// that was replaced, if any.
func (r *renaming) locked() (lost *Dentry, err error) {
	a, b := r.old.p.Dentry, r.new.p.Dentry
	unlock := lockRename(a, b)
	defer unlock()
	if r.from, err = a.findLocked(&r.old.last); err != nil {
		return nil, err
	}
	r.to, err = b.findLocked(&r.new.last)
	if err != nil && err != syscall.ENOENT {
		return nil, err
	}
	if err := r.checkNames(); err != nil {
		return nil, err
	}
	if r.to != nil && r.to.Inode == r.from.Inode {
		return nil, nil // two names of one file: "does nothing" - rename(2)
	}
	if err := r.checkRights(); err != nil {
		return nil, err
	}
	return r.move()
}

// lockRename locks two directories, which may be one.
func lockRename(a, b *Dentry) (unlock func()) {
	if a == b {
		a.Inode.Lock.Lock()
		return a.Inode.Lock.Unlock
	}
	sb := a.Inode.SB
	sb.rename.Lock()
	first, second := a, b
	if !b.isBelow(a) && (a.isBelow(b) || b.Inode.id < a.Inode.id) {
		first, second = b, a
	}
	first.Inode.Lock.Lock()
	second.Inode.Lock.Lock()
	return func() {
		second.Inode.Lock.Unlock()
		first.Inode.Lock.Unlock()
		sb.rename.Unlock()
	}
}

// checkNames checks what depends on what the two names are.
func (r *renaming) checkNames() error {
	exchange := r.flags&RenameExchange != 0
	switch {
	case r.to != nil && r.flags&RenameNoreplace != 0:
		return syscall.EEXIST
	case r.to == nil && exchange:
		return syscall.ENOENT
	case exchange && !r.to.Inode.IsDir() && r.new.slash:
		return syscall.ENOTDIR
	case !r.from.Inode.IsDir() && (r.old.slash || !exchange && r.new.slash):
		return syscall.ENOTDIR
	}
	oldDir, newDir := r.old.p.Dentry, r.new.p.Dentry
	if oldDir == newDir {
		return nil
	}
	switch {
	case newDir.isBelow(r.from):
		return syscall.EINVAL
	case r.to != nil && oldDir.isBelow(r.to) && exchange:
		return syscall.EINVAL
	case r.to != nil && oldDir.isBelow(r.to):
		return syscall.ENOTEMPTY
	}
	return nil
}

// checkRights checks permissions and types.
func (r *renaming) checkRights() error {
	c := r.old.cred
	oldDir, newDir := r.old.p.Dentry.Inode, r.new.p.Dentry.Inode
	isDir := r.from.Inode.IsDir()
	if err := mayDelete(c, oldDir, r.from.Inode, isDir); err != nil {
		return err
	}
	exchange := r.flags&RenameExchange != 0
	if r.to == nil {
		if err := mayCreate(c, newDir); err != nil {
			return err
		}
	} else {
		asDir := isDir
		if exchange {
			asDir = r.to.Inode.IsDir()
		}
		if err := mayDelete(c, newDir, r.to.Inode, asDir); err != nil {
			return err
		}
	}
	if oldDir != newDir {
		// A directory's ".." changes.
		if isDir {
			if err := Permission(c, r.from.Inode, MayWrite); err != nil {
				return err
			}
		}
		if exchange && r.to.Inode.IsDir() {
			if err := Permission(c, r.to.Inode, MayWrite); err != nil {
				return err
			}
		}
	}
	if r.from.mounts.Load() != 0 || r.to != nil && r.to.mounts.Load() != 0 {
		return syscall.EBUSY
	}
	return nil
}

// move asks the file system and moves the dentries.
func (r *renaming) move() (lost *Dentry, err error) {
	oldDir, newDir := r.old.p.Dentry, r.new.p.Dentry
	newName := strings.Clone(r.new.last.name)
	var target *Inode
	if r.to != nil {
		target = r.to.Inode
		target.Lock.Lock()
		defer target.Lock.Unlock()
		if r.flags&RenameExchange == 0 && target.SB.Resident && target.IsDir() && !r.to.empty() {
			return nil, syscall.ENOTEMPTY
		}
	}
	oldName := r.from.Name()
	err = oldDir.Inode.Ops.Rename(oldDir.Inode, oldName, r.from.Inode, newDir.Inode, newName, target, r.flags)
	if err != nil {
		return nil, err
	}
	oldDir.remove(r.from)
	if r.to != nil {
		newDir.remove(r.to)
		if r.flags&RenameExchange != 0 {
			r.to.place.Store(&place{oldDir, oldName})
			oldDir.insert(r.to)
		} else {
			target.dead = target.IsDir()
			lost = r.to
		}
	}
	r.from.place.Store(&place{newDir, newName})
	newDir.insert(r.from)
	return lost, nil
}
