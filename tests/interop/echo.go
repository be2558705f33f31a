// SPDX-License-Identifier: MIT

// echo-go serve PORT | call CID PORT - a VM sockets program in Go, on package mdlayher/vsock: the same exchange as
// tests/programs/native.c, with the package's deadlines and half-close.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/mdlayher/vsock"
)

const size = 1 << 20

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func number(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	must(err)
	return uint32(n)
}

// wantTimeout ends the program unless err is what an expired deadline gives.
func wantTimeout(what string, err error) {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		log.Fatalf("%s: expected a deadline to expire, got: %v", what, err)
	}
}

func printNames(who string, c *vsock.Conn) {
	peer, self := c.RemoteAddr().(*vsock.Addr), c.LocalAddr().(*vsock.Addr)
	fmt.Printf("%s: peer %d %d self %d %d\n", who, peer.ContextID, peer.Port, self.ContextID, self.Port)
}

func serve(port uint32) {
	l, err := vsock.Listen(port, nil)
	must(err)
	must(l.SetDeadline(time.Now().Add(-time.Second)))
	_, err = l.Accept()
	wantTimeout("Accept", err)
	must(l.SetDeadline(time.Time{}))

	accepted, err := l.Accept()
	must(err)
	c := accepted.(*vsock.Conn)
	printNames("serve", c)
	_, err = io.Copy(c, c)
	must(err)
	must(c.CloseWrite())
	must(c.Close())
	must(l.Close())
}

func call(cid, port uint32) {
	sent := make([]byte, size)
	for i := range sent {
		sent[i] = byte(i * 7919 >> 8)
	}
	c, err := vsock.Dial(cid, port, nil)
	must(err)
	printNames("call", c)
	_, err = c.Write(sent[:size/2])
	must(err)

	// the other end answers only after it has everything
	must(c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)))
	_, err = c.Read(make([]byte, 1))
	wantTimeout("Read", err)
	must(c.SetReadDeadline(time.Time{}))

	_, err = c.Write(sent[size/2:])
	must(err)
	must(c.CloseWrite())
	received, err := io.ReadAll(c)
	must(err)
	must(c.Close())
	if !bytes.Equal(sent, received) {
		log.Fatal("call: data DIFFERENT")
	}
	fmt.Println("call: data same")
}

func main() {
	log.SetFlags(0)
	cid, err := vsock.ContextID()
	must(err)
	fmt.Printf("cid: %d\n", cid)
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(number(os.Args[2]))
	case len(os.Args) == 4 && os.Args[1] == "call":
		call(number(os.Args[2]), number(os.Args[3]))
	default:
		log.Fatal("usage: echo-go serve PORT | call CID PORT")
	}
}
