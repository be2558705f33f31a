// The echo service over VM sockets, in Go: `echo serve PORT` and `echo call CID PORT`.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"

	"github.com/mdlayher/vsock"
)

func number(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		log.Fatal(err)
	}
	return uint32(n)
}

// serve sends back whatever each caller sends, until the caller has sent all.
func serve(port uint32) error {
	listener, err := vsock.Listen(port, nil)
	if err != nil {
		return err
	}
	for {
		caller, err := listener.Accept()
		if err != nil {
			return err
		}
		go func(caller net.Conn) {
			defer caller.Close()
			log.Printf("a call from %v", caller.RemoteAddr())
			io.Copy(caller, caller)
		}(caller)
	}
}

// call sends stdin, says that this is all, and prints what comes back.
func call(cid, port uint32) error {
	server, err := vsock.Dial(cid, port, nil)
	if err != nil {
		return err
	}
	defer server.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(server, os.Stdin)
		server.CloseWrite()
		sent <- err
	}()
	if _, err := io.Copy(os.Stdout, server); err != nil {
		return err
	}
	return <-sent
}

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = serve(number(os.Args[2]))
	case len(os.Args) == 4 && os.Args[1] == "call":
		err = call(number(os.Args[2]), number(os.Args[3]))
	default:
		err = fmt.Errorf("usage: %s serve PORT | call CID PORT", os.Args[0])
	}
	if err != nil {
		log.Fatal(err)
	}
}
