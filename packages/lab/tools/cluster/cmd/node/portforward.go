package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/containernetworking/plugins/pkg/ns"
	"k8s.io/apimachinery/pkg/types"
)

// lastWords is how long one direction may go on after the other has ended; containerd's value.
const lastWords = time.Second

// PortForward connects a stream with a port on the pod's loopback interface.
func (p pod) PortForward(ctx context.Context, _ string, _ types.UID, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	conn, err := p.dial(port)
	if err != nil {
		return err
	}
	defer conn.Close()
	ended := make(chan error, 2)
	go func() {
		_, err := io.Copy(conn, stream)
		_ = conn.CloseWrite()
		ended <- err
	}()
	go func() {
		_, err := io.Copy(stream, conn)
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-ended:
	case <-time.After(lastWords):
	}
	return err
}

// dial connects inside the pod's network namespace.
func (p pod) dial(port int32) (conn *net.TCPConn, err error) {
	err = ns.WithNetNSPath(p.NetworkNamespace, func(ns.NetNS) error {
		v4, errV4 := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
		if errV4 == nil {
			conn = v4.(*net.TCPConn)
			return nil
		}
		v6, errV6 := net.Dial("tcp6", net.JoinHostPort("::1", strconv.Itoa(int(port))))
		if errV6 == nil {
			conn = v6.(*net.TCPConn)
			return nil
		}
		return fmt.Errorf("port %d of pod %s/%s does not answer: %w", port, p.Namespace, p.Name, errV4)
	})
	return conn, err
}
