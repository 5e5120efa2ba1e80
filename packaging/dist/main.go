package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "dist", "the directory to fill; what is in it is removed")
	systems := flag.String("systems", strings.Join(allSystems(), ","), "what to build for: GOOS/GOARCH,…")
	packages := flag.Bool("packages", true, "make .deb, .rpm and .apk for Linux as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, ".", *out, strings.Split(*systems, ","), *packages); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// run makes a release of the tree at root in the directory out.
func run(ctx context.Context, root, out string, systems []string, packages bool) error {
	began := time.Now()
	r, err := newRelease(ctx, root, out)
	if err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	if err := r.prepare(packages); err != nil {
		return err
	}
	for _, name := range systems {
		s, err := parseSystem(name)
		if err == nil {
			err = r.make(s, packages)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	n, err := writeSums(r.out)
	if err == nil {
		fmt.Printf("%d files of version %s in %s, in %.0f s\n", n, r.version, out, time.Since(began).Seconds())
	}
	return err
}
