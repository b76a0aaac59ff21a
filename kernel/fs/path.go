package fs

import "strings"

// Path is a place in the tree of mounts.
type Path struct {
	Mount  *Mount
	Dentry *Dentry
}

// IsZero reports whether it is no place.
func (p Path) IsZero() bool { return p.Dentry == nil }

// Inode returns the file at the place.
func (p Path) Inode() *Inode { return p.Dentry.Inode }

// DPath returns the absolute name of p as seen from root. Of what was deleted
// the name ends in " (deleted)"; what cannot be reached from root is named from
// the top of its own tree. Anonymous files have their name.
func DPath(root, p Path) string {
	if p.Mount == nil {
		return p.Dentry.Name()
	}
	name, _ := pathFrom(root, p)
	if p.Dentry.unhashed.Load() {
		name += " (deleted)"
	}
	return name
}

// pathFrom returns the name of p as seen from root, and whether root was met
// on the way up.
func pathFrom(root, p Path) (name string, reached bool) {
	var parts []string
	for p != root {
		if p.Dentry == p.Mount.Root {
			up := p.Mount.up.Load()
			if up == nil {
				break
			}
			p = Path{up.parent, up.at}
			continue
		}
		at := p.Dentry.place.Load()
		if at.parent == nil {
			break // a directory above the root of a bind mount was removed
		}
		parts = append(parts, at.name)
		p.Dentry = at.parent
	}
	reached = p == root
	if len(parts) == 0 {
		return "/", reached
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String(), reached
}

// Get keeps the file and the mount of p, until Put: false if one is gone.
func (p Path) Get() bool {
	if !p.hold() {
		return false
	}
	if !hold(&p.Dentry.Inode.users) {
		p.put()
		return false
	}
	return true
}

// Put undoes Get.
func (p Path) Put() {
	p.Dentry.Inode.drop()
	p.put()
}
