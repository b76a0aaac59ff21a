package fs_test

import (
	"fmt"
	"math/rand"
	"testing"

	"onsen/kernel/fs"
	"onsen/kernel/sched"
)

// TestConcurrent lets tasks change one tree at the same time. Whatever they do,
// every directory counts its subdirectories in the end.
func TestConcurrent(t *testing.T) { inTask(func() { testConcurrent(t) }) }

func testConcurrent(t *testing.T) {
	ctx := root()
	tree(t, ctx, "a/", "b/", "a/c/", "b/d/")
	dirs := []string{"", "a/", "b/", "a/c/", "b/d/", "a/c/x/"}
	var tasks []func()
	for seed := range 4 {
		tasks = append(tasks, func() {
			r := rand.New(rand.NewSource(int64(seed)))
			name := func() string { return dirs[r.Intn(len(dirs))] + fmt.Sprint(r.Intn(4)) }
			for i := range 400 {
				switch r.Intn(8) {
				case 0:
					_ = fs.Mkdir(ctx, fs.AtFdcwd, name(), 0o755)
				case 1:
					_ = fs.Unlink(ctx, fs.AtFdcwd, name())
				case 2:
					_ = fs.Rmdir(ctx, fs.AtFdcwd, name())
				case 3:
					_ = makeFile(ctx, name())
				case 4:
					_ = makeFile(ctx, name()+" = "+name())
				case 5:
					if f, err := fs.OpenFile(ctx, name(), 0o102, 0o644); err == nil {
						_, _ = f.WriteAt([]byte("text"), 0)
						f.Put()
					}
				default:
					flags := uint32(r.Intn(3))
					_ = fs.Rename(ctx, fs.AtFdcwd, name(), fs.AtFdcwd, name(), flags)
				}
				if i%16 == 0 {
					sched.Yield()
				}
			}
		})
	}
	inTasks(tasks...)
	checkLinks(t, ctx)
}
