#!/bin/sh
# tools.sh PROGRAM...: checks that the programs exist and installs the Debian
# packages of the missing ones, as root or through a sudo that asks for no
# password. "a|b" is satisfied by either; a is what gets installed. Exits with 1
# and names what is missing where it cannot.
set -eu

package() {
	case $1 in
	qemu-system-x86_64) echo qemu-system-x86 ;;
	qemu-system-aarch64) echo qemu-system-arm ;;
	gcc) echo gcc libc6-dev ;;
	aarch64-linux-gnu-gcc) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	x86_64-linux-gnu-gcc) echo gcc-x86-64-linux-gnu libc6-dev-amd64-cross ;;
	dpkg-deb) echo dpkg ;;
	*) echo "$1" ;;
	esac
}

have() { command -v "$1" >/dev/null 2>&1; }

have_any() (
	IFS='|'
	for program in $1; do
		have "$program" && exit 0
	done
	exit 1
)

programs= packages=
for wanted; do
	have_any "$wanted" && continue
	programs="$programs ${wanted%%|*}"
	packages="$packages $(package "${wanted%%|*}")"
done
[ -n "$packages" ] || exit 0

give_up() {
	echo "missing:$programs" >&2
	echo "$1 Debian has them in:$packages" >&2
	exit 1
}

have apt-get || give_up "There is no apt-get to install them with."
if [ "$(id -u)" = 0 ]; then
	as_root=
elif have sudo && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	give_up "Only root can install them, and sudo would ask for a password."
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" >>"$log" 2>&1; }

echo "  APT    $packages"
# The package lists may be missing or out of date.
apt install -y --no-install-recommends $packages ||
	{ apt update && apt install -y --no-install-recommends $packages; } ||
	{ tail -n 20 "$log" >&2; give_up "apt-get failed."; }
