package cli

import (
	"errors"
	"strconv"
)

// Count is a flag: a whole number above zero. Its zero value is "not given".
type Count int

// String implements pflag.Value.
func (c *Count) String() string {
	if *c == 0 {
		return ""
	}
	return strconv.Itoa(int(*c))
}

// Type implements pflag.Value.
func (c *Count) Type() string { return "N" }

// Set implements pflag.Value.
func (c *Count) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 31)
	if err != nil || n < 1 {
		return errors.New("not a whole number above 0")
	}
	*c = Count(n)
	return nil
}
