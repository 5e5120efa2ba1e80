package main

import (
	"github.com/spf13/pflag"

	"github.com/gozre/zre/cmd/internal/cli"
	"github.com/gozre/zre/cmd/internal/layout"
)

// options are the flags of zrecat alone.
type options struct {
	receiveOnly, sendOnly, byLine, shutdown, untilLeave, partialOK, noWait bool

	bufsize     cli.Size
	count       cli.Count
	wait        cli.Count
	waitTimeout cli.Seconds // 0: for ever
	timeout     cli.Seconds // 0: for ever

	lines, null, json bool
	format            layout.Format

	mustWait bool // --wait or --wait-timeout was given: wait for members also if nothing is sent
}

func newOptions() *options { return &options{bufsize: 64 << 10, wait: 1} }

// maxBufsize bounds a message: a receiver holds it whole in memory.
const maxBufsize = 16 << 20

func (o *options) register(fs *pflag.FlagSet) {
	fs.BoolVarP(&o.receiveOnly, "receive-only", "r", false, "do not read standard input; go on until a signal, -c, -u or -W")
	fs.BoolVarP(&o.sendOnly, "send-only", "s", false, "do not write what is said in the group")
	fs.BoolVarP(&o.byLine, "bufbyline", "l", false, "send each line as one message (a line above --bufsize in pieces)")
	fs.VarP(&o.bufsize, "bufsize", "O", "read up to this much at once, and send it as one message (at most 16M)")
	fs.BoolVarP(&o.shutdown, "shutdown", "N", false, "leave at the end of input, also if that is /dev/null, or with -c before enough came")
	fs.VarP(&o.count, "count", "c", "leave when this many messages have come, and the input is sent; further ones are not acknowledged")
	fs.BoolVarP(&o.untilLeave, "until-leave", "u", false, "leave when the first member that sent something leaves; status 1 if it had not sent all")
	fs.BoolVar(&o.partialOK, "partial-ok", false, "with --until-leave: a transfer may be incomplete, as streams are")
	fs.VarP(&o.timeout, "timeout", "W", "wait no longer than this in all for -c or -u, or any message, then leave with status 4; counted from the end of the input, with -r from the start")
	fs.Var(&o.wait, "wait", "wait for this many members before sending, or before leaving if there is nothing to send")
	fs.Var(&o.waitTimeout, "wait-timeout", "wait no longer than this, then leave with status 3 (default: for ever)")
	fs.BoolVar(&o.noWait, "no-wait", false, "send immediately, also if no member is there")
	fs.BoolVar(&o.lines, "lines", false, "end each message that is written with a newline, unless it has one (on a terminal: always)")
	fs.BoolVarP(&o.null, "null", "0", false, "end each message that is written with NUL")
	fs.BoolVarP(&o.json, "json-lines", "J", false, "write each message as a JSON object on a line")
	fs.VarP(&o.format, "format", "F", "write each message like this: '{time} {name}: {payload}'; see Format")
}

// check finds flags that contradict each other.
func (o *options) check(env *cli.Env) error {
	switch {
	case o.receiveOnly && o.sendOnly:
		return cli.Usagef("--receive-only and --send-only leave nothing to do")
	case o.sendOnly && o.count > 0:
		return cli.Usagef("--count counts what is received, and --send-only receives nothing")
	case o.sendOnly && o.untilLeave:
		return cli.Usagef("--until-leave waits for a sender, and --send-only receives nothing")
	case o.sendOnly && o.timeout > 0:
		return cli.Usagef("--timeout waits for messages, and --send-only receives nothing")
	case o.receiveOnly && o.shutdown:
		return cli.Usagef("--shutdown is about the end of input, and --receive-only reads none")
	case o.shutdown && o.timeout > 0:
		return cli.Usagef("--timeout waits after the end of input, and --shutdown leaves there")
	case o.partialOK && !o.untilLeave:
		return cli.Usagef("--partial-ok is about what --until-leave waits for")
	case o.json && (o.lines || o.null || o.format.Given()):
		return cli.Usagef("--json-lines has a format of its own: without --lines, --null and --format")
	case o.null && o.lines:
		return cli.Usagef("--null and --lines are two ends of a message")
	case o.bufsize > maxBufsize:
		return env.Refuse("bufsize", &o.bufsize, "at most 16M")
	case o.noWait && env.Typed("wait") == env.Typed("no-wait") && env.Set("wait"):
		return cli.Usagef("--wait and --no-wait contradict each other")
	case o.noWait && env.Typed("wait"): // no-wait is from zre.conf
		o.noWait = false
	}
	o.mustWait = env.Set("wait") || env.Set("wait-timeout")
	return nil
}

// layout is how messages are written.
func (o *options) layout(terminal bool) layout.Layout {
	return layout.Layout{
		Format: o.format, Null: o.null, JSON: o.json, Terminal: terminal,
		Lines: o.lines || terminal && !o.null,
	}
}
