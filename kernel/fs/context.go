package fs

import "onsen/kernel/cred"

// Context is on whose behalf a path is walked.
type Context struct {
	Cred  *cred.Cred
	FS    *FsStruct
	Files *Files // to find directory descriptors in; may be nil
}
