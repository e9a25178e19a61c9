// Command node answers on a kubelet's port for the lab's pods that run as processes: what kubectl logs, exec, attach
// and port-forward ask the API server for. The streams are the kubelet's own code, so that they speak its protocols:
// SPDY and WebSocket.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	remotecommandconsts "k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/kubelet/pkg/cri/streaming/portforward"
	"k8s.io/kubelet/pkg/cri/streaming/remotecommand"
)

// idleTimeout ends a stream on which nothing moves; a kubelet's default.
const idleTimeout = 4 * time.Hour

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	address := flag.String("address", "", "address and port to serve on")
	cert := flag.String("tls-cert-file", "", "certificate of the node")
	key := flag.String("tls-private-key-file", "", "its private key")
	clientCA := flag.String("client-ca-file", "", "authority of the client's certificate")
	clientName := flag.String("client-name", "", "common name of the only client that may ask")
	podsDir := flag.String("pods", "", "directory with a directory for each pod, which holds its pod.json")
	flag.Parse()

	ca, err := os.ReadFile(*clientCA)
	if err != nil {
		log.Fatal(err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(ca) {
		log.Fatalf("%s holds no certificate", *clientCA)
	}
	server := &http.Server{
		Addr:    *address,
		Handler: onlyFor(*clientName, routes(podStore{dir: *podsDir})),
		TLSConfig: &tls.Config{
			ClientAuth: tls.RequireAndVerifyClientCert,
			ClientCAs:  authorities,
			MinVersion: tls.VersionTLS12,
		},
		// No HTTP/2: SPDY and WebSocket take over a connection of HTTP/1.1.
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServeTLS(*cert, *key))
}

// onlyFor lets one client ask, by the common name in its verified certificate.
func onlyFor(name string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.PeerCertificates[0].Subject.CommonName != name {
			http.Error(w, "only the API server may ask the node", http.StatusForbidden)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// routes are the paths of a kubelet's API that the API server uses.
func routes(pods podStore) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", withContainer(pods, serveLogs))
	for _, uid := range []string{"", "/{uid}"} {
		mux.HandleFunc("/exec/{namespace}/{pod}"+uid+"/{container}", withContainer(pods, serveExec))
		mux.HandleFunc("/attach/{namespace}/{pod}"+uid+"/{container}", withContainer(pods, serveAttach))
		mux.HandleFunc("/portForward/{namespace}/{pod}"+uid, withPod(pods, servePortForward))
	}
	return mux
}

func withPod(pods podStore, serve func(http.ResponseWriter, *http.Request, pod)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found, err := pods.find(r.PathValue("namespace"), r.PathValue("pod"), types.UID(r.PathValue("uid")))
		if err != nil {
			refuse(w, err)
			return
		}
		serve(w, r, found)
	}
}

func withContainer(pods podStore, serve func(http.ResponseWriter, *http.Request, container)) http.HandlerFunc {
	return withPod(pods, func(w http.ResponseWriter, r *http.Request, p pod) {
		found, err := p.container(r.PathValue("container"))
		if err != nil {
			refuse(w, err)
			return
		}
		serve(w, r, found)
	})
}

// refuse answers with a text that reaches the user. Before an upgrade it must hold no colon and blank: clients would
// decode it as an object in YAML.
func refuse(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadRequest) }

func serveExec(w http.ResponseWriter, r *http.Request, c container) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		refuse(w, err)
		return
	}
	remotecommand.ServeExec(w, r, c, "", "", "", r.Form["command"], options, idleTimeout,
		remotecommandconsts.DefaultStreamCreationTimeout, remotecommandconsts.SupportedStreamingProtocols)
}

func serveAttach(w http.ResponseWriter, r *http.Request, c container) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		refuse(w, err)
		return
	}
	remotecommand.ServeAttach(w, r, c, "", "", "", options, idleTimeout,
		remotecommandconsts.DefaultStreamCreationTimeout, remotecommandconsts.SupportedStreamingProtocols)
}

func servePortForward(w http.ResponseWriter, r *http.Request, p pod) {
	options, err := portforward.NewV4Options(r)
	if err != nil {
		refuse(w, err)
		return
	}
	portforward.ServePortForward(w, r, p, "", "", options, idleTimeout,
		remotecommandconsts.DefaultStreamCreationTimeout, portforward.SupportedProtocols)
}
