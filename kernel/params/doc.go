// Package params reads the kernel command line by Linux's rules, so that what
// boots Linux boots this kernel ("The kernel's command-line parameters",
// Documentation/admin-guide/kernel-parameters.rst, and kernel/params.c).
//
// Parse knows the grammar and takes the words it shall know as a table of
// Setup; ParseCommandLine is Parse with this kernel's own table. Both are pure
// functions: they return what they found and what was wrong with it, and the
// caller prints that. A word that is wrong never changes a default.
package params
