package main

import (
	"testing"

	"github.com/gozre/zre/cmd/internal/cli/clitest"
)

func TestExampleConfig(t *testing.T) { clitest.CheckExample(t, program, "../../zre.conf") }
