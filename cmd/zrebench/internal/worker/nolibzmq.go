//go:build !libzmq

package worker

import "errors"

// HasLibZMQ says whether libzmq can be measured.
const HasLibZMQ = false

// LibZMQVersion is the version of libzmq that is measured, "" without any.
func LibZMQVersion() string { return "" }

// errNoLibZMQ is the answer to jobs over libzmq.
var errNoLibZMQ = errors.New("zrebench was built without libzmq (go build -tags libzmq)")

func bindLibZMQ(Job) (end, string, error) { return nil, "", errNoLibZMQ }

func newLibZMQMesh(Job) (mesh, error) { return nil, errNoLibZMQ }
