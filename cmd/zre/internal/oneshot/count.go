package oneshot

import (
	"errors"
	"strconv"
)

// count is a flag: a whole number above zero. Its zero value is "not given".
type count int

func (c *count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}

// Type is the name of the value in the help text.
func (c *count) Type() string { return "N" }

// Set reads the value.
func (c *count) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 31)
	if err != nil || n < 1 {
		return errors.New("not a whole number above 0")
	}
	*c = count(n)
	return nil
}
