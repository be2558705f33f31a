// SPDX-License-Identifier: MIT

// grpc serve ADDRESS:PORT | call ADDRESS:PORT TIMES - gRPC's echo: one call that is answered, and one that goes on in both
// directions. The service is written out by hand, so that no generated code is needed.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/golang/protobuf/ptypes/wrappers"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func text(value string) *wrappers.StringValue {
	return &wrappers.StringValue{Value: value}
}

func once(_ interface{}, ctx context.Context, decode func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
	var said wrappers.StringValue
	if err := decode(&said); err != nil {
		return nil, err
	}
	caller, _ := peer.FromContext(ctx)
	host, _, err := net.SplitHostPort(caller.Addr.String())
	return text(host + " said " + said.Value), err
}

func many(_ interface{}, stream grpc.ServerStream) error {
	for {
		var said wrappers.StringValue
		if err := stream.RecvMsg(&said); err != nil {
			return nil // it has ended
		}
		if err := stream.SendMsg(&said); err != nil {
			return err
		}
	}
}

var echo = grpc.ServiceDesc{
	ServiceName: "Echo",
	HandlerType: (*interface{})(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Once", Handler: once}},
	Streams:     []grpc.StreamDesc{{StreamName: "Many", Handler: many, ServerStreams: true, ClientStreams: true}},
}

func serve(address string) {
	l, err := net.Listen("tcp", address)
	must(err)
	server := grpc.NewServer()
	server.RegisterService(&echo, nil)
	must(server.Serve(l))
}

func call(address string, times int) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	c, err := grpc.DialContext(ctx, address, grpc.WithInsecure(), grpc.WithBlock())
	must(err)
	defer c.Close()
	var said wrappers.StringValue
	must(c.Invoke(ctx, "/Echo/Once", text("hello"), &said))
	fmt.Println(said.Value)

	stream, err := c.NewStream(ctx, &echo.Streams[0], "/Echo/Many")
	must(err)
	for i := 0; i < times; i++ {
		must(stream.SendMsg(text(strconv.Itoa(i))))
		must(stream.RecvMsg(&said))
		if said.Value != strconv.Itoa(i) {
			log.Fatalf("%d came back as %q", i, said.Value)
		}
	}
	fmt.Printf("%d messages came back\n", times)
}

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "call":
		times, err := strconv.Atoi(os.Args[3])
		must(err)
		call(os.Args[2], times)
	default:
		log.Fatal("usage: grpc serve ADDRESS:PORT | call ADDRESS:PORT TIMES")
	}
}
