package printk

// Level says how bad it is; smaller is worse (include/linux/kern_levels.h).
type Level uint8

// The levels.
const (
	LevelEmerg   Level = iota // system is unusable
	LevelAlert                // action must be taken immediately
	LevelCrit                 // critical conditions
	LevelErr                  // error conditions
	LevelWarning              // warning conditions
	LevelNotice               // normal but significant condition
	LevelInfo                 // informational
	LevelDebug                // debug-level messages
)

// Console log levels: a console shows what is below the level
// (include/linux/printk.h).
const (
	ConsoleLevelMin        = 1
	ConsoleLevelQuiet      = 4
	ConsoleLevelDefault    = 7
	ConsoleLevelDebug      = 10
	ConsoleLevelMotormouth = 15
)

// messageLevelDefault is the level of a message written to /dev/kmsg without
// one (CONFIG_MESSAGE_LOGLEVEL_DEFAULT).
const messageLevelDefault = LevelWarning

// Facility says who speaks, as in syslog(3).
type Facility uint8

// The facilities that matter here.
const (
	FacilityKern Facility = 0
	FacilityUser Facility = 1
)
