#!/bin/sh
# debian-root.sh ARCH DIR PACKAGE...: unpacks the packages and what they depend
# on into DIR/root, without documentation, locales and maintainer scripts. DIR
# is what debian.sh ARCH DIR filled, with apt's state. DIR/root.items lists the
# tree for mkinitramfs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
arch=$1 dir=$2
shift 2
cd "$dir"
base=$PWD
. "$here/apt.sh"

echo "  DEBIAN  $arch root"
# Only maintainer scripts need what is left out.
packages=$(apt apt-get -s install "$@" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' |
	grep -Ev '^(perl|perl-modules-.*|libperl5.*|lib.*-perl|libgdbm.*|libdb5.*|usrmerge|dpkg|debconf|init-system-helpers|ucf|sensible-utils|gcc-.*|tar|libaudit-common|libdebuginfod-common|readline-common)=')
[ -n "$packages" ] || { echo "apt resolves nothing for $arch" >&2; exit 1; }
rm -rf root debs
mkdir -p debs root/usr/bin root/usr/sbin root/usr/lib root/usr/lib64 root/dev root/etc root/proc root/tmp
for d in bin sbin lib lib64; do ln -s "usr/$d" "root/$d"; done
(cd debs && apt apt-get download $packages)
for deb in debs/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C root --keep-directory-symlink --no-same-owner \
		--exclude './usr/share/*' --exclude './var/*' --exclude './etc/*' \
		--exclude './usr/lib/*/gconv/[A-TV-Zl]*' # gdb needs UTF-32
done
rm -rf debs
echo root:x:0:0:root:/:/bin/bash >root/etc/passwd
echo root:x:0: >root/etc/group
rm -f root/usr/bin/perl5.* # the same file as perl
(
	cd root
	find . -mindepth 1 -type l -printf '%P@%l\n'
	find . -mindepth 1 -type d -empty -printf '%P/\n'
	find . -type f -printf "%P=$dir/root/%P\n"
) >root.items.new
mv root.items.new root.items
