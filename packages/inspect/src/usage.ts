export const USAGE = `Usage: npm run inspect -- <command> [options]

Proves the mesh of the current kubeconfig's cluster. It reads and changes nothing; traffic alone sends requests.

  injection           each pod's containers, its proxy's version against the control plane's, and why one has no sidecar
  proxy [pod]         istio-init's and istio-proxy's arguments, environment, probes and mounts, explained;
                      the pod by its name, its workload's, the label app or how its name begins, also namespace/name
  nat [service]       from KUBE-SERVICES to pods: chains, shares, marks, node ports;
                      one Service (name, namespace/name, with or without :port) is followed chain by chain
  endpoints           each endpoint of a stack's outputs (--outputs): its Service, port, readiness, and whether it answers
  traffic             sends requests to the product page: success, latency, which reviews version answered how often,
                      mutual TLS on each hop, what a node's NAT rules counted. Ctrl-C ends it early and shows what it has
  doctor              all of it but traffic, and what an install needs of the cluster

Which cluster and namespaces
  --kubeconfig <path>     default: $KUBECONFIG, else ~/.kube/config
  --context <name>        default: the current context
  -n, --namespace <name>  look at this namespace; may be repeated. Default: those of the mesh
  -A, --all-namespaces    look at all of them

Where a node's rules come from (nat, traffic, doctor); default: this machine, where it is a node
  --rules <file>          what iptables-save printed (IPv6: ip6tables-save); may be repeated, - is standard input
  --ssh <[user@]host>     a node, by the ssh client; its host key must be known, keys come from the agent or --identity
  --ssh-port <port>       its port
  --identity <file>       the private key to use, and no other
  --known-hosts <file>    the known host keys; default: those of the ssh client
  --sudo                  read the rules by sudo, which must not ask for a password
  --node <name>           the node that the rules are of, where it cannot be told

What is sent (traffic)
  --url <url>             what is asked; default: the product page as --outputs names it, else the Gateway's node port
  --requests <number>     how many, 1 to 100000; default: 300
  --concurrency <number>  at the same time, 1 to 64; default: 4
  --timeout <seconds>     how long one may take, 1 to 300; default: 10
  --keep-alive            use connections more than once; default: a new one for each request, so that NAT rules count each

What else
  --outputs <file>        the stack's outputs, as: pulumi stack output --json; - is standard input
  --no-ask                ask no endpoint and no registry over the network
  --node-port <port>      a node port that an install is to use (doctor); may be repeated
  --json                  everything as JSON on standard output
  --findings              {"ok", "findings"} as JSON on standard output, and each problem's sentence on standard error;
                          what cannot be looked at is a problem like others
  --html <file>           write a page with the whole picture; needs no network
  -v, --verbose           doctor: all that each check saw, however much it is
  -h, --help              this text

Exit code: 0 where nothing is wrong, 1 where something is or cannot be looked at, 2 where the command line makes no sense.
`;
