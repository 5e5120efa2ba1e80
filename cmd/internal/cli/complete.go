package cli

import (
	"math"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeFlags says what the shell completes for the value of each flag: files only where the
// value is a file, and otherwise what is known without asking the network. To ask it would take
// a second for each Tab, and would show the node to the others.
func completeFlags(cmd *cobra.Command, env *Env) error {
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if complete := env.completion(f); complete != nil && err == nil {
			err = cmd.RegisterFlagCompletionFunc(f.Name, complete)
		}
	})
	return err
}

// completion is what completes the value of a flag; nil for files.
func (e *Env) completion(f *pflag.Flag) cobra.CompletionFunc {
	value, _ := pflag.UnquoteUsage(f)
	switch {
	case f.Name == "transport":
		return fixed("zmtp", "tcp", "libzmq")
	case choices(f.Value) != nil:
		return fixed(choices(f.Value)...)
	case value == "FILE" || value == "FILE|DIR" || value == "DIR":
		return nil
	case value == "INTERFACE":
		return completeInterfaces
	case value == "GROUP":
		return e.CompleteGroups
	case value == "PEER":
		return e.CompletePeers
	}
	return cobra.NoFileCompletions
}

// choices are the words that a value may be, nil if others may be, too.
func choices(value pflag.Value) []string {
	if v, ok := value.(interface{ Choices() []string }); ok {
		return v.Choices()
	}
	return nil
}

// fixed completes one of these words.
func fixed(words ...cobra.Completion) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

func completeInterfaces(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []cobra.Completion
	for _, i := range interfaces {
		names = append(names, i.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// CompleteGroups completes a group: those that were there last, those of zre.conf, and those
// named in the history of the shell.
func (e *Env) CompleteGroups(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return e.groupNames(), cobra.ShellCompDirectiveNoFileComp
}

// CompletePeers completes a peer: those that were there last, and those named in the history of
// the shell.
func (e *Env) CompletePeers(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return e.peerNames(), cobra.ShellCompDirectiveNoFileComp
}

func (e *Env) groupNames() []string {
	names := append(e.seen("group"), e.configured("join", "contest")...)
	return plainNames(append(names, e.remembered("join", "leave", "shout", "who")...))
}

func (e *Env) peerNames() []string {
	return plainNames(append(e.seen("peer"), e.remembered("whisper", "info", "ping")...))
}

// completeGiven completes FILE... {GROUP | PEER}: files, and behind the first one those that it
// can be for, where what is typed begins one of them.
func (e *Env) completeGiven(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	group := cmd.Flags().Lookup("group")
	if len(args) == 0 || group != nil && group.Changed {
		return nil, cobra.ShellCompDirectiveDefault
	}
	names := plainNames(append(e.groupNames(), e.peerNames()...))
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, word) })
	if len(names) == 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeShells completes what stands behind a program that has subcommands: those cobra
// knows, and "completion", which is only there when the name of a shell follows.
func completeShells(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return []cobra.Completion{"completion\tprint the completions for a shell"}, cobra.ShellCompDirectiveNoFileComp
	case len(args) == 1 && args[0] == "completion":
		return shells(), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// shells are those for which there are completions.
func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// completeArguments completes arguments by how the usage line calls them: GROUP, [GROUP...],
// PEER, GROUP [DIR], FILE... {GROUP | PEER}; behind -- a program and then files; else nothing.
func (e *Env) completeArguments(usage string) cobra.CompletionFunc {
	most, complete := 1, cobra.CompletionFunc(cobra.NoFileCompletions)
	switch first, _, _ := strings.Cut(strings.TrimLeft(usage, "{"), " "); first {
	case "FILE...":
		return e.completeGiven
	case "GROUP":
		complete = e.CompleteGroups
	case "[GROUP...]":
		most, complete = math.MaxInt, e.CompleteGroups
	case "PEER":
		complete = e.CompletePeers
	case "FILE":
		complete = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		}
	}
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		switch {
		case cmd.ArgsLenAtDash() >= 0 && strings.Contains(usage, " -- "):
			if cmd.ArgsLenAtDash() == len(args) {
				return e.programs(word), cobra.ShellCompDirectiveDefault
			}
			return nil, cobra.ShellCompDirectiveDefault
		case len(args) == 1 && strings.HasSuffix(usage, " [DIR]"):
			return nil, cobra.ShellCompDirectiveFilterDirs
		case len(args) >= most:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, word)
	}
}

// programs are those in PATH that begin with word; none if it is empty, or a path.
func (e *Env) programs(word string) []string {
	if word == "" || strings.ContainsRune(word, filepath.Separator) {
		return nil
	}
	var names []string
	for _, dir := range filepath.SplitList(e.variable("PATH")) {
		if !filepath.IsAbs(dir) {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), word) && !entry.IsDir() {
				names = append(names, entry.Name())
			}
		}
	}
	return plainNames(names)
}

// configured are the values of keys in zre.conf, of any section.
func (e *Env) configured(keys ...string) []string {
	file, data, err := findConfig(e)
	if err != nil || file == "" {
		return nil
	}
	entries, err := parseConfig(file, data)
	if err != nil {
		return nil
	}
	var values []string
	for _, entry := range entries {
		if slices.Contains(keys, entry.key) {
			values = append(values, entry.value)
		}
	}
	return values
}

// remembered are the first words behind commands of the shell, in the history of its lines.
func (e *Env) remembered(commands ...string) []string {
	data, err := e.readFile(e.historyFile())
	if err != nil {
		return nil
	}
	var words []string
	for line := range strings.Lines(string(data)) {
		command, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, isCommand := strings.CutPrefix(command, "/")
		if word, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " "); isCommand && slices.Contains(commands, name) {
			words = append(words, word)
		}
	}
	return words
}

// historyFile is where the shell keeps its history.
func (e *Env) historyFile() string {
	dir := e.variable("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(e.variable("HOME"), ".local", "state")
	}
	return filepath.Join(dir, "zre", "history")
}

// plainNames leaves out what a shell would have to quote, and duplicates.
func plainNames(names []string) []cobra.Completion {
	plain := regexp.MustCompile(`^[\pL\pN_.@%+,/-]+$`)
	names = slices.DeleteFunc(names, func(name string) bool { return !plain.MatchString(name) || name[0] == '-' })
	slices.Sort(names)
	return slices.Compact(names)
}
