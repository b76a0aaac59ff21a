// Package boottest boots the kernel in QEMU and reads what it prints. Its tests
// run with "make boot-test"; a plain "go test" skips them.
//
// What the kernel must print, in this order where it applies:
//
//	Onsen <version> (<go version>) on <arch>     the first line
//	smp: <n> CPUs online                         once all CPUs are up
//	selftest: ok <name>                          with onsen.selftest
//	selftest: FAIL <name>: <why>
//	selftest: <n> passed, <n> failed             then it powers off
//	echo: reading <n> bytes                      with onsen.echo=<n>
//	echo: <n> bytes crc32 <hex>                  then it powers off
//	idle: sleeping for <n> s                     with onsen.idle=<n>; then it
//	                                             powers off
//	Kernel panic - not syncing: <why>            the end, see panic=
//	reboot: Power down                           before a power-off
package boottest
