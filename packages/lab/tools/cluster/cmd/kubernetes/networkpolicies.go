package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

const queueID = 100

// Every new connection that leaves the node's network namespace is decided on, at the pod's own port (after kube-proxy's
// DNAT) and from the sender's own address (before its masquerade). What root on the node asks is let in, as by every
// network plugin: a kubelet's probes. Without somebody at the queue all is let in.
//
// The controller would make such rules itself, by an expression of nftables that many kernels are built without.
const rules = `*mangle
-F POSTROUTING
-A POSTROUTING -m owner --uid-owner 0 -j RETURN
-A POSTROUTING -m conntrack --ctstate NEW -j NFQUEUE --queue-num %d --queue-bypass
COMMIT
`

const noRules = `*mangle
-F POSTROUTING
COMMIT
`

// No node's name: the controller makes rules of its own for the pods of its node.
const noNode = "-"

// networkPolicies enforces the NetworkPolicies of the cluster that KUBECONFIG names for as long as it runs, in the
// network namespace in which it is started.
func networkPolicies() *cobra.Command {
	return &cobra.Command{
		Use:   "kube-network-policies",
		Short: "Enforces NetworkPolicies in this network namespace, until it is interrupted",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return enforce(ctx)
		},
		SilenceUsage: true,
	}
}

func enforce(ctx context.Context) error {
	loading := clientcmd.NewDefaultClientConfigLoadingRules()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(loading, nil).ClientConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	controller, err := networkpolicy.NewController(
		client,
		factory.Networking().V1().NetworkPolicies(),
		factory.Core().V1().Namespaces(),
		factory.Core().V1().Pods(),
		nil, nil, nil, nil,
		networkpolicy.Config{FailOpen: true, QueueID: queueID, NodeName: noNode},
	)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	if err := restore(fmt.Sprintf(rules, queueID)); err != nil {
		return err
	}
	defer func() { _ = restore(noRules) }()
	fmt.Println("NetworkPolicies are enforced")
	return controller.Run(ctx)
}

func restore(text string) error {
	command := exec.Command("iptables-restore", "--wait", "--noflush")
	command.Stdin = strings.NewReader(text)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("iptables-restore: %w: %s", err, output)
	}
	return nil
}
