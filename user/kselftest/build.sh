#!/bin/sh
# build.sh ARCH CC SRC OUT: builds the programs of user/kselftest/tests for ARCH from
# the source in SRC, static, as OUT/PROGRAM. OUT/items lists them for mkinitramfs,
# OUT/programs for init.sh.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
arch=$1 cc=$2 src=$(cd "$3" && pwd)
mkdir -p "$4"
out=$(cd "$4" && pwd)

# compile PROGRAM [WORD...]: without a source among the words it is PROGRAM.c.
compile() {
	program=$1 sources=
	shift
	for word; do
		case $word in *.[cS]) sources=yes ;; esac
	done
	[ -n "$sources" ] || set -- "$@" "${program##*/}.c"
	link=-static
	case " $* " in *" -static-pie "*) link= ;; esac
	cd "$src/tools/testing/selftests/${program%/*}"
	mkdir -p "$out/${program%/*}"
	$cc $link -s -O1 -w -D_GNU_SOURCE -pthread -I"$here/include" -I.. -I../.. -I. "$@" -o "$out/$program" 2>"$out/$program.log" ||
		{ cat "$out/$program.log" >&2; exit 1; }
}

if [ $# -gt 4 ]; then # for xargs
	shift 4
	compile "$@"
	exit
fi

list=$(sed -n "s/^\([^# ]*\) \+\(all\|$arch\) \+\([a-z]*\) *\(.*\)/\1 \3 \4/p" "$here/tests")
[ -n "$list" ] || { echo "tests has nothing for $arch" >&2; exit 1; }
echo "$list" | sed 's/ [a-z]*//; s/ *$//' |
	xargs -P "$(nproc)" -L 1 sh "$here/build.sh" "$arch" "$cc" "$src" "$out"
echo "$list" | cut -d' ' -f1,2 >"$out/programs"
cut -d' ' -f1 "$out/programs" | sed "s|.*|kselftest/&=$out/&|" >"$out/items"
