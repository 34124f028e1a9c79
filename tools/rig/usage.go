package rig

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has taken so far, and holds now.
type Usage struct {
	// CPU is user and system time of all its threads, also of those that ended.
	CPU time.Duration
	// Resident is memory in RAM, Peak the most that ever was, in octets.
	Resident, Peak int64
	// Threads and Files are how many it has.
	Threads, Files int
}

// tick is the unit of times in /proc/PID/stat (proc(5)): USER_HZ is 100 on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

// UsageOf reads the usage of a process.
func UsageOf(pid int) (Usage, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	var u Usage
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Usage{}, err
	}
	if u.CPU, u.Threads, err = parseStat(stat); err != nil {
		return Usage{}, fmt.Errorf("%s/stat: %w", dir, err)
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return Usage{}, err
	}
	u.Resident, u.Peak = kibibytes(status, "VmRSS:"), kibibytes(status, "VmHWM:")
	files, err := os.ReadDir(dir + "/fd")
	if err != nil {
		return Usage{}, err
	}
	u.Files = len(files)
	return u, nil
}

// CPU reads the CPU time of a process.
func CPU(pid int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	cpu, _, err := parseStat(stat)
	return cpu, err
}

// Busy is the time that all cores together have worked so far, for whomever; 0
// where that cannot be told.
func Busy() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	fields := strings.Fields(line)
	var sum int64
	for i, f := range fields {
		// user nice system idle iowait irq softirq steal; guests are in user.
		if i == 0 || i == 4 || i == 5 || i > 8 {
			continue
		}
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0
		}
		sum += n
	}
	return time.Duration(sum) * tick
}

// parseStat takes utime, stime and the threads from /proc/PID/stat (proc(5)). The
// name of the program is in brackets and may hold anything.
func parseStat(stat []byte) (time.Duration, int, error) {
	i := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[i+1:]))
	if i < 0 || len(fields) < 18 {
		return 0, 0, fmt.Errorf("%d fields behind the name", len(fields))
	}
	var n [3]int64
	for j, at := range []int{11, 12, 17} {
		var err error
		if n[j], err = strconv.ParseInt(fields[at], 10, 64); err != nil {
			return 0, 0, err
		}
	}
	return time.Duration(n[0]+n[1]) * tick, int(n[2]), nil
}

// kibibytes is the value of a line of /proc/PID/status, in octets; 0 if there is
// no such line.
func kibibytes(status []byte, name string) int64 {
	for line := range strings.Lines(string(status)) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil {
			return 0
		}
		return n << 10
	}
	return 0
}
