package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// endOfInput is what a terminal's line discipline takes for the end of the input.
const endOfInput = 4

// ExecInContainer runs a command beside the container's process: in its namespaces and root, as its user, with its
// environment.
func (c container) ExecInContainer(ctx context.Context, _ string, _ types.UID, _ string, words []string,
	in io.Reader, out, errOut io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration,
) error {
	process, err := c.process()
	if err != nil {
		return err
	}
	cmd, err := command(ctx, process, words)
	if err != nil {
		return err
	}
	if tty {
		cmd.Env = append(cmd.Env, "TERM=xterm")
		return exitCode(runOnTerminal(cmd, in, out, resize))
	}
	return exitCode(run(cmd, in, out, errOut))
}

// command enters by nsenter, which replaces itself by the command. All it takes is what /proc tells of the process. The
// command ends with its client.
func command(ctx context.Context, process procfs.Proc, words []string) (*exec.Cmd, error) {
	env, err := process.Environ()
	if err != nil {
		return nil, err
	}
	status, err := process.NewStatus()
	if err != nil {
		return nil, err
	}
	if err := executable(process, env, words[0]); err != nil {
		return nil, fmt.Errorf("OCI runtime exec failed: exec failed: unable to start container process: %w: unknown", err)
	}
	args := []string{"--target", strconv.Itoa(process.PID), "--mount", "--net", "--root", "--wd",
		"--setuid", strconv.FormatUint(status.UIDs[1], 10), "--setgid", strconv.FormatUint(status.GIDs[1], 10), "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(args, words...)...)
	cmd.Env = env
	return cmd, nil
}

// executable tells in a container runtime's words why a program cannot be started; nsenter would only end with a code.
func executable(process procfs.Proc, env []string, program string) error {
	root, err := os.Open(fmt.Sprintf("/proc/%d/root", process.PID))
	if err != nil {
		return err
	}
	defer root.Close()
	candidates := []string{program}
	if !strings.Contains(program, "/") {
		candidates = nil
		for _, variable := range env {
			if value, found := strings.CutPrefix(variable, "PATH="); found {
				for _, dir := range strings.Split(value, ":") {
					candidates = append(candidates, path.Join(dir, program))
				}
			}
		}
	}
	for _, candidate := range candidates {
		// Links are resolved as the container sees them.
		fd, err := unix.Openat2(int(root.Fd()), candidate, &unix.OpenHow{
			Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT,
		})
		if err == nil {
			var stat unix.Stat_t
			err = unix.Fstat(fd, &stat)
			_ = unix.Close(fd)
			if err == nil && (stat.Mode&unix.S_IFMT != unix.S_IFREG || stat.Mode&0o111 == 0) {
				err = unix.EACCES
			}
		}
		if err == nil {
			return nil
		}
		if strings.Contains(program, "/") {
			return fmt.Errorf("exec: %q: stat %s: %w", program, program, err)
		}
	}
	return fmt.Errorf("exec: %q: executable file not found in $PATH", program)
}

func run(cmd *exec.Cmd, in io.Reader, out, errOut io.Writer) error {
	cmd.Stdout, cmd.Stderr = out, errOut
	if in != nil {
		// A pipe of our own: os/exec would wait for the end of an input that outlives the command.
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(stdin, in)
			_ = stdin.Close()
		}()
	}
	return cmd.Run()
}

func runOnTerminal(cmd *exec.Cmd, in io.Reader, out io.Writer, resize <-chan remotecommand.TerminalSize) error {
	terminal, err := pty.Start(cmd)
	if err != nil {
		return err
	}
	defer terminal.Close()
	if resize != nil {
		go func() {
			for size := range resize {
				_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
			}
		}()
	}
	if in != nil {
		go func() {
			_, _ = io.Copy(terminal, in)
			// The client has no more to say or has gone.
			_, _ = terminal.Write([]byte{endOfInput})
		}()
	}
	// Ends with an error when the last process has closed the terminal.
	_, _ = io.Copy(out, terminal)
	// Hangs up on a command whose reader has gone.
	_ = terminal.Close()
	return cmd.Wait()
}

// exitCode makes of a command's ending what the kubelet's code reports as its exit code; 128 and a signal's number.
func exitCode(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return utilexec.CodeExitError{Err: err, Code: code}
}
