package main

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// serve answers on loopback and says on standard output, line by line: the port, each connection, what each call got
// to see, and calls that were cancelled.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	certificate := flags.String("certificate", "", "PEM file; TLS with -key")
	key := flags.String("key", "", "PEM file")
	idle := flags.Duration("idle", 0, "GOAWAY on connections that are idle for so long; 0: never")
	flags.Parse(args)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(bytesCodec{}),
		grpc.MaxRecvMsgSize(64 << 20),
		grpc.UnknownServiceHandler(handle),
		grpc.StatsHandler(&connectionCounter{}),
	}
	if *idle > 0 {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: *idle}))
	}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	}
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	return grpc.NewServer(options...).Serve(listener)
}

// handle finds the method by the last part of its name.
func handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	given, _ := metadata.FromIncomingContext(stream.Context())
	fmt.Println("call", method, "authority", given.Get(":authority"), "ask", given.Get("x-ask"), "forwarded", given.Get("x-forwarded-for"))
	if path.Base(method) == "Fail" { // alone, it needs no head of its own
		return status.Error(codes.FailedPrecondition, "refused on purpose")
	}
	stream.SetHeader(metadata.Pairs("x-header", "of the server"))
	stream.SetTrailer(metadata.Pairs("x-trailer", "of the server"))
	switch path.Base(method) {
	case "Echo", "Bidi":
		return echo(stream)
	case "Count":
		return count(stream)
	case "Sum":
		return sum(stream)
	case "FailLate":
		return failLate(stream)
	case "Hang":
		return hang(stream)
	case "Deaf":
		return deaf(stream)
	}
	return status.Error(codes.Unimplemented, "no such method")
}

// echo sends every message back.
func echo(stream grpc.ServerStream) error {
	for {
		var message []byte
		if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

// count answers one message (two big-endian numbers: how many, how large) with so many messages.
func count(stream grpc.ServerStream) error {
	var wish []byte
	if err := stream.RecvMsg(&wish); err != nil {
		return err
	}
	many, size := binary.BigEndian.Uint32(wish), binary.BigEndian.Uint32(wish[4:])
	for i := uint32(0); i < many; i++ {
		message := pattern(int(size), byte(i))
		if err := stream.SendMsg(&message); err != nil {
			fmt.Println("cut", i)
			return err
		}
	}
	return nil
}

// sum answers many messages with one: how many bytes they had.
func sum(stream grpc.ServerStream) error {
	total := uint64(0)
	for {
		var message []byte
		if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		total += uint64(len(message))
	}
	answer := binary.BigEndian.AppendUint64(nil, total)
	return stream.SendMsg(&answer)
}

// failLate fails behind one message.
func failLate(stream grpc.ServerStream) error {
	message := []byte("first")
	if err := stream.SendMsg(&message); err != nil {
		return err
	}
	return status.Error(codes.DataLoss, "broke on purpose")
}

// hang does nothing until the caller has gone.
func hang(stream grpc.ServerStream) error {
	message := []byte("begun")
	if err := stream.SendMsg(&message); err != nil {
		return err
	}
	<-stream.Context().Done()
	fmt.Println("cancelled")
	return stream.Context().Err()
}

// deaf lets the messages wait for a while before it reads them.
func deaf(stream grpc.ServerStream) error {
	time.Sleep(500 * time.Millisecond)
	return sum(stream)
}

func pattern(size int, seed byte) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(i*7) + seed
	}
	return out
}

// connectionCounter tells of connections.
type connectionCounter struct{ open atomic.Int64 }

func (c *connectionCounter) TagRPC(ctx contextType, _ *stats.RPCTagInfo) contextType   { return ctx }
func (c *connectionCounter) HandleRPC(contextType, stats.RPCStats)                     {}
func (c *connectionCounter) TagConn(ctx contextType, _ *stats.ConnTagInfo) contextType { return ctx }
func (c *connectionCounter) HandleConn(_ contextType, event stats.ConnStats) {
	switch event.(type) {
	case *stats.ConnBegin:
		fmt.Println("opened", c.open.Add(1))
	case *stats.ConnEnd:
		fmt.Println("closed", c.open.Add(-1))
	}
}
