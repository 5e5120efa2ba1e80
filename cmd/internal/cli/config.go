package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// systemConfig is read when ZRECFG names no file.
const systemConfig = "/etc/zre.conf"

// ConfigError says what is wrong with a line of zre.conf, or with the file.
type ConfigError struct {
	File    string
	Line    int // 0 if it is not about one line
	Section string
	Key     string
	Err     error
}

func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(":")
	if e.Section != "" {
		fmt.Fprintf(&b, " [%s]", e.Section)
	}
	if e.Key != "" {
		fmt.Fprintf(&b, " %s:", e.Key)
	}
	fmt.Fprintf(&b, " %v", e.Err)
	return b.String()
}

func (e *ConfigError) Unwrap() error { return e.Err }

// sections are the sections of zre.conf: one for each program, and the keys
// that only that program has in a section which others read too.
func sections() []string { return []string{"zre", "zrecat", "zgossip_server"} }

// shellKeys are the flags of the program zre itself. They stand in section
// [zre] together with what is for all programs, so the other programs skip them.
func shellKeys() []string {
	return []string{"json", "join", "stay", "all", "long", "color", "patience"}
}

// oneNodeKey reports whether a key of section [zre] is about one node of the host only.
func oneNodeKey(key string) bool {
	return slices.Contains([]string{"id", "gossip-bind", "advertise", "contest", "metrics"}, key)
}

// configure sets the flags that the command line did not: from ZRENAME and
// from zre.conf.
func configure(p Program, env *Env, flags *pflag.FlagSet) error {
	env.flags, env.program = flags, p
	env.typed = map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { env.typed[f.Name] = true })

	if name := env.getenv("ZRENAME"); name != "" && p.Node != nil && !env.typed["name"] {
		if err := flags.Set("name", name); err != nil {
			return Usagef("ZRENAME: %w", err)
		}
		env.renamed = true
	}
	file, data, err := findConfig(env)
	if err != nil || file == "" {
		return err
	}
	env.ConfigFile = file
	entries, err := parseConfig(file, data)
	if err == nil {
		env.lines, err = applyConfig(p, flags, file, entries)
	}
	return err
}

// LoadConfig sets the flags of a program that have not been set yet to what
// the text of a zre.conf says. file is its name, for errors.
func (p Program) LoadConfig(flags *pflag.FlagSet, file string, data []byte) error {
	entries, err := parseConfig(file, data)
	if err != nil {
		return err
	}
	_, err = applyConfig(p, flags, file, entries)
	return err
}

// findConfig returns the configuration file to read: ZRECFG, else
// /etc/zre.conf, else ~/.zre.conf; "" if there is none.
func findConfig(env *Env) (file string, data []byte, err error) {
	if file := env.getenv("ZRECFG"); file != "" {
		data, err := env.readFile(file)
		if err != nil {
			return "", nil, &ConfigError{File: file, Err: fmt.Errorf("cannot be read, and ZRECFG names it: %w (unset ZRECFG, or let it name a file that can be read)", bare(err))}
		}
		return file, data, nil
	}
	candidates := []string{systemConfig}
	if home := env.getenv("HOME"); home != "" {
		candidates = append(candidates, filepath.Join(home, ".zre.conf"))
	}
	for _, file := range candidates {
		data, err := env.readFile(file)
		switch {
		case err == nil:
			return file, data, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", nil, &ConfigError{File: file, Err: fmt.Errorf("cannot be read: %w (ZRECFG can name another file)", bare(err))}
		}
	}
	return "", nil, nil
}

// bare leaves out the path of a PathError: the ConfigError around it names
// the file already.
func bare(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// applyConfig checks the sections that this program reads, and sets its flags. It returns the
// lines that each flag was set by.
func applyConfig(p Program, flags *pflag.FlagSet, file string, entries []entry) (map[string][]entry, error) {
	chosen, err := chooseEntries(p, flags, file, entries)
	if err != nil {
		return nil, err
	}
	set := map[string][]entry{}
	for _, e := range entries {
		if list := chosen[e.key]; len(list) == 0 || list[0] != e || flags.Changed(e.key) {
			continue
		}
		if err := setFlag(flags, file, chosen[e.key]); err != nil {
			return nil, err
		}
		set[e.key] = chosen[e.key]
	}
	return set, nil
}

// chooseEntries returns the lines that say what each flag is to be. What the program's own
// section says replaces what [zre] says, whole lists too.
func chooseEntries(p Program, flags *pflag.FlagSet, file string, entries []entry) (map[string][]entry, error) {
	shared := pflag.NewFlagSet("zre", pflag.ContinueOnError)
	NewNodeFlags().Register(shared)
	common := append(flagNames(shared, ""), "debug")

	chosen := map[string][]entry{}
	for _, section := range []string{"zre", p.Name} {
		own := section == p.Name
		known, applies := common, common
		switch {
		case own:
			known = configKeys(flags)
			applies = known
		case p.Node == nil:
			applies = []string{"debug"}
		case p.Beside:
			applies = slices.DeleteFunc(slices.Clone(common), oneNodeKey)
		}
		if section == "zre" {
			known = slices.Concat(known, shellKeys())
		}
		here := map[string][]entry{}
		for _, e := range entries {
			if e.section != section {
				continue
			}
			if !slices.Contains(known, e.key) {
				return nil, e.errorf(file, "there is no such key%s", hint(e.key, known))
			}
			if slices.Contains(applies, e.key) {
				here[e.key] = append(here[e.key], e)
			}
		}
		for key, list := range here {
			chosen[key] = list
		}
		if own && section == "zre" {
			break
		}
	}
	return chosen, nil
}

// configKeys are the flags that may stand in zre.conf: those that ask for
// something to be printed make no sense there.
func configKeys(flags *pflag.FlagSet) []string {
	return slices.DeleteFunc(flagNames(flags, ""), func(name string) bool {
		return name == "help" || name == "version" || OnlyOnCommandLine(flags.Lookup(name))
	})
}

// commandLineOnly marks flags that have no place in zre.conf.
const commandLineOnly = "zre.conf: no"

// CommandLineOnly keeps flags out of zre.conf that are for one run only.
func CommandLineOnly(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		flag := flags.Lookup(name)
		if flag.Annotations == nil {
			flag.Annotations = map[string][]string{}
		}
		flag.Annotations[commandLineOnly] = nil
	}
}

// OnlyOnCommandLine reports whether a flag has no place in zre.conf.
func OnlyOnCommandLine(flag *pflag.Flag) bool {
	_, marked := flag.Annotations[commandLineOnly]
	return marked
}

// hint names the key that was probably meant, or else all keys.
func hint(key string, known []string) string {
	if near := didYouMean(key, known); near != "" {
		return near
	}
	known = slices.Clone(known)
	slices.Sort(known)
	return "; there are " + strings.Join(slices.Compact(known), ", ")
}

// setFlag sets one flag to the values of all the lines that name it.
func setFlag(flags *pflag.FlagSet, file string, lines []entry) error {
	flag := flags.Lookup(lines[0].key)
	if len(lines) > 1 && !repeatable(flag) {
		return lines[1].errorf(file, "is given twice, first in line %d; one is right", lines[0].line)
	}
	for _, e := range lines {
		value := e.value
		if flag.Value.Type() == "bool" {
			value = yesNo(value)
		}
		if err := flags.Set(e.key, value); err != nil {
			if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
				err = plainCause(invalid.Unwrap())
			}
			return e.errorf(file, "%q: %w", e.value, err)
		}
	}
	return nil
}

// repeatable reports whether a flag collects the values it is given.
func repeatable(f *pflag.Flag) bool {
	switch f.Value.(type) {
	case words, endpoints, headers, pflag.SliceValue:
		return true
	}
	return false
}

// yesNo puts the usual words for a switch into those of package strconv. A key
// that stands alone is a yes.
func yesNo(value string) string {
	switch strings.ToLower(value) {
	case "yes", "y", "on":
		return "true"
	case "no", "n", "off":
		return "false"
	}
	return value
}
