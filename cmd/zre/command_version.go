package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/eventjson"
)

// versionCommand is "zre version".
func versionCommand() cli.Program {
	var asJSON bool
	return cli.Program{
		Name: "version", Group: groupOther, NoConfig: true,
		Short:    "print the version",
		Long:     `zre version prints what zre was built from: the version, the Go release, the system, the commit.`,
		Statuses: "0  it was printed\n1  it could not be printed\n2  the command line makes no sense",
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&asJSON, "json", false, "print a JSON object")
		},
		Run: func(_ context.Context, env *cli.Env, _ []string) error {
			text := "zre " + cli.Version()
			if asJSON {
				text = eventjson.Line(buildObject())
			}
			_, err := fmt.Fprintln(env.Stdout, text)
			return err
		},
	}
}

// buildObject is what the program was built of, as an object.
func buildObject() eventjson.Version {
	b := cli.Build()
	o := eventjson.Version{Event: "VERSION", Version: b.Version, Go: b.Go, System: b.System, Commit: b.Commit}
	if b.Date != nil {
		o.Date = b.Date.Format(time.RFC3339)
	}
	return o
}
