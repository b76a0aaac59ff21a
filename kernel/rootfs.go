package kernel

import (
	"syscall"

	"onsen/kernel/fs"
	"onsen/kernel/fs/devfs"
	"onsen/kernel/fs/pipe"
	"onsen/kernel/fs/ramfs"
	"onsen/kernel/initramfs"
	"onsen/kernel/signal"
)

// mountRootfs makes the file systems known, mounts the first root, which is a
// tmpfs as Linux's is if no root= is given, and puts the calling task there with
// an empty table of open files.
func mountRootfs() error {
	if err := ramfs.Register(); err != nil {
		return err
	}
	if err := devfs.Register(); err != nil {
		return err
	}
	fs.OpenFifo = pipe.OpenFifo
	fs.RlimitFsize = func() uint64 { return Current().rlimit(RLIMIT_FSIZE) }
	fs.FsizeExceeded = func() {
		sendToSelf(signal.SIGXFSZ)
	}
	sb, err := ramfs.NewTmpfs(&fs.FilesystemType{Name: "rootfs", NoDev: true}, 0, "mode=0755")
	if err != nil {
		return err
	}
	root := fs.MountRoot(sb, "rootfs")
	t := Current()
	first, files := fs.NewFsStruct(root), fs.NewFiles()
	t.allocLock.Lock()
	t.fs, t.files = first, files
	t.allocLock.Unlock()
	return nil
}

// populateRootfs fills the root with what Linux's built-in initramfs has, and
// then with the image that the boot loader has passed, if any.
func populateRootfs(image []byte) (initramfs.Summary, error) {
	ctx := Current().fsContext()
	for _, dir := range []struct {
		name string
		mode uint32
	}{{"/dev", 0o755}, {"/root", 0o700}} {
		if err := fs.Mkdir(ctx, fs.AtFdcwd, dir.name, dir.mode); err != nil {
			return initramfs.Summary{}, err
		}
	}
	err := fs.Mknod(ctx, fs.AtFdcwd, "/dev/console", syscall.S_IFCHR|0o600, fs.MkDev(ttyAuxMajor, 1))
	if err != nil || len(image) == 0 {
		return initramfs.Summary{}, err
	}
	return unpackRootfs(ctx, image)
}
