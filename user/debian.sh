#!/bin/sh
# debian.sh ARCH DIR: fetches from Debian what tests compare with and run: the
# kernel as DIR/vmlinuz, and static DIR/busybox and DIR/bash. It needs no root
# and leaves the machine's own package lists alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
arch=$1 dir=$2
mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial"
touch "$dir/apt/status"
cd "$dir"
base=$PWD
. "$here/apt.sh"

# extract PACKAGE MEMBER FILE: one file of a package.
extract() {
	apt apt-get download "$1" && mv "$1"_*.deb apt/
	dpkg-deb --fsys-tarfile apt/"$1"_*.deb | tar -x --to-stdout --wildcards "$2" >"$3.new"
	rm -f apt/"$1"_*.deb
	mv "$3.new" "$3"
}

echo "  DEBIAN  $arch"
apt apt-get update
kernel=$(apt apt-cache depends "linux-image-$arch" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
[ -n "$kernel" ] || { echo "Debian names no kernel for $arch" >&2; exit 1; }
extract "$kernel" './boot/vmlinuz-*' vmlinuz
extract busybox-static ./bin/busybox busybox
extract bash-static ./bin/bash-static bash
chmod +x busybox bash
echo "$kernel" >version
