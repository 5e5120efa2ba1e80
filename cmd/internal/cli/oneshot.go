package cli

// OneShotHeader is the header of a node that exists for one command, such as "zre send". Its
// value is 1. Such a node is in no group. Programs that show who comes and goes need not show it.
const OneShotHeader = "X-ZRE-ONESHOT"
