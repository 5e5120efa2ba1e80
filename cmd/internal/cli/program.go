package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gozre/zre/internal/regular"
)

// Program describes one program: [Main] runs it.
type Program struct {
	Name    string // also the section of zre.conf, and the name of the manual page
	Args    string // the arguments in the usage line: "GROUP"
	Short   string // one line
	Long    string // what the program does, in paragraphs
	Example string
	Manual  []Section // sections of --help and of the manual page beyond the common ones

	// Statuses says what the exit statuses mean for this program, where that
	// is more than the common text.
	Statuses string

	// Node holds the flags of a program that starts a node, else nil. Such a
	// program takes what section [zre] says; the others look for --debug there.
	Node *NodeFlags

	// Flags adds the program's own flags. Each is a key in the program's
	// section of zre.conf.
	Flags func(*pflag.FlagSet)

	// LogFormat adds --log-format; LogLevel is how much is logged without
	// --debug.
	LogFormat bool
	LogLevel  slog.Level

	// NoConfig keeps a program from reading zre.conf: it does the same for
	// every user.
	NoConfig bool

	// Reload makes SIGHUP a request to read files again (Env.Reload). Without it, that holds for
	// programs with a node that have no terminal which could have hung up, as in a service; it
	// ends the others.
	Reload bool

	// Commands are the subcommands, such as "zre peers". Each is a Program of its own, whose
	// Name is the second word. Of zre.conf it takes what section [zre] says for all programs.
	Commands []Program

	// Beside is for a program that runs beside the host's node. Of zre.conf it takes nothing
	// that only one node can have, such as its UUID.
	Beside bool

	// Group is the heading of a subcommand in the help of its program.
	Group string

	// Positional checks the arguments; nil allows none.
	Positional cobra.PositionalArgs

	// Complete completes arguments; nil completes what Args says: groups, peers, else nothing.
	Complete cobra.CompletionFunc

	// Run does the work. ctx ends at the first SIGINT, SIGTERM or SIGHUP, with
	// a [*SignalError] as its cause. What Run returns is printed to stderr and
	// decides the exit status, see [Status].
	Run func(ctx context.Context, env *Env, args []string) error
}

// TuneCollector lets the heap grow to five times what is in use, instead of twice,
// unless the environment's GOGC says otherwise. The heap of these programs is small, so
// that it would be collected hundreds of times a second in a fast stream: a third of the
// processor time of small messages.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// Main runs a program with the process's arguments and returns its exit
// status.
func Main(p Program) int {
	env := &Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		getenv: os.Getenv, readFile: readFile,
	}
	var reload chan struct{}
	if p.Reload || p.Node != nil && !onTerminal() && !signal.Ignored(syscall.SIGHUP) {
		reload = make(chan struct{}, 1)
		env.Reload = reload
	}
	ctx, stop := withSignals(context.Background(), reload)
	defer stop()
	return execute(ctx, p, env, os.Args[1:])
}

// readFile reads a configuration file.
func readFile(name string) ([]byte, error) { return regular.ReadFile(name, regular.MaxSize) }

// Execute is Main with other arguments, files and signals than those of the process: a program
// is tested with it. There are no environment variables and no zre.conf.
func Execute(ctx context.Context, p Program, env *Env, args []string) (status int) {
	env.getenv = func(string) string { return "" }
	env.readFile = func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	return execute(ctx, p, env, args)
}

func execute(ctx context.Context, p Program, env *Env, args []string) int {
	name := p.Name
	cmd, err := command(p, env, args)
	if err == nil {
		cmd, err = cmd.ExecuteContextC(ctx)
		name = cmd.CommandPath()
	}
	if err == nil {
		return ExitOK
	}
	status := Status(err)
	if exit, ok := errors.AsType[*ExitError](err); !ok || exit.Err != nil {
		fmt.Fprintf(env.Stderr, "%s: %v\n", name, err)
		if status == ExitUsage {
			fmt.Fprintf(env.Stderr, "%s --help says more\n", name)
		}
	}
	return status
}

// command builds the cobra command of a program, and those of its subcommands.
func command(p Program, env *Env, args []string) (*cobra.Command, error) {
	cmd, err := p.command(env, p.Name)
	if err != nil {
		return nil, err
	}
	cmd.SetArgs(args)
	env.args = args
	// A group may be called "completion"; only the full form, which no program
	// takes for anything else, prints the script for a shell.
	cmd.CompletionOptions.DisableDefaultCmd = len(args) != 2 || args[0] != "completion" || !slices.Contains(shells(), args[1])
	for _, s := range p.Commands {
		sub, err := s.command(env, p.Name+" "+s.Name)
		if err != nil {
			return nil, err
		}
		cmd.AddCommand(sub)
	}
	return cmd, nil
}

// command builds the cobra command of a program, or of a subcommand, whose path is
// "PROGRAM COMMAND".
func (p Program) command(env *Env, path string) (*cobra.Command, error) {
	positional := p.Positional
	switch {
	case positional != nil:
	case len(p.Commands) > 0:
		positional = p.noCommand
	default:
		positional = noArguments(path)
	}
	complete := p.Complete
	switch {
	case complete != nil:
	case len(p.Commands) > 0:
		complete = completeShells
	default:
		complete = env.completeArguments(p.Args)
	}
	own := p.ownFlags()
	cmd := &cobra.Command{
		Use:               strings.TrimSpace(p.Name + " [flags] " + p.Args),
		Short:             p.Short,
		Long:              p.Long,
		Example:           p.Example,
		Version:           Version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		ValidArgsFunction: complete,

		DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if own.man {
				return nil
			}
			if err := positional(cmd, args); err != nil {
				return asUsage(err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.AddFlagSet(own.set)

	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if own.man {
			return writeManual(env.Stdout, cmd, p, path)
		}
		if !p.NoConfig {
			if err := configure(p, env, fs); err != nil {
				return err
			}
		}
		env.normLevel = p.LogLevel
		env.Level = new(slog.LevelVar)
		env.SetDebug(own.debug)
		env.Logs = &LogWriter{w: env.Stderr, words: terminal(env.Stderr) && !p.LogFormat && !own.debug}
		env.Log = slog.New(wordsHandler{Handler: own.format.handler(env.Logs, env.Level), logs: env.Logs})
		return p.Run(cmd.Context(), env, args)
	}
	cmd.SetOut(env.Stdout)
	cmd.SetErr(env.Stderr)
	cmd.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.Contains(p.Args, " -- ") && !slices.Contains(env.args, "--") {
			// It is a flag of the command that should be behind --.
			return Usagef("a command follows after -- (right: %s %s)", path, p.Args)
		}
		return flagError(fs, err)
	})
	setHelp(cmd, p, path)
	if err := completeFlags(cmd, env); err != nil {
		return nil, err
	}
	return cmd, nil
}

// programFlags are the flags of a program, and where those that all programs
// have are kept.
type programFlags struct {
	set        *pflag.FlagSet
	debug, man bool
	format     logFormat
}

// FlagSet is all flags of a program, in the order of its help.
func (p Program) FlagSet() *pflag.FlagSet { return p.ownFlags().set }

func (p Program) ownFlags() *programFlags {
	own := &programFlags{set: pflag.NewFlagSet(p.Name, pflag.ContinueOnError), format: "text"}
	fs := own.set
	fs.SortFlags = false
	if p.Flags != nil {
		p.Flags(fs)
	}
	if p.Node != nil {
		p.Node.Register(fs)
	}
	fs.BoolVar(&own.debug, "debug", false, "log what goes on underneath, to stderr")
	if p.LogFormat {
		fs.Var(&own.format, "log-format", "how the log is written: text or json")
	}
	fs.BoolP("version", "v", false, "print the version and leave")
	fs.BoolP("help", "h", false, "print this help and leave")
	fs.BoolVar(&own.man, "man", false, "print the manual page (roff) and leave")
	fs.Lookup("man").Hidden = true // for those who make packages
	return own
}

// asUsage gives an error without a status of its own that of a wrong command
// line.
func asUsage(err error) error {
	if _, ok := errors.AsType[*ExitError](err); ok {
		return err
	}
	return Usagef("%w", err)
}

// flagError words what pflag found wrong with a flag, and guesses what was
// meant.
func flagError(fs *pflag.FlagSet, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() == "" {
		return Usagef("there is no flag --%s%s", unknown.GetSpecifiedName(),
			didYouMean("--"+unknown.GetSpecifiedName(), flagNames(fs, "--")))
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return Usagef("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), plainCause(invalid.Unwrap()))
	}
	return Usagef("%w", err)
}

// plainCause replaces what package strconv says to a programmer.
func plainCause(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "ParseBool"):
		return errors.New("not yes or no (right: true or false)")
	case strings.Contains(text, "strconv."):
		return errors.New("not a whole number in range")
	}
	return err
}

// flagNames lists the flags a user may give, each behind prefix.
func flagNames(fs *pflag.FlagSet, prefix string) []string {
	var names []string
	fs.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, prefix+f.Name)
		}
	})
	slices.Sort(names)
	return names
}
