package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type contextType = context.Context

// call makes the calls that are named, one after the other on one connection, and says how each ended.
func call(args []string) error {
	flags := flag.NewFlagSet("call", flag.ExitOnError)
	address := flags.String("address", "", "where Weir listens")
	authority := flags.String("authority", "", "the host of the Ingress")
	secure := flags.Bool("tls", false, "TLS; the certificate is not looked at")
	flags.Parse(args)

	transport := insecure.NewCredentials()
	if *secure {
		transport = credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, ServerName: *authority})
	}
	connection, err := grpc.NewClient("passthrough:///"+*address, grpc.WithTransportCredentials(transport),
		grpc.WithAuthority(*authority), grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{}),
			grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		return err
	}
	defer connection.Close()
	known := map[string]func(contextType, *grpc.ClientConn) (string, error){
		"unary": unary, "large": large, "serverstream": serverStream, "clientstream": clientStream, "bidi": bidi,
		"fail": fail, "faillate": failLateCall, "deadline": deadline, "cancel": cancel, "slow": slow, "deaf": deafCall,
		"missing": missing,
	}
	for _, name := range flags.Args() {
		what := known[name]
		if what == nil {
			return fmt.Errorf("no such call: %s", name)
		}
		ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
		result, err := what(metadata.AppendToOutgoingContext(ctx, "x-ask", name), connection)
		stop()
		if err != nil {
			result = fmt.Sprintf("error %s: %s", status.Code(err), status.Convert(err).Message())
		}
		fmt.Println(name+":", result)
	}
	return nil
}

var anyStream = &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}

func open(ctx contextType, c *grpc.ClientConn, method string) (grpc.ClientStream, error) {
	return c.NewStream(ctx, anyStream, "/test.Peer/"+method)
}

func invoke(ctx contextType, c *grpc.ClientConn, method string, message []byte) ([]byte, metadata.MD, metadata.MD, error) {
	var answer []byte
	var header, trailer metadata.MD
	err := c.Invoke(ctx, "/test.Peer/"+method, &message, &answer, grpc.Header(&header), grpc.Trailer(&trailer))
	return answer, header, trailer, err
}

func unary(ctx contextType, c *grpc.ClientConn) (string, error) {
	answer, header, trailer, err := invoke(ctx, c, "Echo", []byte("hello"))
	return fmt.Sprintf("%s, header %q, trailer %q", answer, header.Get("x-header"), trailer.Get("x-trailer")), err
}

// 4 MiB there and back.
func large(ctx contextType, c *grpc.ClientConn) (string, error) {
	message := pattern(4<<20, 1)
	answer, _, _, err := invoke(ctx, c, "Echo", message)
	return fmt.Sprintf("same %t", bytes.Equal(answer, message)), err
}

func wish(many, size uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, many), size)
}

// receive counts good messages until the stream ends.
func receive(stream grpc.ClientStream, size int, pause time.Duration) (int, error) {
	for i := 0; ; i++ {
		var message []byte
		if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
			return i, nil
		} else if err != nil {
			return i, err
		}
		if !bytes.Equal(message, pattern(size, byte(i))) {
			return i, status.Errorf(codes.DataLoss, "message %d differs", i)
		}
		time.Sleep(pause)
	}
}

func countCall(ctx contextType, c *grpc.ClientConn, many, size uint32, pause time.Duration) (string, error) {
	stream, err := open(ctx, c, "Count")
	if err != nil {
		return "", err
	}
	message := wish(many, size)
	if err := stream.SendMsg(&message); err != nil {
		return "", err
	}
	stream.CloseSend()
	got, err := receive(stream, int(size), pause)
	return fmt.Sprintf("%d messages", got), err
}

func serverStream(ctx contextType, c *grpc.ClientConn) (string, error) {
	return countCall(ctx, c, 200, 1000, 0)
}

// A client that takes its time with 8 MiB.
func slow(ctx contextType, c *grpc.ClientConn) (string, error) {
	return countCall(ctx, c, 32, 256<<10, 10*time.Millisecond)
}

func sendAll(ctx contextType, c *grpc.ClientConn, method string, many, size int) (string, error) {
	stream, err := open(ctx, c, method)
	if err != nil {
		return "", err
	}
	for i := 0; i < many; i++ {
		message := pattern(size, byte(i))
		if err := stream.SendMsg(&message); err != nil {
			break // RecvMsg says why
		}
	}
	stream.CloseSend()
	var answer []byte
	if err := stream.RecvMsg(&answer); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes", binary.BigEndian.Uint64(answer)), nil
}

func clientStream(ctx contextType, c *grpc.ClientConn) (string, error) {
	return sendAll(ctx, c, "Sum", 100, 100_000)
}

func deafCall(ctx contextType, c *grpc.ClientConn) (string, error) {
	return sendAll(ctx, c, "Deaf", 64, 128<<10)
}

// Each message is answered before the next is sent: nothing may wait for the end of the request.
func bidi(ctx contextType, c *grpc.ClientConn) (string, error) {
	stream, err := open(ctx, c, "Bidi")
	if err != nil {
		return "", err
	}
	for i := 0; i < 100; i++ {
		message, answer := pattern(100+i*50, byte(i)), []byte(nil)
		if err := stream.SendMsg(&message); err != nil {
			return "", err
		}
		if err := stream.RecvMsg(&answer); err != nil {
			return "", err
		}
		if !bytes.Equal(message, answer) {
			return "", status.Errorf(codes.DataLoss, "message %d differs", i)
		}
	}
	stream.CloseSend()
	var rest []byte
	if err := stream.RecvMsg(&rest); !errors.Is(err, io.EOF) {
		return "", err
	}
	return fmt.Sprintf("100 messages, trailer %q", stream.Trailer().Get("x-trailer")), nil
}

func fail(ctx contextType, c *grpc.ClientConn) (string, error) {
	_, _, _, err := invoke(ctx, c, "Fail", []byte("x"))
	return "no error", err
}

func missing(ctx contextType, c *grpc.ClientConn) (string, error) {
	_, _, _, err := invoke(ctx, c, "Missing", []byte("x"))
	return "no error", err
}

func failLateCall(ctx contextType, c *grpc.ClientConn) (string, error) {
	stream, err := open(ctx, c, "FailLate")
	if err != nil {
		return "", err
	}
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return "", err
	}
	err = stream.RecvMsg(&message)
	return string(message), err
}

// hold has begun when it returns.
func hold(ctx contextType, c *grpc.ClientConn) (grpc.ClientStream, error) {
	stream, err := open(ctx, c, "Hang")
	if err != nil {
		return nil, err
	}
	var message []byte
	return stream, stream.RecvMsg(&message)
}

func deadline(ctx contextType, c *grpc.ClientConn) (string, error) {
	short, stop := context.WithTimeout(ctx, 500*time.Millisecond)
	defer stop()
	stream, err := hold(short, c)
	if err != nil {
		return "", err
	}
	var message []byte
	return "no error", stream.RecvMsg(&message)
}

func cancel(ctx contextType, c *grpc.ClientConn) (string, error) {
	own, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := hold(own, c)
	if err != nil {
		return "", err
	}
	stop()
	var message []byte
	return "no error", stream.RecvMsg(&message)
}
