package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// noCommand allows no arguments for a program that has subcommands: a word that is none of
// them was probably meant to be one.
func (p Program) noCommand(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if args[0] == "completion" {
		return Usagef("for which shell? (right: %s completion bash; there are %s)", p.Name, strings.Join(shells(), ", "))
	}
	var names []string
	for _, c := range p.Commands {
		names = append(names, c.Name)
	}
	return Usagef("there is no command %q%s", args[0], hint(args[0], names))
}

// noArguments allows none for the program or the subcommand that is called so.
func noArguments(path string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return Usagef("%q is too much (right: %s)", args[0], path)
		}
		return nil
	}
}

// commandList lists the subcommands, under the headings of their groups; "" if there are none.
func (p Program) commandList() string {
	if len(p.Commands) == 0 {
		return ""
	}
	var groups []string
	list := map[string]*strings.Builder{}
	width := 0
	for _, c := range p.Commands {
		width = max(width, len(c.Name+" "+c.Args))
	}
	for _, c := range p.Commands {
		b := list[c.Group]
		if b == nil {
			b = &strings.Builder{}
			list[c.Group] = b
			groups = append(groups, c.Group)
		}
		fmt.Fprintf(b, "  %s %-*s  %s\n", p.Name, width, strings.TrimSpace(c.Name+" "+c.Args), c.Short)
	}
	var out strings.Builder
	for _, g := range groups {
		if g != "" {
			fmt.Fprintf(&out, "%s:\n\n", g)
		}
		out.WriteString(list[g].String() + "\n")
	}
	fmt.Fprintf(&out, "%s COMMAND --help says more of each.", p.Name)
	return out.String()
}
