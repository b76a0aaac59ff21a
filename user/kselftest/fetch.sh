#!/bin/sh
# fetch.sh ARCH APTDIR DIR: fetches from Debian the source of the Linux that tests
# compare with, and unpacks its own tests, kselftest, into DIR. APTDIR is what
# debian.sh ARCH APTDIR has filled.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
arch=$1 base=$(cd "$2" && pwd) dir=$3
. "$here/../apt.sh"

echo "  DEBIAN  kselftest"
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"
apt apt-get download linux-source-6.1
# A few include headers of the kernel.
dpkg-deb --fsys-tarfile linux-source-6.1_*.deb |
	tar -x --to-stdout ./usr/src/linux-source-6.1.tar.xz |
	tar -xJ --strip-components 1 linux-source-6.1/tools/testing/selftests linux-source-6.1/tools/include \
		linux-source-6.1/arch/x86/include/asm
ls linux-source-6.1_*.deb >version.new
rm -f linux-source-6.1_*.deb
mv version.new version
