// Package vm has the memory of programs: address spaces made of areas, their
// page tables, faults, copy-on-write, and the page cache that files are mapped
// from.
//
// # Where things live
//
// An MM and its areas are small Go objects. Pages, page tables and the index of
// a page cache are pages of kernel/mm, which the garbage collector never looks
// at. Who maps or keeps a page is one of its owners (mm.GetPage): a page of a
// page cache has the cache and every mapping as owners, an anonymous page the
// address spaces that share it since a fork. A page with one owner is therefore
// private, whatever it once was.
//
// # Locks
//
//	MM.lock             the areas, and who may change page table entries
//	AddressSpace.lock   a spin lock: the index of pages, the areas that map them
//	MM.ArgLock          a spin lock: where a program's parts are, for /proc
//
// They are taken in this order. The locks of package mm come last. File
// references are given up without any of them.
//
// # Page table entries
//
// Whoever holds MM.lock for writing may change and clear entries, and free
// tables. Whoever holds it for reading (a fault) may only
//
//   - fill an empty entry or table, by compare-and-swap;
//   - add the right to write to a page with one owner, by compare-and-swap;
//   - replace a shared page by a copy: by compare-and-swap the entry allows
//     nothing at first (Arm ARM, break before make), all CPUs forget the old
//     one, and then the entry of the copy is stored. Who meets the state in
//     between tries again.
//
// So an entry seen under the lock never becomes empty and never names the same
// page again once it has changed. The processor itself changes nothing: entries
// are made accessed and dirty.
package vm
