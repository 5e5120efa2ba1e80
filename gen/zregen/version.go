package main

import (
	"runtime"
	"runtime/debug"
)

// version returns what was built: the module's version, or the commit of a checkout, and by which
// Go.
func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && v == "(devel)" {
				v = s.Value
			}
		}
	}
	return "zregen " + v + " " + runtime.Version()
}
