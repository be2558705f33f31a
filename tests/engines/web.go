// SPDX-License-Identifier: MIT

// web serve ADDRESS:PORT | get URL TIMES | load URL TIMES kept|fresh - an ordinary web server and client, without a word about
// VM sockets. The server prints who asks, and where it was asked; the client what it was told. Each of its requests is a
// connection, at once, and then a second time over those that are still there. With load, one request follows the other,
// by one connection or each by its own, and what is printed is how many there are in a second.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func serve(address string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		peer, _, err := net.SplitHostPort(r.RemoteAddr)
		must(err)
		fmt.Printf("serve: peer %s self %s\n", peer, r.Context().Value(http.LocalAddrContextKey))
		fmt.Fprintf(w, "hello %s", peer)
	})
	l, err := net.Listen("tcp", address)
	must(err)
	must(http.Serve(l, nil))
}

func get(url string) string {
	answer, err := http.Get(url)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	return string(body)
}

func getAll(url string, times int) {
	var all sync.WaitGroup
	said := make([]string, times)
	for i := range said {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			said[i] = get(url)
		}(i)
	}
	all.Wait()
	for _, one := range said {
		if one != said[0] {
			log.Fatalf("%q and %q", said[0], one)
		}
	}
	fmt.Printf("%d times %s\n", times, said[0])
}

func load(url string, times int, fresh bool) {
	http.DefaultTransport.(*http.Transport).DisableKeepAlives = fresh
	for i := 0; i < times/10+1; i++ {
		get(url)
	}
	start := time.Now()
	for i := 0; i < times; i++ {
		get(url)
	}
	fmt.Printf("%.1f\n", float64(times)/time.Since(start).Seconds())
}

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "get":
		times, err := strconv.Atoi(os.Args[3])
		must(err)
		getAll(os.Args[2], times)
		getAll(os.Args[2], times)
	case len(os.Args) == 5 && os.Args[1] == "load":
		times, err := strconv.Atoi(os.Args[3])
		must(err)
		load(os.Args[2], times, os.Args[4] == "fresh")
	default:
		log.Fatal("usage: web serve ADDRESS:PORT | get URL TIMES | load URL TIMES kept|fresh")
	}
}
