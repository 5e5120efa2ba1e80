package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gozre/zre/gen/golang"
)

// The exit statuses.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

const usage = `usage: zregen [flags] MODEL...

Writes a Go codec and an ABNF grammar for each MODEL. A model describes the
messages of a protocol in the zproto dialect: in XML (.xml), or in YAML (.yaml,
.yml) with the same elements and attributes.

The codec goes to a directory of its own, named like its package, which is the
model's class name without punctuation: zre_msg becomes DIR/zremsg. There is a
test in it, with the test values of the model. The grammar is written next to
the model: specs/zre_msg.xml gives specs/zre_msg.abnf.

What codecs call is written as well, as package DIR/wire, so that they need
nothing but the standard library of Go 1.23. Within the zre module, or with
-wire, the package that is there already is imported.

If a model is wrong, each fault is reported with its file and line, and nothing is
written for any model. Files that zregen did not write, or wrote from another
model, are not touched: it says which, and writes nothing. Files that an earlier
run wrote from the same model, and that are no longer wanted, are removed.

Flags:
`

const exits = `
Exit status: 0 all is written, 1 a model or a file is at fault, 2 wrong usage.
`

// options are the flags.
type options struct {
	out     string
	pkg     string
	wire    string
	noABNF  bool
	noTest  bool
	check   bool
	strict  bool
	version bool
	models  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "zregen: %v\nTry zregen -h.\n", err)
		return exitUsage
	case o.version:
		fmt.Fprintln(stdout, version())
		return exitOK
	}
	outputs, warnings, err := produce(o)
	for _, w := range warnings {
		fmt.Fprintf(stderr, "%v (warning)\n", w)
	}
	if err == nil {
		err = finish(ctx, o, outputs)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFault
	}
	return exitOK
}

// finish writes the output, or with -check only compares it.
func finish(ctx context.Context, o options, outputs []output) error {
	m, _, err := findModule(o.out)
	if err != nil {
		return err
	}
	p, err := planAll(outputs, m)
	switch {
	case err != nil:
		return err
	case o.check:
		return p.check()
	}
	return replaceAll(ctx, p, os.Rename)
}

// parseFlags reads the command line.
func parseFlags(args []string, stdout, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("zregen", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.out, "out", "internal/codec", "write the package directories to `DIR`")
	fs.StringVar(&o.pkg, "package", "", "call the package `NAME`; for a single model")
	fs.StringVar(&o.wire, "wire", "", "import the primitives from `PATH` instead of writing DIR/wire")
	fs.BoolVar(&o.noABNF, "no-abnf", false, "write no grammar")
	fs.BoolVar(&o.noTest, "no-test", false, "write no test")
	fs.BoolVar(&o.check, "check", false, "write nothing; fail if what is there is not up to date")
	fs.BoolVar(&o.strict, "strict", false, "take warnings for faults")
	fs.BoolVar(&o.version, "version", false, "print the version, and nothing else")
	fs.Usage = func() {}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			fs.SetOutput(stdout)
			fs.PrintDefaults()
			fmt.Fprint(stdout, exits)
		}
		return o, err
	}
	o.models = fs.Args()
	if o.version {
		return o, nil
	}
	if len(o.models) == 0 {
		return o, errors.New("no model given")
	}
	if o.pkg != "" {
		if len(o.models) > 1 {
			return o, errors.New("-package is for a single model")
		}
		if golang.PackageName(o.pkg) != o.pkg {
			return o, fmt.Errorf("-package %q is not a name for a package; "+
				"it has lower-case letters and digits and is no word of Go", o.pkg)
		}
	}
	return o, nil
}
