package kernel

// taskExec is what execve(2) gives the task and what it needs to begin anew.
type taskExec struct{}
