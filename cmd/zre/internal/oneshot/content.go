package oneshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/visible"
	"github.com/gozre/zre/zre"
)

// content is the message that a command line describes.
type content struct{ frames []frameSource }

// frameSource is where a frame comes from: a text, or a file.
type frameSource struct {
	text   string
	isFile bool
}

// contentHelp explains it in --help.
const contentHelp = `The message is TEXT, with a blank between two words; or one frame for each --frame and --file,
in the order in which they are given; or standard input, to its end. Octets are sent as they
are, nothing is added.`

func (c *content) register(fs *pflag.FlagSet) {
	fs.VarP(frameFlag{&c.frames, true}, "file", "f", "send the content of this file as a frame (-: standard input); may be repeated")
	fs.Var(frameFlag{&c.frames, false}, "frame", "send this text as a frame; may be repeated")
}

// frameFlag adds to one list, so that --file and --frame keep their order.
type frameFlag struct {
	list   *[]frameSource
	isFile bool
}

func (f frameFlag) String() string { return "" }

// Type is the name of the value in the help text.
func (f frameFlag) Type() string {
	if f.isFile {
		return "FILE"
	}
	return "TEXT"
}

// Set reads the value.
func (f frameFlag) Set(text string) error {
	if f.isFile && text == "" {
		return errors.New("is no file")
	}
	*f.list = append(*f.list, frameSource{text, f.isFile})
	return nil
}

// maxMessage bounds a message, in octets: peers close a connection on which a larger one comes.
const maxMessage = zre.DefaultMaxMessageSize

// read returns the frames. words are the arguments behind the target.
func (c *content) read(ctx context.Context, env *cli.Env, words []string) ([][]byte, error) {
	sources := c.frames
	switch {
	case len(words) > 0 && len(sources) > 0:
		return nil, cli.Usagef("TEXT and --frame or --file are two messages; give one of them")
	case len(words) > 0:
		return [][]byte{[]byte(strings.Join(words, " "))}, nil
	case len(sources) > 0:
	case cli.IsTerminal(env.Stdin), cli.NoInput(env.Stdin):
		return nil, cli.Usagef("what is to be sent? (right: TEXT, --frame TEXT, -f FILE, or something on standard input)")
	default:
		sources = []frameSource{{"-", true}}
	}
	var frames [][]byte
	left := int64(maxMessage)
	for _, s := range sources {
		frame := []byte(s.text)
		if s.isFile {
			var err error
			if frame, err = readFile(ctx, env, s.text, left); err != nil {
				return nil, err
			}
		}
		if left -= int64(len(frame)); left < 0 {
			return nil, tooLarge()
		}
		frames = append(frames, frame)
	}
	return frames, nil
}

func tooLarge() error {
	return fmt.Errorf("a message has at most %d octets in all its frames; zrecat sends anything", int64(maxMessage))
}

// readFile reads a file of at most so many octets, which may be a pipe. The read itself cannot
// be interrupted: after a signal its goroutine is left to end with the process.
func readFile(ctx context.Context, env *cli.Env, name string, most int64) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := readAll(env, name, most)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		if err := interrupted(ctx); err != nil {
			return nil, err
		}
		return nil, context.Cause(ctx)
	}
}

func readAll(env *cli.Env, name string, most int64) ([]byte, error) {
	file := env.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // It was only read.
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > most {
		return nil, fmt.Errorf("%s: %w", visible.String(name), tooLarge())
	}
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s: %w", visible.String(name), tooLarge())
	}
	return data, err
}

// size is the octets of all frames.
func size(frames [][]byte) (n int) {
	for _, f := range frames {
		n += len(f)
	}
	return n
}
