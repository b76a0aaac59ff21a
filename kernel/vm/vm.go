// Package vm has the memory of programs: address spaces made of areas, their
// page tables, faults, copy-on-write, and the page cache that files are mapped
// from.
package vm
