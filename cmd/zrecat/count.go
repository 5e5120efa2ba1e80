package main

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

func (c *count) Type() string { return "N" }

func (c *count) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("not a number above 0")
	}
	*c = count(n)
	return nil
}
