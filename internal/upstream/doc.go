// Package upstream reaches the servers behind the gate.
package upstream
