// Package fs is the virtual file system: open files, inodes, directory entries,
// mounts and the walk along a path. File systems are in the packages below it.
//
// # Objects
//
// A SuperBlock is a file system, an Inode a file in it, a Dentry the name of
// one in its directory, a Mount a place where a file system appears in the
// tree, and a Path (Mount and Dentry) a place in that tree. There are no
// negative dentries: a name that is not there is asked for every time, unless
// the file system keeps all its names in dentries (SuperBlock.Resident).
//
// The garbage collector keeps objects alive, so that a walk takes no references.
// References are counted where something must happen with the last one: those of
// a File (close), of an Inode by open files (the pages of a deleted file), and
// of a Mount by open files, roots and working directories (umount).
//
// # Locks
//
// From the outside in:
//
//	namespaceLock         the tree of mounts
//	  SuperBlock.rename   renames between directories, so that ancestry holds
//	    Inode.Lock        of the parent before the child; two directories in a
//	                      rename: the ancestor first, else the lower number
//	                      (Inode.id); then files, the lower number first
//	      File.posLock    is taken before Inode.Lock, with none of the above
//	      Files.lock, FsStruct.lock, lockTable.lock: short, nothing below them
//
// A walk looks names up without any lock: hash chains and mount lists are read
// through atomic pointers. Only a miss takes the directory's lock.
package fs
