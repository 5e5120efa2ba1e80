package cli

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// stamp is what scripts/stamp.sh prints, with commas for blanks: VERSION,COMMIT,SECONDS. The
// linker sets it (-X) in programs that `make` builds; nothing else writes it.
var stamp string

// BuildInfo says what was built.
type BuildInfo struct {
	Version string
	Go      string // the Go release
	System  string // OS/ARCHITECTURE
	Commit  string
	Date    *time.Time // of the commit
}

// Build returns what was built.
func Build() BuildInfo {
	version, commit, date := built()
	b := BuildInfo{
		Version: version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Commit: commit,
	}
	if !date.IsZero() {
		date = date.UTC()
		b.Date = &date
	}
	return b
}

// Version says what was built: the version, the toolchain, the platform, and the commit with
// its date where they are known.
func Version() string {
	b := Build()
	known := []string{b.Go, b.System}
	if b.Commit != "" {
		known = append(known, "commit "+b.Commit)
	}
	if b.Date != nil {
		known = append(known, "of "+b.Date.Format(time.RFC3339))
	}
	return b.Version + " (" + strings.Join(known, ", ") + ")"
}

// buildDate is the date of the commit as 2006-01-02, or "" if it is not known.
func buildDate() string {
	if b := Build(); b.Date != nil {
		return b.Date.Format(time.DateOnly)
	}
	return ""
}

// built is what this program was built of.
func built() (version, commit string, date time.Time) {
	if version, commit, date, ok := parseStamp(stamp); ok {
		return version, commit, date
	}
	return buildVersion()
}

// parseStamp reads a stamp. COMMIT is - and SECONDS is 0 if they are not known.
func parseStamp(text string) (version, commit string, date time.Time, ok bool) {
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return "", "", time.Time{}, false
	}
	if parts[1] != "-" {
		commit = parts[1]
	}
	if seconds, err := strconv.ParseInt(parts[2], 10, 64); err == nil && seconds > 0 {
		date = time.Unix(seconds, 0)
	}
	return parts[0], commit, date, true
}

// buildVersion is what the go command put into the program: the module's version, or the
// commit of the working tree.
func buildVersion() (version, commit string, date time.Time) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)", "", time.Time{}
	}
	changes := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changes = "+changes"
			}
		case "vcs.time":
			date, _ = time.Parse(time.RFC3339, s.Value) // Without it the date is left out.
		}
	}
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if commit != "" {
		commit += changes
	}
	return info.Main.Version, commit, date
}
