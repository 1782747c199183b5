package main_test

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// fieldCache is a cache of Debian, with the least configuration that makes it one.
type fieldCache struct {
	name  string
	tools []string
	start func(t *testing.T, p place) *process
	// reload makes it read its configuration again, as an operator would; nil where
	// that takes a restart.
	reload func(c *process)
	breaks map[string]string // checks that it really breaks, and how
}

func (c fieldCache) String() string { return c.name }

func fieldCaches() []fieldCache {
	whole := map[string]string{"seg.range": "proxy_cache gives all of what it may not keep to who asks for a range"}
	by := func(s syscall.Signal) func(*process) { return func(c *process) { c.signal(s) } }
	return []fieldCache{
		{name: "nginx", tools: []string{"nginx"}, start: startNginxCache, reload: by(syscall.SIGHUP), breaks: whole},
		{
			name: "nginx-stale", tools: []string{"nginx"}, start: startStaleNginxCache, reload: by(syscall.SIGHUP),
			breaks: whole,
		},
		{name: "varnish", tools: []string{"varnishd"}, start: startVarnish},
		{name: "haproxy", tools: []string{"haproxy"}, start: startHAProxy, reload: by(syscall.SIGUSR2)},
		{name: "squid", tools: []string{"squid"}, start: startSquid, reload: by(syscall.SIGHUP)},
		{name: "trafficserver", tools: []string{"traffic_server"}, start: startTrafficServer},
	}
}

func startNginxCache(t *testing.T, p place) *process {
	t.Helper()
	return startProcess(t, "nginx", syscall.SIGTERM, tool("nginx"),
		"-c", p.configure(t, "nginx.conf"), "-p", p.Dir, "-e", "stderr")
}

// startStaleNginxCache starts one that answers with the copy before while it asks
// for the next.
func startStaleNginxCache(t *testing.T, p place) *process {
	t.Helper()
	p.Stale = true
	return startNginxCache(t, p)
}

// startVarnish starts what `varnishd -b` is: the builtin configuration, with its
// grace of ten seconds.
func startVarnish(t *testing.T, p place) *process {
	t.Helper()
	return startProcess(t, "varnish", syscall.SIGTERM, tool("varnishd"), "-F", "-n", filepath.Join(p.Dir, "varnish"),
		"-j", "none", "-a", p.address(), "-b", p.Origin, "-s", "malloc,64m")
}

func startHAProxy(t *testing.T, p place) *process {
	t.Helper()
	return startProcess(t, "haproxy", syscall.SIGTERM, tool("haproxy"), "-W", "-f", p.configure(t, "haproxy.cfg"))
}

func startSquid(t *testing.T, p place) *process {
	t.Helper()
	return startProcess(t, "squid", syscall.SIGTERM, tool("squid"), "-N", "-f", p.configure(t, "squid.conf"))
}

func startTrafficServer(t *testing.T, p place) *process {
	t.Helper()
	for _, name := range []string{"records.config", "remap.config", "storage.config", "ip_allow.yaml"} {
		p.configure(t, filepath.Join("trafficserver", name))
	}
	root := p.configure(t, filepath.Join("trafficserver", "runroot.yaml"))
	return startProcess(t, "trafficserver", syscall.SIGTERM, tool("traffic_server"), "--run-root="+root)
}

// startFieldOrigin serves a folder with nginx, as one process.
func startFieldOrigin(t *testing.T, p place) *process {
	t.Helper()
	return startProcess(t, "origin", syscall.SIGKILL, tool("nginx"),
		"-c", p.configure(t, "origin.conf"), "-p", p.Dir, "-e", "stderr")
}

// tool finds a program; Debian keeps servers where not every PATH looks.
func tool(name string) string {
	for _, at := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(at); err == nil {
			return path
		}
	}
	return name
}
