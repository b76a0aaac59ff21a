package kernel

import "onsen/kernel/errno"

// KernelExecve makes the calling kernel thread the program at path, with
// arguments and environment from the kernel: how a kernel thread becomes PID 1.
// When it succeeds, the thread's function returns, and the task goes on in user
// mode. It returns what execve(2) returns.
func KernelExecve(path string, argv, envp []string) error {
	t := Current()
	b := &binprm{filename: path, interp: path}
	defer b.release()
	if err := b.begin(t, len(argv), len(envp)); err != nil {
		return err
	}
	for i := len(envp) - 1; i >= 0; i-- {
		if err := b.pushEnv(cBytes(envp[i])); err != nil {
			return err
		}
	}
	for i := len(argv) - 1; i >= 0; i-- {
		if err := b.pushArg(cBytes(argv[i])); err != nil {
			return err
		}
	}
	if err := b.neverEmpty(); err != nil {
		return err
	}
	if fatalSignalPending(t) {
		return errno.ERESTARTNOHAND
	}
	return b.exec(t, atFdcwd, path, 0)
}
