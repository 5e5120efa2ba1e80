// Package clitest holds the checks that each program's tests make of what
// package cli does for it. Only tests import it.
package clitest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
)

// CheckExample checks that the example of zre.conf loads for a program as it
// is, loads with every setting switched on, and has every flag of the program
// in it: those of the program alone in its section, the others in [zre].
func CheckExample(t *testing.T, program func() cli.Program, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	plain := program()
	flags := plain.FlagSet()
	checkValues(t, flags)
	if err := plain.LoadConfig(flags, file, text); err != nil {
		t.Errorf("as it is: %v", err)
	}
	flags.Visit(func(f *pflag.Flag) { t.Errorf("as it is, it sets --%s", f.Name) })

	// A setting that is switched off has nothing between the # and its key.
	setting := regexp.MustCompile(`(?m)^#([a-z][a-z-]* = )`)
	on := setting.ReplaceAll(text, []byte("$1"))
	full := program()
	flags = full.FlagSet()
	if err := full.LoadConfig(flags, file, on); err != nil {
		t.Errorf("with all settings switched on: %v", err)
	}

	listed := keys(string(on))
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" || f.Name == "version" || cli.OnlyOnCommandLine(f) {
			return
		}
		if !slices.Contains(listed["zre"], f.Name) && !slices.Contains(listed[full.Name], f.Name) {
			t.Errorf("--%s is not in it, neither in [zre] nor in [%s]", f.Name, full.Name)
		}
	})
}

// checkValues checks that the help says what the value of each flag is: GROUP, and not the
// name of a type.
func checkValues(t *testing.T, flags *pflag.FlagSet) {
	t.Helper()
	flags.VisitAll(func(f *pflag.Flag) {
		value, _ := pflag.UnquoteUsage(f)
		if f.Value.Type() != "bool" && value != strings.ToUpper(value) {
			t.Errorf("help calls the value of --%s %q", f.Name, value)
		}
	})
}

// keys are the keys that stand in each section.
func keys(text string) map[string][]string {
	found, section := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
		} else if key, _, ok := strings.Cut(line, " = "); ok && !strings.HasPrefix(line, "#") {
			found[section] = append(found[section], key)
		}
	}
	return found
}
