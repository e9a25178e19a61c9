/** What istio-init's options mean: istio-iptables of Istio 1.25, by their short and long names. */
export const CAPTURE_OPTIONS: Readonly<
    Record<string, { readonly long: string; readonly meaning: string; readonly flag?: true }>
> = {
    "-p": { long: "--envoy-port", meaning: "port of Envoy that takes outbound connections" },
    "-z": { long: "--inbound-capture-port", meaning: "port of Envoy that takes inbound connections" },
    "-e": { long: "--inbound-tunnel-port", meaning: "port of Envoy for inbound tunnels (HBONE)" },
    "-u": { long: "--proxy-uid", meaning: "user whose connections are not captured: the proxy's own" },
    "-g": { long: "--proxy-gid", meaning: "group whose connections are not captured" },
    "-m": {
        long: "--istio-inbound-interception-mode",
        meaning: "how inbound connections are captured: REDIRECT or TPROXY",
    },
    "-i": { long: "--istio-service-cidr", meaning: "addresses to which outbound connections are captured" },
    "-x": { long: "--istio-service-exclude-cidr", meaning: "addresses to which outbound connections are not captured" },
    "-b": { long: "--istio-inbound-ports", meaning: "ports on which inbound connections are captured" },
    "-d": { long: "--istio-local-exclude-ports", meaning: "ports on which inbound connections are not captured" },
    "-q": { long: "--istio-outbound-ports", meaning: "ports to which outbound connections are captured in any case" },
    "-o": {
        long: "--istio-local-outbound-ports-exclude",
        meaning: "ports to which outbound connections are not captured",
    },
    "-c": { long: "--istio-exclude-interfaces", meaning: "network interfaces on which nothing is captured" },
    "-k": {
        long: "--kube-virt-interfaces",
        meaning: "network interfaces of virtual machines, whose inbound traffic counts as outbound",
    },
    "-t": { long: "--istio-inbound-tproxy-mark", meaning: "mark of captured packets in mode TPROXY" },
    "-r": { long: "--istio-inbound-tproxy-route-table", meaning: "routing table of captured packets in mode TPROXY" },
    "-n": { long: "--dry-run", meaning: "only print the rules", flag: true },
    "--redirect-dns": { long: "--redirect-dns", meaning: "name look-ups are captured by the agent", flag: true },
    "--capture-all-dns": { long: "--capture-all-dns", meaning: "look-ups to any name server are captured", flag: true },
    "--drop-invalid": {
        long: "--drop-invalid",
        meaning: "packets that belong to no connection are dropped",
        flag: true,
    },
    "--dual-stack": { long: "--dual-stack", meaning: "IPv4 and IPv6 are captured", flag: true },
    "--run-validation": { long: "--run-validation", meaning: "the rules are tried after they are made", flag: true },
    "--skip-rule-apply": {
        long: "--skip-rule-apply",
        meaning: "no rules are made here: the CNI plugin made them",
        flag: true,
    },
    "--reconcile": { long: "--reconcile", meaning: "rules that differ are replaced", flag: true },
    "--force-apply": { long: "--force-apply", meaning: "rules are made even where they seem to be there", flag: true },
    "--cni-mode": { long: "--cni-mode", meaning: "run by the CNI plugin", flag: true },
    "--iptables-probe-port": { long: "--iptables-probe-port", meaning: "port at which the rules are tried" },
    "--probe-timeout": { long: "--probe-timeout", meaning: "how long that try may take" },
    "--network-namespace": { long: "--network-namespace", meaning: "network namespace in which the rules are made" },
    "--iptables-trace-logging": {
        long: "--iptables-trace-logging",
        meaning: "each rule logs what it meets",
        flag: true,
    },
    "--log_output_level": { long: "--log_output_level", meaning: "what is logged, by scope" },
};

/** What istio-proxy's arguments mean: pilot-agent of Istio 1.25. */
export const PROXY_OPTIONS: Readonly<Record<string, string>> = {
    "--domain": "DNS domain of the pod's namespace: short names of Services are completed with it",
    "--proxyLogLevel": "what Envoy logs",
    "--proxyComponentLogLevel": "what parts of Envoy log",
    "--log_output_level": "what the agent logs, by scope",
    "--log_as_json": "logs are JSON",
    "--meshConfig": "file of the mesh's settings",
    "--serviceCluster": "the workload's name towards the control plane",
    "--templateFile": "template of Envoy's first configuration",
    "--tokenManagerPlugin": "who issues tokens",
    "--outlierLogPath": "log of hosts that are put aside",
    "--concurrency": "Envoy's worker threads",
};

export const PROXY_COMMANDS: Readonly<Record<string, string>> = {
    proxy: "run the agent with Envoy",
    sidecar: "as a workload's sidecar",
    router: "as a gateway",
    waypoint: "as a waypoint",
};

/** What the proxy's environment means, where Istio defines it. */
export const PROXY_ENV: Readonly<Record<string, string>> = {
    PILOT_CERT_PROVIDER: "who signs istiod's certificate",
    CA_ADDR: "where the agent has the workload's certificate signed",
    POD_NAME: "the pod's own name",
    POD_NAMESPACE: "the pod's namespace, also in --domain",
    INSTANCE_IP: "the pod's address",
    SERVICE_ACCOUNT: "the workload's identity (SPIFFE)",
    HOST_IP: "the node's address, for traces",
    ISTIO_CPU_LIMIT: "from which Envoy's threads are derived",
    PROXY_CONFIG: "settings of this proxy (meshConfig.defaultConfig)",
    ISTIO_META_POD_PORTS: "ports that the pod's containers declare",
    ISTIO_META_APP_CONTAINERS: "the pod's own containers",
    GOMEMLIMIT: "the agent's memory, by the container's limit",
    GOMAXPROCS: "the agent's processors, by the container's limit",
    ISTIO_META_CLUSTER_ID: "the cluster's name in the mesh",
    ISTIO_META_NODE_NAME: "the node, for routing close by",
    ISTIO_META_INTERCEPTION_MODE: "how traffic is captured, as istio-init did it",
    ISTIO_META_WORKLOAD_NAME: "the workload's name in telemetry",
    ISTIO_META_OWNER: "the object that owns the workload",
    ISTIO_META_MESH_ID: "the mesh's name",
    ISTIO_META_NETWORK: "the network in a mesh of several",
    TRUST_DOMAIN: "first part of the workload's identity",
    ISTIO_PROMETHEUS_ANNOTATIONS: "where the workload's own metrics are, to be merged with the proxy's",
    ISTIO_META_DNS_CAPTURE: "whether name look-ups are captured",
    ISTIO_META_ENABLE_HBONE: "whether the proxy speaks HBONE",
    ISTIOD_SAN: "the name in istiod's certificate",
};

/** What the proxy mounts, by the path. */
export const PROXY_MOUNTS: Readonly<Record<string, string>> = {
    "/var/run/secrets/workload-spiffe-uds": "socket at which Envoy asks for its certificate",
    "/var/run/secrets/credential-uds": "socket for credentials of another provider",
    "/var/run/secrets/workload-spiffe-credentials": "certificates, where another provider writes them",
    "/var/run/secrets/istio": "root certificate of istiod",
    "/var/lib/istio/data": "data that outlives a restart of the container",
    "/etc/istio/proxy": "Envoy's configuration",
    "/var/run/secrets/tokens": "token that proves the pod's identity to istiod",
    "/etc/istio/pod": "the pod's labels and annotations",
    "/var/run/secrets/kubernetes.io/serviceaccount": "token for the API server",
};

/** Ports of the proxy that istio-init leaves alone. */
export const PROXY_PORTS: Readonly<Record<number, string>> = {
    15001: "outbound",
    15006: "inbound",
    15008: "HBONE tunnels",
    15020: "merged metrics and the agent's health",
    15021: "health checks",
    15053: "name look-ups",
    15090: "Envoy's metrics",
};
