package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: go run ./packaging/man DIRECTORY SECONDS")
		os.Exit(2)
	}
	seconds, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err == nil {
		err = write(".", os.Args[1], time.Unix(seconds, 0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "man:", err)
		os.Exit(1)
	}
}

// write writes the pages of the module at root into a directory, with a date.
func write(root, dir string, date time.Time) error {
	for name, make := range map[string]func(root string) (string, error){
		"zre.conf.5": configPage, "zre.7": overviewPage,
	} {
		text, err := make(root)
		if err != nil {
			return err
		}
		text = strings.Replace(text, "DATE", date.UTC().Format(time.DateOnly), 1)
		if err := os.WriteFile(filepath.Join(dir, name), render(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// render turns Markdown into roff.
func render(text string) []byte { return md2man.Render([]byte(text)) }
