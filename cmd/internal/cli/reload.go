package cli

import (
	"log/slog"
	"slices"
	"strconv"
)

// reload reads zre.conf and the secret key again, because SIGHUP asks for it, and uses what can
// change while the program runs: debug, and in a secure program trust. It logs what has changed
// and cannot be used before the next start.
func (f *KeyFlags) reload(env *Env, secure bool) {
	changed, err := env.reread()
	if err != nil {
		env.Log.Warn("zre.conf was not read again, and everything stays as it is", "error", err)
		return
	}
	var later []string
	for key := range changed {
		switch {
		case key == "debug":
			env.debugAgain()
		case key == "trust" && secure:
			f.trust = nil
			for _, line := range env.lines[key] {
				f.trust = append(f.trust, line.value)
			}
		default:
			later = append(later, key)
		}
	}
	if f.keyChanged(env) && !slices.Contains(later, "key") {
		later = append(later, "key")
	}
	if len(later) > 0 {
		slices.Sort(later)
		env.Log.Warn("settings have changed that are used at the next start only", "keys", later)
	}
	env.Log.Info("zre.conf was read again", "file", env.ConfigFile, "changed", len(changed))
}

// keyChanged reports whether there is another secret key now, or none.
func (f *KeyFlags) keyChanged(env *Env) bool {
	file := f.file(env)
	if file == "" {
		return f.own != ""
	}
	quiet := *env
	quiet.Log = slog.New(slog.DiscardHandler) // That others can read the file was said before.
	secret, err := secretKey(&quiet, file)
	if err != nil {
		env.Log.Warn("the secret key cannot be read any more", "error", bareReason(err))
		return false
	}
	return secret != f.own
}

// reread reads zre.conf again, and returns the keys that say something else than before and
// whose flags were not given on the command line. env.lines says what they are now.
func (e *Env) reread() (changed map[string]bool, err error) {
	if e.flags == nil || e.program.NoConfig {
		return nil, nil
	}
	file, data, err := findConfig(e)
	if err != nil {
		return nil, err
	}
	lines := map[string][]entry{}
	if file != "" {
		entries, err := parseConfig(file, data)
		if err != nil {
			return nil, err
		}
		if lines, err = chooseEntries(e.program, e.flags, file, entries); err != nil {
			return nil, err
		}
	}
	changed = map[string]bool{}
	for _, from := range []map[string][]entry{e.lines, lines} {
		for key := range from {
			given := e.typed[key] || key == "name" && e.renamed
			if !given && !slices.EqualFunc(e.lines[key], lines[key], sameValue) {
				changed[key] = true
			}
		}
	}
	e.lines, e.ConfigFile = lines, file
	return changed, nil
}

func sameValue(a, b entry) bool { return a.value == b.value }

// debugAgain sets the level of the log to what zre.conf says now.
func (e *Env) debugAgain() {
	on := false
	if lines := e.lines["debug"]; len(lines) > 0 {
		value := yesNo(lines[0].value)
		switch parsed, err := strconv.ParseBool(value); {
		case err != nil:
			e.Log.Warn("debug stays as it is", "error", lines[0].errorf(e.ConfigFile, "%q: not yes or no", value))
			return
		default:
			on = parsed
		}
	}
	e.SetDebug(on)
}
