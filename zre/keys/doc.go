// Package keys makes and reads the keys of secure networks: CURVE key pairs (ZeroMQ
// RFC 26) as 40 characters of Z85 (RFC 32), in the files of czmq's zcert.
//
//	c, err := keys.New()
//	err = c.Save("lab") // the files lab, to give away, and lab_secret, to keep
//
//	c, err := keys.Load("lab_secret")
//	node, err := zre.Start(ctx, zre.Config{Security: zre.Security{SecretKey: c.SecretKey}})
package keys
