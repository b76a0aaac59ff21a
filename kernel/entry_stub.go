package kernel

func (t *Task) resumeUserModeWork() {}
