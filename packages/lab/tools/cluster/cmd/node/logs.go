package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/util/flushwriter"
	"k8s.io/client-go/tools/remotecommand"
)

// followEvery is how often a followed log is looked at.
const followEvery = 200 * time.Millisecond

// logOptions are those of PodLogOptions that the lab can answer.
type logOptions struct {
	follow bool
	// Lines from the end, and bytes at most; negative means all.
	tailLines, limitBytes int64
}

func parseLogOptions(query url.Values) (logOptions, error) {
	options := logOptions{follow: query.Get("follow") == "true", tailLines: -1, limitBytes: -1}
	for name, target := range map[string]*int64{"tailLines": &options.tailLines, "limitBytes": &options.limitBytes} {
		if text := query.Get(name); text != "" {
			value, err := strconv.ParseInt(text, 10, 64)
			if err != nil || value < 0 {
				return options, fmt.Errorf("%s is %q: it must be a number that is not negative", name, text)
			}
			*target = value
		}
	}
	if query.Get("timestamps") == "true" || query.Has("sinceSeconds") || query.Has("sinceTime") {
		return options, errors.New("the lab's logs are what the processes print, without times of their own: " +
			"leave --timestamps, --since and --since-time out")
	}
	if query.Get("previous") == "true" {
		return options, errors.New("the lab's logs hold all runs of a container one after the other: leave --previous out")
	}
	if stream := query.Get("stream"); stream != "" && stream != "All" {
		return options, errors.New("the lab's logs hold standard output and error together: ask for stream All")
	}
	return options, nil
}

func serveLogs(w http.ResponseWriter, r *http.Request, c container) {
	options, err := parseLogOptions(r.URL.Query())
	if err != nil {
		refuse(w, err)
		return
	}
	file, err := os.Open(c.LogFile)
	if err != nil {
		refuse(w, fmt.Errorf("container %q in pod %q is waiting to start - no logs yet", c.name, c.pod))
		return
	}
	defer file.Close()
	if options.tailLines >= 0 {
		if err := seekToTail(file, options.tailLines); err != nil {
			refuse(w, err)
			return
		}
	}
	w.Header().Set("Content-Type", "text/plain")
	running := func() bool { return options.follow && c.running() }
	// The reader has gone if this fails.
	_ = copyLog(r.Context(), flushwriter.Wrap(w), file, options.limitBytes, running)
}

// AttachContainer hands out what the container's process prints from now on.
func (c container) AttachContainer(ctx context.Context, _ string, _ types.UID, _ string,
	in io.Reader, out, errOut io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize,
) error {
	if _, err := c.process(); err != nil {
		return err
	}
	if in != nil {
		return fmt.Errorf("container %q of pod %q has no standard input in the lab: attach without -i", c.name, c.pod)
	}
	file, err := os.Open(c.LogFile)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	if out == nil {
		out = errOut
	}
	return copyLog(ctx, out, file, -1, c.running)
}

// copyLog copies a file from where it stands, and what is appended to it for as long as more may come.
func copyLog(ctx context.Context, w io.Writer, file io.Reader, limit int64, more func() bool) error {
	for {
		// Asked before the rest is read: nothing comes later.
		last := !more()
		var from io.Reader = file
		if limit >= 0 {
			from = io.LimitReader(file, limit)
		}
		copied, err := io.Copy(w, from)
		if limit >= 0 {
			limit -= copied
		}
		if err != nil || last || limit == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followEvery):
		}
	}
}

// seekToTail goes to the start of the last lines of a file; what comes after the last line break counts as a line.
func seekToTail(file io.ReadSeeker, lines int64) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || lines == 0 {
		return err
	}
	block := make([]byte, 64<<10)
	for end := size; end > 0; {
		start := max(0, end-int64(len(block)))
		if _, err := file.Seek(start, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.ReadFull(file, block[:end-start]); err != nil {
			return err
		}
		for at := end - 1; at >= start; at-- {
			if block[at-start] != '\n' || at == size-1 {
				continue
			}
			if lines--; lines == 0 {
				_, err := file.Seek(at+1, io.SeekStart)
				return err
			}
		}
		end = start
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}
