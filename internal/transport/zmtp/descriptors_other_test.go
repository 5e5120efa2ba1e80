//go:build !linux

package zmtp

import (
	"errors"
	"io"
)

const descriptorsRole = "ZMTP_DESCRIPTORS"

func fewDescriptors(io.Reader, io.Writer) error { return errors.ErrUnsupported }
