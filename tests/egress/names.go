// SPDX-License-Identifier: MIT

// names lookup NAME... | many COUNT END | reverse ADDRESS|NAME | dial ADDRESS | get URL | after FILE NAME - an ordinary program of
// Go's that asks for names, and prints what it is told, a line each. many: COUNT names with that END, all at once, each to have
// an address of its own. reverse: the name of an address, or of a name's. dial: the names of a UDP socket. after: a name, and when FILE is there once more, and another.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

func said(addresses []string, err error) string {
	var failure *net.DNSError
	switch {
	case err == nil:
		sort.Strings(addresses)
		return strings.Join(addresses, " ")
	case errors.As(err, &failure) && failure.IsNotFound:
		return "not found"
	case errors.As(err, &failure) && failure.IsTimeout:
		return "timed out"
	case errors.As(err, &failure) && failure.IsTemporary:
		return "for now"
	}
	return err.Error()
}

func lookup(names ...string) {
	for _, name := range names {
		fmt.Printf("%s: %s\n", name, said(net.LookupHost(name)))
	}
}

func many(count int, end string) {
	answers := make(chan string)
	for i := 0; i < count; i++ {
		go func(i int) { answers <- said(net.LookupHost(fmt.Sprintf("n%d.%s", i, end))) }(i)
	}
	found := map[string]bool{}
	for i := 0; i < count; i++ {
		answer := <-answers
		if net.ParseIP(answer) == nil || found[answer] {
			log.Fatalf("%q, %d have been found", answer, len(found))
		}
		found[answer] = true
	}
	fmt.Printf("%d names\n", count)
}

func main() {
	log.SetFlags(0)
	arguments := os.Args[2:]
	switch os.Args[1] {
	case "lookup":
		lookup(arguments...)
	case "many":
		count, err := strconv.Atoi(arguments[0])
		if err != nil {
			log.Fatal(err)
		}
		many(count, arguments[1])
	case "reverse":
		address := arguments[0]
		if net.ParseIP(address) == nil {
			address = said(net.LookupHost(address))
		}
		fmt.Println(said(net.LookupAddr(address)))
	case "dial":
		connection, err := net.Dial("udp", arguments[0])
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(connection.LocalAddr().(*net.UDPAddr).IP, connection.RemoteAddr())
	case "get":
		answer, err := http.Get(arguments[0])
		if err != nil {
			log.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		fmt.Println(strings.TrimSpace(string(text)))
	case "after":
		lookup(arguments[1])
		for _, err := os.Stat(arguments[0]); err != nil; _, err = os.Stat(arguments[0]) {
			time.Sleep(10 * time.Millisecond)
		}
		lookup(arguments[1], "other."+arguments[1])
	}
}
