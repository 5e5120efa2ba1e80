package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/gozre/zre/gen/golang"
)

// The exit statuses.
const (
	exitOK    = 0
	exitFault = 1
	exitUsage = 2
)

const usage = `usage: gen [flags] MODEL...

Writes a Go codec and an ABNF grammar for each MODEL. A model describes the
messages of a protocol in the zproto dialect: in XML (.xml), or in YAML (.yaml,
.yml) with the same elements and attributes.

The codec goes to a directory of its own, named like its package, which is the
model's class name without punctuation: zre_msg becomes DIR/zremsg. Files that an
earlier run wrote there and that are no longer wanted are removed. The grammar is
written next to the model: specs/zre_msg.xml gives specs/zre_msg.abnf.

The codec calls package wire of this module, which is internal: the directory
has to be inside of the module, or -wire has to name a copy.

If a model is wrong, each fault is told with its file and line, and nothing is
written for any model.

Flags:
`

const exits = `
Exit status: 0 all is written, 1 a model or a file is at fault, 2 wrong usage.
`

// options are the flags.
type options struct {
	out    string
	pkg    string
	wire   string
	noABNF bool
	check  bool
	models []string
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stdout, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "gen: %v\nTry gen -h.\n", err)
		return exitUsage
	}
	outputs, warnings, err := produce(o)
	for _, w := range warnings {
		fmt.Fprintf(stderr, "%v (warning)\n", w)
	}
	if err == nil {
		if o.check {
			err = checkAll(outputs)
		} else {
			err = writeAll(outputs)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFault
	}
	return exitOK
}

// parseFlags reads the command line.
func parseFlags(args []string, stdout, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.out, "out", "internal/codec", "write the package directories to `DIR`")
	fs.StringVar(&o.pkg, "package", "", "call the package `NAME`; for a single model")
	fs.StringVar(&o.wire, "wire", golang.DefaultWire, "import the primitives from `PATH`")
	fs.BoolVar(&o.noABNF, "no-abnf", false, "write no grammar")
	fs.BoolVar(&o.check, "check", false, "write nothing; fail if what is there is not up to date")
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
	if len(o.models) == 0 {
		return o, errors.New("no model given")
	}
	if o.pkg != "" {
		if len(o.models) > 1 {
			return o, errors.New("-package is for a single model")
		}
		if golang.PackageName(o.pkg) != o.pkg {
			return o, fmt.Errorf("-package %q is not a name for a package; it has lower-case letters and digits and is no word of Go", o.pkg)
		}
	}
	return o, nil
}
