package model

import "encoding/binary"

// Protocol is one protocol, checked and complete.
type Protocol struct {
	// Name is the class name, such as "zre_msg".
	Name string
	// Title is the one-line title, which may be empty.
	Title string
	// Doc is the prose that comes before the first element.
	Doc string
	// Source is the path of the model as it was given.
	Source string
	// Signature is what every message starts with. It is empty when PubSub is
	// set: then a message starts with its id and a zero-terminated topic.
	Signature []byte
	// PubSub says that messages go over publish-subscribe sockets.
	PubSub bool
	// Grammar is the model's own grammar of a conversation, in parts. It may be empty.
	Grammar []Text
	// Defines are the named constants, in the order of the model.
	Defines []Define
	// Header are the fields that every message starts with.
	Header []Field
	// Messages are the messages, in the order of the model.
	Messages []Message
	// Warnings name parts of the model that have no effect.
	Warnings []*Error
}

// Text is a piece of prose and where it starts.
type Text struct {
	Text string
	File string
	Line int
}

// Define is a named constant.
type Define struct {
	Name string
	Doc  string
	Line int
	// Number reports whether the value is the number Int, else it is the text Str.
	Number bool
	Int    uint64
	Str    string
}

// Message is one message of a protocol.
type Message struct {
	// Name is the name as the model writes it, such as "PING-OK".
	Name string
	ID   uint8
	Doc  string
	Line int
	// Fields are the fields in wire order, those of the header first.
	Fields []Field

	at *element // where it stands, for errors
}

// Kind is the type of a field on the wire.
type Kind uint8

// The types of fields. Those of Frame and Msg follow the first frame.
const (
	Number  Kind = iota + 1 // an unsigned number of Size octets
	Octets                  // Size octets
	String                  // text with a length of 1 octet
	LongStr                 // text with a length of 4 octets
	Strings                 // a list of longstr
	Hash                    // a map of string to longstr
	Chunk                   // octets with a length of 4 octets
	UUID                    // 16 octets
	Frame                   // one frame of its own
	Msg                     // all frames that are left
)

var kindNames = [...]string{
	Number: "number", Octets: "octets", String: "string", LongStr: "longstr", Strings: "strings",
	Hash: "hash", Chunk: "chunk", UUID: "uuid", Frame: "frame", Msg: "msg",
}

// String returns the name of the type in a model.
func (k Kind) String() string { return kindNames[k] }

// Framed says that fields of the type are not in the first frame.
func (k Kind) Framed() bool { return k == Frame || k == Msg }

// Field is one field of a message.
type Field struct {
	// Name is the name as the model writes it. A part of a custom type has the
	// name of the field, a blank, and the name of the part.
	Name string
	Kind Kind
	// Size is the number of octets of a Number, Octets or UUID.
	Size int
	Doc  string
	Line int
	// Header says that the field comes from the model's header.
	Header bool
	// Constant is the value that the field always has, or nil.
	Constant *Constant
	// Tests are the values that the model gives for tests.
	Tests []Test
	// Sample is what they come to.
	Sample Sample

	at *element // where it stands, for errors
}

// Constant is the value of a field that is the same in every message.
type Constant struct {
	// Number is the value of a Number, Text that of a String or LongStr.
	Number uint64
	Text   string
	// Define is the name of the define it comes from, or empty.
	Define string
}

// ConstantOctets returns a constant as it stands in a frame, with the length of
// a text.
func (f *Field) ConstantOctets() []byte {
	c := f.Constant
	switch f.Kind {
	case String:
		return append([]byte{byte(len(c.Text))}, c.Text...)
	case LongStr:
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(c.Text))), c.Text...)
	default:
		return binary.BigEndian.AppendUint64(nil, c.Number)[8-f.Size:]
	}
}

// Test is a value for tests; one of a hash has the name of its key.
type Test struct {
	Name, Value string

	at *element // where it stands, for errors
}
