package boottest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/u-root/u-root/pkg/cpio"

	"onsen/qemu"
	"onsen/qemu/qemutest"
)

// withScript returns a machine whose init is a shell script: Debian's busybox runs
// it, with /proc and /dev mounted. Its end is the end of init.
func withScript(t *testing.T, arch qemu.Arch, script string) qemu.Config {
	t.Helper()
	m := qemutest.Kernel(t, arch)
	busybox, err := os.ReadFile(filepath.Join(qemutest.Root(t), "build", "debian", string(arch), "busybox"))
	if err != nil {
		t.Fatalf("%v (make debian fetches it)", err)
	}
	const head = "#!/busybox sh\n/busybox mount -t proc proc /proc\n" +
		"/busybox mount -t devtmpfs devtmpfs /dev\n"
	m.Initrd = filepath.Join(t.TempDir(), "initramfs.cpio")
	f, err := os.Create(m.Initrd)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := cpio.Newc.Writer(f)
	err = cpio.WriteRecords(w, []cpio.Record{
		cpio.Directory("proc", 0o755),
		cpio.Directory("dev", 0o755),
		cpio.StaticFile("busybox", string(busybox), 0o755),
		cpio.StaticFile("init", head+script, 0o755),
	})
	if err == nil {
		err = cpio.WriteTrailer(w)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// /proc/sys/kernel/panic shows what panic= said, and what is written there counts.
func TestPanicSysctl(t *testing.T) {
	for _, arch := range qemu.Arches {
		t.Run(string(arch), func(t *testing.T) {
			t.Parallel()
			m := withScript(t, arch, `
read before </proc/sys/kernel/panic
echo "timeout was $before"
echo -1 >/proc/sys/kernel/panic
read after </proc/sys/kernel/panic
echo "timeout is $after"
exit 3
`)
			m.Append = append(m.Append, "panic=1000")
			g := qemutest.Boot(t, m)
			g.Expect(`^timeout was 1000$`)
			g.Expect(`^timeout is -1$`)
			g.Expect(`^Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000300`)
			g.Exit(qemu.ResetByGuest)
		})
	}
}
