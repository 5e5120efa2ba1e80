package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version says what was built: the module's version, or the commit of a
// working tree, with the toolchain and the platform.
func Version() string {
	version, revision, dirty := "(unknown)", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				if s.Value == "true" {
					dirty = "+changes"
				}
			}
		}
	}
	if len(revision) > 12 {
		revision = revision[:12]
	}
	if revision != "" {
		revision = ", commit " + revision + dirty
	}
	return fmt.Sprintf("%s (%s %s/%s%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, revision)
}
