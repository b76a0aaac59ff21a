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

// The four numbers of /proc/sys/kernel/printk.
const (
	LevelsConsole        = iota // consoles show what is below
	LevelsMessage               // of what is written to /dev/kmsg without one
	LevelsConsoleMin            // the least that syslog(2) makes of the first
	LevelsConsoleDefault        // nobody asks for it any more
	LevelsCount
)

// levelsDefault is what they are at first (CONFIG_CONSOLE_LOGLEVEL_DEFAULT and
// CONFIG_MESSAGE_LOGLEVEL_DEFAULT are 7 and 4).
var levelsDefault = [LevelsCount]int32{ConsoleLevelDefault, int32(LevelWarning), ConsoleLevelMin, ConsoleLevelDefault}

// Facility says who speaks, as in syslog(3).
type Facility uint8

// The facilities that matter here.
const (
	FacilityKern Facility = 0
	FacilityUser Facility = 1
)
