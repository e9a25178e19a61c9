package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/prometheus/procfs"
	"k8s.io/apimachinery/pkg/types"
)

// pod is what the lab's pod runner writes into pod.json at each change of a pod.
type pod struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
	// NetworkNamespace is the file that stands for it.
	NetworkNamespace string               `json:"networkNamespace"`
	Containers       map[string]container `json:"containers"`
}

// container is one container of a pod, init containers included.
type container struct {
	// PID of its process; 0 while none runs.
	PID int `json:"pid"`
	// Root is the directory that the process sees as /.
	Root string `json:"root"`
	// LogFile is where the process's output is appended, of all its runs.
	LogFile string `json:"logFile"`

	name, pod string
}

// podStore finds pods in a directory of the pods' directories.
type podStore struct{ dir string }

// find returns a pod by its name, and by its UID if one is given.
func (s podStore) find(namespace, name string, uid types.UID) (pod, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*", "pod.json"))
	if err != nil {
		return pod{}, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the pod has just gone
		}
		var p pod
		if err := json.Unmarshal(text, &p); err != nil {
			return pod{}, fmt.Errorf("%s: %w", file, err)
		}
		if p.Namespace == namespace && p.Name == name && (uid == "" || p.UID == uid) {
			return p, nil
		}
	}
	return pod{}, fmt.Errorf("kwok simulates pod %s/%s, so no process of the lab has logs or listens on a port for it, "+
		"and there is none beside which a command could run", namespace, name)
}

func (p pod) container(name string) (container, error) {
	c, known := p.Containers[name]
	if !known {
		return container{}, fmt.Errorf("container %q not found in pod %q", name, p.Name)
	}
	c.name, c.pod = name, p.Name
	return c, nil
}

// process returns the container's process. Neither a later process with the same PID passes for it nor one that the
// runner has started and that has not reached the container's root yet: a command must never run in the machine's root.
func (c container) process() (procfs.Proc, error) {
	if c.running() {
		if process, err := procfs.NewProc(c.PID); err == nil {
			return process, nil
		}
	}
	return procfs.Proc{}, fmt.Errorf("container %q of pod %q is not running", c.name, c.pod)
}

func (c container) running() bool {
	if c.PID == 0 {
		return false
	}
	actual, err := os.Stat(fmt.Sprintf("/proc/%d/root", c.PID))
	if err != nil {
		return false
	}
	wanted, err := os.Stat(c.Root)
	return err == nil && os.SameFile(actual, wanted)
}
