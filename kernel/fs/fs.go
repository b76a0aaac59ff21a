// Package fs is the virtual file system: open files, inodes, directory entries,
// mounts and the walk along a path. File systems are in the packages below it.
package fs
