// SPDX-License-Identifier: MIT

// server ADDRESS:PORT - sends back what it is sent, a line at a time. It has never heard of VM sockets.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
)

func answer(c net.Conn) {
	defer c.Close()
	for lines := bufio.NewScanner(c); lines.Scan(); {
		fmt.Fprintf(c, "%v said: %s\n", c.RemoteAddr().(*net.TCPAddr).IP, lines.Text())
	}
}

func main() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go answer(c)
	}
}
