package cli

import (
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// reload reads zre.conf and the secret key again, because SIGHUP asks for it, and uses what can
// change while the program runs: debug, in a secure program trust, and what live names. It logs
// what has changed and cannot be used before the next start.
func (f *KeyFlags) reload(env *Env, live Live) {
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
		case key == "trust" && live.Keys != nil:
			f.trust = env.values(key)
		case key == "key" && live.NewKey:
			f.key = strings.Join(env.values(key), "") // There is one line at most.
		case slices.Contains(live.Settings, key):
			// Use is called in any case: a setting may name a file that has changed.
		default:
			later = append(later, key)
		}
	}
	if f.keyIsForLater(env, live) && !slices.Contains(later, "key") {
		later = append(later, "key")
	}
	if live.Use != nil {
		if err := live.Use(env); err != nil {
			env.Log.Warn("settings are not used, and stay as they are", "error", err)
		}
	}
	if len(later) > 0 {
		slices.Sort(later)
		env.Log.Warn("settings have changed that are used at the next start only", "keys", later)
	}
	env.Log.Info("zre.conf was read again", "file", env.ConfigFile, "changed", len(changed))
}

// keyIsForLater reads the secret key again. It reports whether it is another one now, or none,
// and the program cannot use that. No program can begin or cease to encrypt.
func (f *KeyFlags) keyIsForLater(env *Env, live Live) bool {
	secret := ""
	if file := f.file(env); file != "" {
		quiet := *env
		quiet.Log = slog.New(slog.DiscardHandler) // That others can read the file was said before.
		var err error
		if secret, err = secretKey(&quiet, file); err != nil {
			env.Log.Warn("the secret key cannot be read any more", "error", bareReason(err))
			return false
		}
	}
	if live.NewKey && secret != "" && f.own != "" {
		f.own = secret
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
	for key := range lines {
		if e.given(key) {
			delete(lines, key)
		}
	}
	changed = map[string]bool{}
	for _, from := range []map[string][]entry{e.lines, lines} {
		for key := range from {
			if !slices.EqualFunc(e.lines[key], lines[key], sameValue) {
				changed[key] = true
			}
		}
	}
	e.lines, e.ConfigFile = lines, file
	return changed, nil
}

// given reports whether zre.conf has nothing to say about a flag.
func (e *Env) given(flag string) bool { return e.typed[flag] || flag == "name" && e.renamed }

// values returns what the lines of zre.conf say about a flag.
func (e *Env) values(flag string) (list []string) {
	for _, line := range e.lines[flag] {
		list = append(list, line.value)
	}
	return list
}

// Again sets flags as they would be set if the program started now: as the command line says,
// and zre.conf as it was read last. register adds flags with their defaults to a set; they are
// others than those of the start. It is for programs without a node.
func (e *Env) Again(register func(*pflag.FlagSet)) error {
	p := e.program
	p.Flags = register
	flags := p.FlagSet()
	if err := flags.Parse(e.args); err != nil {
		return flagError(flags, err)
	}
	for _, key := range slices.Sorted(maps.Keys(e.lines)) {
		if err := setFlag(flags, e.ConfigFile, e.lines[key]); err != nil {
			return err
		}
	}
	return nil
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
